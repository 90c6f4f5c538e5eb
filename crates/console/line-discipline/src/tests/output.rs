//! Processing of output.

use super::{sent, terminal};
use crate::{InputFlags, OutputFlags};

#[test]
fn output_flags() {
    let none = OutputFlags::empty();
    let cases: &[(OutputFlags, &[u8], &[u8])] = &[
        (none, b"a\nb\r\tc", b"a\nb\r\tc"),
        (OutputFlags::ONLCR, b"a\nb\r\n", b"a\r\nb\r\r\n"),
        (OutputFlags::OCRNL, b"a\rb", b"a\nb"),
        (OutputFlags::ONOCR, b"\ra\r\rb", b"a\rb"),
        // Without ONLRET, a newline doesn't change the column.
        (OutputFlags::ONOCR, b"a\n\rb", b"a\n\rb"),
        (OutputFlags::ONOCR | OutputFlags::ONLRET, b"a\n\rb", b"a\nb"),
        (OutputFlags::XTABS, b"\ta\tb", b"        a       b"),
        (OutputFlags::XTABS, b"ab\r\tc", b"ab\r        c"),
        (OutputFlags::XTABS, b"ab\x08\tc", b"ab\x08       c"),
        (OutputFlags::XTABS, b"\x1b\x07\tc", b"\x1b\x07        c"),
        (OutputFlags::XTABS, b"\xc3\xa9\tc", b"\xc3\xa9      c"),
        (OutputFlags::OLCUC, b"aZ{\xe4\xf7", b"AZ{\xc4\xf7"),
        // Delays are ignored.
        (OutputFlags::from_bits_retain(0x800), b"\t", b"\t"),
    ];
    for (flags, output, expected) in cases {
        let mut terminal = terminal(|termios| termios.output = OutputFlags::OPOST | *flags);
        assert_eq!(terminal.write(output), output.len());
        assert_eq!(sent(&mut terminal), *expected, "{flags:?} {}", output.escape_ascii());
        // Without OPOST the flags have no effect.
        let mut terminal = super::terminal(|termios| termios.output = *flags);
        assert_eq!(terminal.write(output), output.len());
        assert_eq!(sent(&mut terminal), *output, "{flags:?}");
    }
}

#[test]
fn character_of_several_bytes_has_one_column_in_utf8() {
    let mut terminal = terminal(|termios| {
        termios.input |= InputFlags::IUTF8;
        termios.output |= OutputFlags::XTABS;
    });
    terminal.write("é€😀\t".as_bytes());
    assert_eq!(sent(&mut terminal), "é€😀     ".as_bytes());
}
