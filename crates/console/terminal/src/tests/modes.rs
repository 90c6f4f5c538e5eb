//! Modes, the alternate screen, resets, and the terminal's answers.

use super::{FILLED, check, replies, screen, terminal};
use std::format;

#[test]
fn the_second_screen_leaves_the_first_alone() {
    check(
        FILLED,
        &[
            ("?47", "^[[2;3H^[[?47hX", "|  X", (1, 3)),
            ("?47 and back", "^[[?47hX^[[?47l", "abcdef|ghijkl|mnopqr|stuvwx", (0, 1)),
            ("?47 keeps it", "^[[?47hX^[[?47l^[[?47h", "X", (0, 1)),
            ("?1047", "^[[2;3H^[[?1047hX", "|  X", (1, 3)),
            ("?1047 and back", "^[[?1047hX^[[?1047l", "abcdef|ghijkl|mnopqr|stuvwx", (0, 1)),
            ("?1047 empties it", "^[[?1047hX^[[?1047l^[[?47h", "", (0, 1)),
            ("?1047 from the first", "^[[?1047l", "abcdef|ghijkl|mnopqr|stuvwx", (0, 0)),
            ("?1049", "^[[2;3H^[[?1049hX", "|  X", (1, 3)),
            (
                "?1049, back",
                "^[[2;3H^[[?1049h^[[4HX^[[?1049l",
                "abcdef|ghijkl|mnopqr|stuvwx",
                (1, 2),
            ),
            ("?1049 empties it", "^[[?47hX^[[?47l^[[?1049h", "", (0, 1)),
            (
                "?1049 twice",
                "^[[2;3H^[[?1049h^[[4H^[[?1049h^[[?1049l",
                "abcdef|ghijkl|mnopqr|stuvwx",
                (1, 2),
            ),
            (
                "each has its DECSC",
                "^[[2;3H^[7^[[?47h^[[4;4H^[7^[[?47l^[8",
                "abcdef|ghijkl|mnopqr|stuvwx",
                (1, 2),
            ),
            ("the second's DECSC", "^[[?47h^[[4;4H^[7^[[?47l^[[?47h^[[H^[8", "", (3, 3)),
            ("RIS leaves it", "^[[?47hX^[c", "", (0, 0)),
            ("RIS empties it", "^[[?47hX^[c^[[?47h", "", (0, 0)),
        ],
    );
}

#[test]
fn resets_put_modes_back() {
    for reset in ["^[[!p", "^[c"] {
        let with = |before: &str, after: &str| terminal(&format!("{before}{reset}{after}"));
        assert_eq!(screen(&with("^[[4h", "^[[Hab^[[HX")), "Xb", "IRM: {reset}");
        assert_eq!(screen(&with("^[[?7l", "^[[H1234567")), "123456|7", "DECAWM: {reset}");
        assert_eq!(with("^[[?25l", "^[[H").cursor(), Some((0, 0)), "DECTCEM: {reset}");
        assert_eq!(with("^[[2;3r^[[?6h", "^[[H").cursor(), Some((0, 0)), "DECOM: {reset}");
        assert_eq!(screen(&with("^[[2;3r", "^[[3Hx^J")), "||x", "DECSTBM: {reset}");
        assert_eq!(screen(&with("^[(0", "^[[Hx")), "x", "G0: {reset}");
        assert_eq!(screen(&with("^[)0^N", "^[[Hx")), "x", "SO: {reset}");
        assert_eq!(with("^[[3;3H^[7", "^[8").cursor(), Some((0, 0)), "DECSC: {reset}");
        let plain = with("^[[1;7;31;42m", "^[[Hx");
        assert_eq!(plain.row(0)[0].style, crate::Style::default(), "SGR: {reset}");
    }
    check(
        FILLED,
        &[
            ("DECSTR", "^[[2;3H^[[!p", "abcdef|ghijkl|mnopqr|stuvwx", (1, 2)),
            ("RIS", "^[[2;3H^[c", "", (0, 0)),
        ],
    );
    assert!(terminal("^[[?5h^[[!p").is_reversed());
    assert!(!terminal("^[[?5h^[c").is_reversed());
}

#[test]
fn the_cursor_can_be_hidden_and_colours_exchanged() {
    assert_eq!(terminal("^[[?25l").cursor(), None);
    assert_eq!(terminal("^[[?25l^[[2;2H^[[?25h").cursor(), Some((1, 1)));
    assert!(!terminal("").is_reversed());
    assert!(terminal("^[[?5h").is_reversed());
    assert!(!terminal("^[[?5h^[[?5l").is_reversed());
    let both = terminal("^[[?25;5h^[[?5;25l");
    assert_eq!((both.cursor(), both.is_reversed()), (None, false));
}

#[test]
fn questions_are_answered() {
    for (what, input, expected) in [
        ("DSR 5", "^[[5n", "\x1b[0n"),
        ("DSR 6", "^[[3;4H^[[6n", "\x1b[3;4R"),
        ("DSR 6 at a pending wrap", "123456^[[6n", "\x1b[1;6R"),
        ("DSR 6 with DECOM", "^[[2;4r^[[?6h^[[2;3H^[[6n", "\x1b[2;3R"),
        ("DSR of another kind", "^[[n^[[7n^[[?6n", ""),
        ("DA", "^[[c", "\x1b[?1;2c"),
        ("DA 0", "^[[0c", "\x1b[?1;2c"),
        ("DA 1", "^[[1c^[[>c^[[=c", ""),
        ("DECID", "^[Z", "\x1b[?1;2c"),
        ("two", "^[[5n^[[6n", "\x1b[0n\x1b[1;1R"),
    ] {
        assert_eq!(replies(&mut terminal(input)), expected, "{what}");
    }
}

#[test]
fn answers_without_room_are_dropped_as_a_whole() {
    let mut terminal = terminal("");
    (0..100).for_each(|_| terminal.write(b"\x1b[c\x1b[5n"));
    let kept = replies(&mut terminal);
    assert!((100..=128).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept.replace("\x1b[?1;2c", "").replace("\x1b[0n", ""), "");
    terminal.write(b"\x1b[5n");
    assert_eq!(replies(&mut terminal), "\x1b[0n");
}

#[test]
fn the_bell_rings_once() {
    let mut terminal = terminal("a^G^Gb");
    assert!(terminal.take_bell());
    assert!(!terminal.take_bell());
    terminal.write(b"\x1b]0;title\x07");
    assert!(!terminal.take_bell());
}
