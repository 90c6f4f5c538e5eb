//! Each flag of input and of echo, on and off.

use std::string::ToString;

use super::{lines, read, signals, terminal, typed};
use crate::{ControlCharacter, InputFlags, LocalFlags, TerminalSignals};

/// A flag, the typed bytes, and the result with the flag off and on.
type Case<Flag> = (Flag, &'static [u8], &'static [u8], &'static [u8]);

/// Each row has a flag of input, the typed bytes, and the line with the flag off and on.
/// The other flags have their initial values.
#[test]
fn input_flags() {
    let cases: &[Case<InputFlags>] = &[
        (InputFlags::ISTRIP, b"\xe1\xfb\n", b"\xe1\xfb\n", b"a{\n"),
        (InputFlags::INLCR, b"a\n\r", b"a\n", b"a\r\n"),
        (InputFlags::IGNCR, b"a\rb\n", b"a\n", b"ab\n"),
        (InputFlags::ICRNL, b"a\rb\n", b"a\rb\n", b"a\n"),
        (InputFlags::IUCLC, b"AbZ[\xc4\xd7\n", b"AbZ[\xc4\xd7\n", b"abz[\xe4\xd7\n"),
        (InputFlags::IXON, b"a\x13\x11b\n", b"a\x13\x11b\n", b"ab\n"),
        (InputFlags::PARMRK, b"\xffa\n", b"\xffa\n", b"\xff\xffa\n"),
    ];
    for (flag, input, off, on) in cases {
        for (is_on, expected) in [(false, off), (true, on)] {
            let mut terminal = terminal(|termios| termios.input.set(*flag, is_on));
            typed(&mut terminal, input);
            let line = lines(&mut terminal)[0].escape_ascii().to_string();
            assert_eq!(line, expected.escape_ascii().to_string(), "{flag:?} {is_on}");
        }
    }
}

/// Each row has a local flag, the typed bytes, and the echo with the flag off and on.
#[test]
fn local_flags() {
    let cases: &[Case<LocalFlags>] = &[
        (LocalFlags::ECHO, b"ab\x7f\x15\r", b"", b"ab\x08 \x08\x08 \x08\r\n"),
        (LocalFlags::ECHOE, b"ab\x7f", b"ab^?", b"ab\x08 \x08"),
        (LocalFlags::ECHOE, b"ab\x15", b"ab^U\r\n", b"ab\x08 \x08\x08 \x08"),
        (LocalFlags::ECHOE, b"a b\x17", b"a b\x08 \x08", b"a b\x08 \x08"),
        (LocalFlags::ECHOK, b"ab\x15", b"ab^U", b"ab\x08 \x08\x08 \x08"),
        (LocalFlags::ECHOKE, b"ab\x15", b"ab^U\r\n", b"ab\x08 \x08\x08 \x08"),
        (LocalFlags::ECHOCTL, b"\x01\x7f", b"\x01", b"^A\x08 \x08\x08 \x08"),
        (LocalFlags::ECHOCTL, b"\x16\x01", b"\x01", b"^\x08^A"),
        (
            LocalFlags::ECHOPRT,
            b"abc\x7f\x7fd\x7f\r",
            b"abc\x08 \x08\x08 \x08d\x08 \x08\r\n",
            b"abc\\cb/d\\d\r\n",
        ),
        (LocalFlags::ECHOPRT, b"ab\x7f\x7fc", b"ab\x08 \x08\x08 \x08c", b"ab\\ba/c"),
        (LocalFlags::ISIG, b"a\x1a\x1c", b"a^Z^\\", b"^\\"),
        (LocalFlags::NOFLSH, b"a\x1a", b"^Z", b"a^Z"),
        (LocalFlags::IEXTEN, b"a\x17\x12\x16", b"a^W^R^V", b"a\x08 \x08^R\r\n^\x08"),
    ];
    for (flag, input, off, on) in cases {
        for (is_on, expected) in [(false, off), (true, on)] {
            let mut terminal = terminal(|termios| termios.local.set(*flag, is_on));
            let echo = typed(&mut terminal, input).escape_ascii().to_string();
            assert_eq!(echo, expected.escape_ascii().to_string(), "{flag:?} {is_on}");
        }
    }
}

#[test]
fn newline_is_echoed_without_echo() {
    for (is_on, expected) in [(false, &b""[..]), (true, b"\r\n")] {
        let mut terminal = terminal(|termios| {
            termios.local.remove(LocalFlags::ECHO);
            termios.local.set(LocalFlags::ECHONL, is_on);
        });
        assert_eq!(typed(&mut terminal, b"secret\r"), expected);
        assert_eq!(lines(&mut terminal), [b"secret\n"]);
    }
}

#[test]
fn control_characters_send_signals_and_flush() {
    for (byte, signal) in [
        (3, TerminalSignals::INTERRUPT),
        (0x1c, TerminalSignals::QUIT),
        (0x1a, TerminalSignals::SUSPEND),
    ] {
        for no_flush in [false, true] {
            let mut terminal = terminal(|termios| termios.local.set(LocalFlags::NOFLSH, no_flush));
            typed(&mut terminal, b"line\rpart");
            terminal.write(b"unsent");
            assert_eq!(signals(&mut terminal, &[byte]), signal);
            let kept = if no_flush { 1 } else { 0 };
            assert_eq!(lines(&mut terminal).len(), kept);
            assert_eq!(terminal.output_len(), 2 + 6 * kept);
            typed(&mut terminal, b"\r");
            assert_eq!(lines(&mut terminal)[0].len(), 1 + 4 * kept);
        }
    }
    let mut terminal = terminal(|_| {});
    assert_eq!(signals(&mut terminal, b"\x03\x1a\x1c"), TerminalSignals::all());
    let mut terminal = super::terminal(|termios| termios.local.remove(LocalFlags::ISIG));
    assert_eq!(signals(&mut terminal, b"\x03\x1a\x1c"), TerminalSignals::empty());
}

#[test]
fn signal_ends_neither_literal_next_nor_lines() {
    let mut terminal = terminal(|_| {});
    assert!(signals(&mut terminal, b"\x16\x03").is_empty());
    assert_eq!(signals(&mut terminal, b"\x03"), TerminalSignals::INTERRUPT);
}

#[test]
fn breaks() {
    let cases: [(InputFlags, &[u8], bool); 4] = [
        (InputFlags::empty(), b"\0", false),
        (InputFlags::PARMRK, b"\xff\0\0", false),
        (InputFlags::BRKINT, b"", true),
        (InputFlags::IGNBRK.union(InputFlags::BRKINT), b"", false),
    ];
    for (flags, input, interrupts) in cases {
        let mut terminal = terminal(|termios| {
            termios.input |= flags;
            termios.local.remove(LocalFlags::ICANON);
        });
        let signals = terminal.receive_break();
        assert_eq!(signals.contains(TerminalSignals::INTERRUPT), interrupts, "{flags:?}");
        assert_eq!(read(&mut terminal, 9).unwrap_or_default(), input, "{flags:?}");
    }
    // A break flushes like INTR.
    let mut terminal = terminal(|termios| termios.input |= InputFlags::BRKINT);
    typed(&mut terminal, b"line\r");
    terminal.receive_break();
    assert!(!terminal.is_readable());
}

#[test]
fn bad_bytes() {
    let cases: [(InputFlags, &[u8]); 6] = [
        (InputFlags::empty(), b"x"),
        (InputFlags::IGNPAR, b"x"),
        (InputFlags::INPCK, b"\0"),
        (InputFlags::INPCK.union(InputFlags::IGNPAR), b""),
        (InputFlags::INPCK.union(InputFlags::PARMRK), b"\xff\0x"),
        (InputFlags::INPCK.union(InputFlags::PARMRK).union(InputFlags::IGNPAR), b""),
    ];
    for (flags, input) in cases {
        let mut terminal = terminal(|termios| {
            termios.input |= flags;
            termios.local.remove(LocalFlags::ICANON);
        });
        terminal.receive_bad_byte(b'x');
        assert_eq!(read(&mut terminal, 9).unwrap_or_default(), input, "{flags:?}");
    }
}

#[test]
fn edited_at_the_other_end_nothing_is_processed() {
    let mut terminal = terminal(|termios| termios.local |= LocalFlags::EXTPROC);
    assert_eq!(typed(&mut terminal, b"a\x7f\x03\r"), b"");
    assert_eq!(read(&mut terminal, 9).unwrap(), b"a\x7f\x03\r");
    typed(&mut terminal, b"\x04");
    assert_eq!(read(&mut terminal, 9).unwrap(), b"");
    assert_eq!(terminal.termios().character(ControlCharacter::EndOfFile), 4);
}
