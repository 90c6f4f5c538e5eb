//! Typed sessions in canonical mode.

use std::string::ToString;

use super::{lines, read, sent, terminal, typed};
use crate::{ControlCharacter, InputFlags, LocalFlags};

/// Each row has the typed bytes, the echo, and the lines that can be read.
#[test]
fn fresh_terminal_edits_lines() {
    type Session = (&'static [u8], &'static [u8], &'static [&'static [u8]]);
    let sessions: &[Session] = &[
        (b"hello\r", b"hello\r\n", &[b"hello\n"]),
        (b"hello\n", b"hello\r\n", &[b"hello\n"]),
        (b"no end", b"no end", &[]),
        (b"one\rtwo\rthree", b"one\r\ntwo\r\nthree", &[b"one\n", b"two\n"]),
        // ERASE.
        (b"\x7f\r", b"\r\n", &[b"\n"]),
        (b"ab\x7fc\r", b"ab\x08 \x08c\r\n", &[b"ac\n"]),
        (b"a\x7f\x7f\x7fb\r", b"a\x08 \x08b\r\n", &[b"b\n"]),
        (b"\x01\x7f\r", b"^A\x08 \x08\x08 \x08\r\n", &[b"\n"]),
        (b"one\r\x7f\r", b"one\r\n\r\n", &[b"one\n", b"\n"]),
        // A tab is erased back to where it began.
        (b"\t\x7f", b"\t\x08\x08\x08\x08\x08\x08\x08\x08", &[]),
        (b"abc\t\x7f", b"abc\t\x08\x08\x08\x08\x08", &[]),
        (b"abc\tx\t\x7f", b"abc\tx\t\x08\x08\x08\x08\x08\x08\x08", &[]),
        (b"\x01b\t\x7f", b"^Ab\t\x08\x08\x08\x08\x08", &[]),
        (b"12345678\t\x7f", b"12345678\t\x08\x08\x08\x08\x08\x08\x08\x08", &[]),
        // WERASE.
        (b"ab cd\x17x\r", b"ab cd\x08 \x08\x08 \x08x\r\n", &[b"ab x\n"]),
        (b"ab c  \x17\r", b"ab c  \x08 \x08\x08 \x08\x08 \x08\r\n", &[b"ab \n"]),
        (b"a-b_1\x17\r", b"a-b_1\x08 \x08\x08 \x08\x08 \x08\r\n", &[b"a-\n"]),
        (b"  \x17\r", b"  \x08 \x08\x08 \x08\r\n", &[b"\n"]),
        // KILL.
        (b"ab\x15c\r", b"ab\x08 \x08\x08 \x08c\r\n", &[b"c\n"]),
        (b"\x15\r", b"\r\n", &[b"\n"]),
        // LNEXT.
        (b"\x16\x03\r", b"^\x08^C\r\n", &[b"\x03\n"]),
        (b"a\x16\x7fb\r", b"a^\x08^?b\r\n", &[b"a\x7fb\n"]),
        (b"\x16\r\r", b"^\x08^M\r\n", &[b"\r\n"]),
        (b"\x16\n\r", b"^\x08^J\r\n", &[b"\n\n"]),
        (b"\x16\x16\r", b"^\x08^V\r\n", &[b"\x16\n"]),
        // REPRINT.
        (b"ab\x12c\r", b"ab^R\r\nabc\r\n", &[b"abc\n"]),
        // EOF.
        (b"\x04", b"", &[b""]),
        (b"ab\x04", b"ab", &[b"ab"]),
        (b"ab\x04cd\r", b"abcd\r\n", &[b"ab", b"cd\n"]),
        (b"ab\r\x04", b"ab\r\n", &[b"ab\n", b""]),
        (b"\x04\x04", b"", &[b"", b""]),
        // Complete input can't be erased.
        (b"ab\x04\x7f\x15\r", b"ab\r\n", &[b"ab", b"\n"]),
        // The byte 0 is no control character, though EOL has this value.
        (b"a\0b\r", b"a^@b\r\n", &[b"a\0b\n"]),
        // Signals flush; their bytes are not input.
        (b"ab\x03cd\r", b"^Ccd\r\n", &[b"cd\n"]),
        (b"ab\r\x1ccd\r", b"^\\cd\r\n", &[b"cd\n"]),
    ];
    for (input, echo, expected) in sessions {
        let mut terminal = terminal(|_| {});
        let name = input.escape_ascii();
        assert_eq!(
            typed(&mut terminal, input).escape_ascii().to_string(),
            echo.escape_ascii().to_string(),
            "{name}"
        );
        assert_eq!(lines(&mut terminal), *expected, "{name}");
    }
}

#[test]
fn tab_after_a_prompt_is_erased_back_to_where_it_began() {
    let mut terminal = terminal(|_| {});
    terminal.write(b"name: ");
    assert_eq!(typed(&mut terminal, b"\t\x7f"), b"name: \t\x08\x08");
    assert_eq!(typed(&mut terminal, b"a\t\x7f"), b"a\t\x08");
    typed(&mut terminal, b"\x15");
    terminal.write(b"\nprompt ");
    assert_eq!(typed(&mut terminal, b"\t\x7f"), b"\r\nprompt \t\x08");
}

#[test]
fn read_returns_a_line_at_most() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, b"abcdef\rgh\r");
    assert_eq!(terminal.input_len(), 10);
    assert_eq!(read(&mut terminal, 4).unwrap(), b"abcd");
    assert_eq!(read(&mut terminal, 4).unwrap(), b"ef\n");
    assert_eq!(read(&mut terminal, 0).unwrap(), b"");
    assert_eq!(read(&mut terminal, 3).unwrap(), b"gh\n");
    assert_eq!(read(&mut terminal, 3), None);
}

#[test]
fn end_of_file_after_a_full_read_is_no_second_end() {
    let mut terminal = terminal(|_| {});
    typed(&mut terminal, b"abc\x04");
    assert_eq!(terminal.input_len(), 3);
    assert_eq!(read(&mut terminal, 3).unwrap(), b"abc");
    assert_eq!(read(&mut terminal, 3), None);
    // An EOF that was typed alone ends the file.
    typed(&mut terminal, b"abc\x04\x04");
    assert_eq!(read(&mut terminal, 3).unwrap(), b"abc");
    assert_eq!(terminal.input_len(), 0);
    assert!(terminal.is_readable());
    assert_eq!(read(&mut terminal, 3).unwrap(), b"");
}

#[test]
fn whole_characters_are_erased_in_utf8() {
    // é, €, and a character outside of the first plane.
    for (utf8, echo, line) in [
        (true, &b"\x08 \x08\x08 \x08\x08 \x08"[..], &b"\n"[..]),
        (false, b"\x08 \x08\x08 \x08\x08 \x08", b"\xc3\xa9\xe2\x82\xac\xf0\n"),
    ] {
        let mut terminal = terminal(|termios| termios.input.set(InputFlags::IUTF8, utf8));
        typed(&mut terminal, "é€😀".as_bytes());
        assert_eq!(typed(&mut terminal, b"\x7f\x7f\x7f"), echo);
        typed(&mut terminal, b"\r");
        assert_eq!(lines(&mut terminal), [line]);
    }
    // An incomplete character is not erased, and doesn't prevent later erasing.
    let mut terminal = terminal(|termios| termios.input |= InputFlags::IUTF8);
    assert_eq!(typed(&mut terminal, b"\xa9\x7f"), b"\xa9");
    typed(&mut terminal, b"\r");
    assert_eq!(lines(&mut terminal), [b"\xa9\n"]);
}

#[test]
fn other_characters_end_lines() {
    let mut terminal = terminal(|termios| {
        termios.set_character(ControlCharacter::EndOfLine, b';');
        termios.set_character(ControlCharacter::EndOfLine2, b'.');
    });
    assert_eq!(typed(&mut terminal, b"a;b.c\r"), b"a;b.c\r\n");
    assert_eq!(lines(&mut terminal), [&b"a;"[..], b"b.", b"c\n"]);
    // EOL2 needs IEXTEN.
    let mut termios = *terminal.termios();
    termios.local.remove(LocalFlags::IEXTEN);
    terminal.set_termios(termios);
    typed(&mut terminal, b"a;b.c\r");
    assert_eq!(lines(&mut terminal), [&b"a;"[..], b"b.c\n"]);
}

#[test]
fn disabled_character_is_none() {
    for which in [
        ControlCharacter::Interrupt,
        ControlCharacter::Erase,
        ControlCharacter::Kill,
        ControlCharacter::EndOfFile,
        ControlCharacter::Stop,
        ControlCharacter::WordErase,
        ControlCharacter::LiteralNext,
        ControlCharacter::Reprint,
    ] {
        let mut byte = 0;
        let mut terminal = terminal(|termios| {
            byte = termios.character(which);
            termios.set_character(which, crate::DISABLED);
        });
        let received = terminal.receive(&[b'a', byte, 0, b'\r']);
        assert!(received.signals.is_empty());
        sent(&mut terminal);
        assert_eq!(lines(&mut terminal), [[b'a', byte, 0, b'\n']], "{which:?}");
    }
}
