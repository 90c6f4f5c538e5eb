//! Characters: UTF-8, character sets, tab stops, repetition.

use super::{bytes, check, row, screen, terminal};
use crate::Terminal;

#[test]
fn characters_go_to_cells() {
    check(
        "",
        &[
            ("ASCII", "ab c", "ab c", (0, 4)),
            ("UTF-8", "aé€𝄞b", "aé€𝄞b", (0, 5)),
            ("wide ones take a cell", "世x", "世x", (0, 2)),
            ("combining ones none", "e\u{301}x\u{200B}y", "exy", (0, 3)),
            ("what is before those does", "\u{2FF}\u{370}", "\u{2FF}\u{370}", (0, 2)),
            ("DEL does nothing", "a\u{7F}b", "ab", (0, 2)),
            ("NUL does nothing", "a^@b", "ab", (0, 2)),
            ("C1 isn't known", "a\u{84}\u{9B}b", "a\u{FFFD}\u{FFFD}b", (0, 4)),
            ("OSC is left out", "a^[]0;title^Gb", "ab", (0, 2)),
            ("OSC up to ST", "a^[]0;title^[\\b", "ab", (0, 2)),
            ("DCS is left out", "a^[P1$qm^[\\b", "ab", (0, 2)),
            ("APC is left out", "a^[_text^[\\b", "ab", (0, 2)),
            ("unknown ones are left out", "a^[[5i^[[>1u^[=^[>^[%Gb", "ab", (0, 2)),
            ("bracketed paste and mouse", "a^[[?2004h^[[?1000;1006hb", "ab", (0, 2)),
            ("too many intermediates", "a^[[!!!pb^[###8", "ab", (0, 2)),
            ("DA of another kind", "a^[[>cb", "ab", (0, 2)),
            ("G0 with lines", "^[(0lqk^[(Bq", "┌─┐q", (0, 4)),
            ("lines and other text", "^[(0AZ`a~", "AZ◆▒·", (0, 5)),
            ("lines, the first is a blank", "^[(0_{}", " π£", (0, 3)),
            ("G1 by SO, SI", "^[)0x^Nx^Ox", "x│x", (0, 3)),
            ("G1 and G0", "^[(0^[)Bx^Nx^Ox", "│x│", (0, 3)),
            ("national sets are ASCII", "^[(0^[(Ax", "x", (0, 1)),
            ("DECSC keeps the sets", "^[(0^[7^[(B^[8x", "│", (0, 1)),
            ("DECSC keeps the shift", "^[)0^N^[7^O^[8x", "│", (0, 1)),
            ("REP", "ab^[[2b", "abbb", (0, 4)),
            ("REP without a number", "a^[[b", "aa", (0, 2)),
            ("REP of a line", "^[(0q^[(B^[[b", "──", (0, 2)),
            ("REP of nothing", "^[[5b", "", (0, 0)),
            ("REP of a row at most", "a^[[65535b", "aaaaaa|a", (1, 1)),
            ("REP after RIS", "a^[c^[[b", "", (0, 0)),
            ("REP after DECSTR", "a^[[!p^[[b", "a", (0, 1)),
        ],
    );
}

#[test]
fn dec_special_characters_are_all_there() {
    let mut terminal = Terminal::try_new(1, 40, 0).unwrap();
    terminal.write(b"\x1b(0^_`abcdefghijklmnopqrstuvwxyz{|}~ ");
    let expected = "^ ◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";
    assert_eq!(row(&terminal, 0).trim_end(), expected);
}

#[test]
fn bytes_that_are_no_utf8_are_replaced() {
    for (input, expected) in [
        (&b"a\xFFb"[..], "a\u{FFFD}b"),
        (b"\xC3(", "\u{FFFD}("),
        (b"\xE2\x82x", "\u{FFFD}x"),
        (b"\xC3\x1b[Cx", "\u{FFFD} x"),
        (b"\x84\x9B\xA0", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        (b"\xC0\x80", "\u{FFFD}\u{FFFD}"),
        (b"\xED\xA0\x80", "\u{FFFD}\u{FFFD}\u{FFFD}"),
    ] {
        for split in 0..=input.len() {
            let mut terminal = terminal("");
            terminal.write(&input[..split]);
            terminal.write(&input[split..]);
            assert_eq!(screen(&terminal), expected, "{input:x?} at {split}");
        }
    }
}

#[test]
fn input_may_be_split_anywhere() {
    let input = bytes("éxé^[[1;3Hé€x𝄞^[(0q^[(B^[]2;t^Gé^[[31mz\u{9B}é");
    let mut whole = terminal("");
    whole.write(&input);
    for first in 0..=input.len() {
        for second in first..=input.len() {
            let mut split = terminal("");
            split.write(&input[..first]);
            split.write(&input[first..second]);
            split.write(&input[second..]);
            assert_eq!(screen(&split), screen(&whole), "at {first} and {second}");
            assert_eq!(split.cursor(), whole.cursor(), "at {first} and {second}");
        }
    }
}

#[test]
fn tabs_stop() {
    let cases = [
        ("HT", "\t", 8),
        ("HT from within", "abc\t", 8),
        ("HT from a stop", "\x1b[9G\t", 16),
        ("HT to the last column", "\x1b[18G\t", 19),
        ("HT in the last column", "\x1b[20G\t", 19),
        ("HTS", "\x1b[4G\x1bH\r\t", 3),
        ("HTS, then the next", "\x1b[4G\x1bH\r\t\t", 8),
        ("TBC", "\x1b[9G\x1b[g\r\t", 16),
        ("TBC 0 of another column", "\x1b[8G\x1b[0g\r\t", 8),
        ("TBC 3", "\x1b[3g\t", 19),
        ("TBC 3, HTS", "\x1b[3g\x1b[6G\x1bH\r\t", 5),
        ("TBC 2 does nothing", "\x1b[2g\t", 8),
        ("RIS brings them back", "\x1b[3g\x1bc\t", 8),
        ("DECSTR doesn't", "\x1b[3g\x1b[!p\t", 19),
        ("CHT", "\x1b[2I", 16),
        ("CHT too many", "\x1b[65535I", 19),
        ("CBT", "\x1b[20G\x1b[Z", 16),
        ("CBT from a stop", "\x1b[17G\x1b[Z", 8),
        ("CBT by a number", "\x1b[20G\x1b[2Z", 8),
        ("CBT too many", "\x1b[20G\x1b[65535Z", 0),
    ];
    for (what, input, column) in cases {
        let mut terminal = Terminal::try_new(2, 20, 0).unwrap();
        terminal.write(input.as_bytes());
        assert_eq!(terminal.cursor(), Some((0, column)), "{what}");
    }
}
