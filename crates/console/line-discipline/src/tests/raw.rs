//! Raw mode: VMIN, VTIME, and the change to and from it.

use std::vec;

use super::{lines, read, terminal, typed};
use crate::{ControlCharacter, InputFlags, LineDiscipline, LocalFlags, ReadRequest, ReadStep};

fn raw(minimum: u8, time: u8) -> LineDiscipline {
    terminal(|termios| {
        termios
            .local
            .remove(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG | LocalFlags::IEXTEN);
        termios.input = InputFlags::empty();
        termios.set_character(ControlCharacter::Minimum, minimum);
        termios.set_character(ControlCharacter::Time, time);
    })
}

const FOREVER: ReadStep = ReadStep::Wait { at_most_ms: None };

fn wait(at_most_ms: u32) -> ReadStep {
    ReadStep::Wait { at_most_ms: Some(at_most_ms) }
}

#[test]
fn raw_bytes_are_read_as_they_came() {
    let mut terminal = raw(1, 0);
    let all: std::vec::Vec<u8> = (0..=255).collect();
    assert_eq!(typed(&mut terminal, &all), b"");
    assert_eq!(terminal.input_len(), 256);
    assert_eq!(read(&mut terminal, 300).unwrap(), all);
    assert_eq!(read(&mut terminal, 300), None);
}

/// Each step of a read of 8 bytes has: the number of new bytes, the time since the last
/// byte in ms, the result, and the number of copied bytes.
#[test]
fn minimum_and_time_decide_when_a_read_ends() {
    type Step = (usize, u32, ReadStep, usize);
    let sessions: &[(u8, u8, &[Step])] = &[
        // Neither: returns the available bytes at once.
        (0, 0, &[(0, 0, ReadStep::Done, 0)]),
        (0, 0, &[(3, 0, ReadStep::Done, 3)]),
        // VTIME alone: measured from the start.
        (0, 2, &[(0, 0, wait(200), 0), (0, 150, wait(50), 0), (0, 200, ReadStep::Done, 0)]),
        (0, 2, &[(0, 0, wait(200), 0), (1, 150, ReadStep::Done, 1)]),
        (0, 2, &[(0, 250, ReadStep::Done, 0)]),
        // VMIN alone: no time limit.
        (3, 0, &[(0, 0, FOREVER, 0), (2, 9999, FOREVER, 2), (1, 9999, ReadStep::Done, 3)]),
        (3, 0, &[(5, 0, ReadStep::Done, 5)]),
        (200, 0, &[(7, 0, FOREVER, 7), (1, 0, ReadStep::Done, 8)]),
        (200, 0, &[(9, 0, ReadStep::Done, 8)]),
        // Both: VTIME is measured from the last byte.
        (
            3,
            1,
            &[
                (0, 99999, FOREVER, 0),
                (1, 99999, wait(100), 1),
                (0, 60, wait(40), 1),
                (1, 80, wait(100), 2),
                (0, 100, ReadStep::Done, 2),
            ],
        ),
        (3, 1, &[(1, 0, wait(100), 1), (2, 50, ReadStep::Done, 3)]),
    ];
    for (minimum, time, steps) in sessions {
        let mut terminal = raw(*minimum, *time);
        let mut request = ReadRequest::new(&terminal);
        let mut bytes = [0; 8];
        for (came, idle_ms, step, copied) in *steps {
            typed(&mut terminal, &vec![b'x'; *came]);
            let got = terminal.read(&mut request, &mut bytes, *idle_ms);
            assert_eq!((got, request.copied()), (*step, *copied), "{minimum} {time} {steps:?}");
        }
    }
}

#[test]
fn raw_terminal_is_readable_from_the_minimum_on() {
    for (minimum, time, needed) in [(0, 0, 1), (0, 5, 1), (1, 0, 1), (4, 0, 4), (4, 5, 1)] {
        let mut terminal = raw(minimum, time);
        for _ in 0..needed {
            assert!(!terminal.is_readable());
            typed(&mut terminal, b"x");
        }
        assert!(terminal.is_readable());
    }
}

#[test]
fn lines_become_bytes_and_bytes_become_a_line() {
    let mut terminal = terminal(|_| {});
    let canonical = *terminal.termios();
    let mut raw = canonical;
    raw.local.remove(LocalFlags::ICANON);

    typed(&mut terminal, b"one\rtw\x04o");
    terminal.set_termios(raw);
    assert_eq!(read(&mut terminal, 99).unwrap(), b"one\ntw\0o");

    typed(&mut terminal, b"abc");
    assert!(terminal.is_readable());
    terminal.set_termios(canonical);
    assert_eq!(terminal.input_len(), 3);
    typed(&mut terminal, b"\x7fd\r");
    assert_eq!(lines(&mut terminal), [&b"abc"[..], b"d\n"]);

    // A change of other attributes doesn't complete an edited line.
    typed(&mut terminal, b"abc");
    terminal.set_termios(canonical);
    assert!(!terminal.is_readable());
}

#[test]
fn raw_mode_with_echo_edits_nothing() {
    let mut terminal = terminal(|termios| termios.local.remove(LocalFlags::ICANON));
    assert_eq!(typed(&mut terminal, b"a\x7f\x15\t\r"), b"a^?^U\t\r\n");
    assert_eq!(read(&mut terminal, 99).unwrap(), b"a\x7f\x15\t\n");
}

#[test]
fn change_of_mode_forgets_what_was_begun() {
    for begun in [&b"ab\x16"[..], b"ab\x7f"] {
        let mut terminal = terminal(|termios| termios.local |= LocalFlags::ECHOPRT);
        typed(&mut terminal, begun);
        for _ in 0..2 {
            let mut termios = *terminal.termios();
            termios.local ^= LocalFlags::ICANON;
            terminal.set_termios(termios);
        }
        assert_eq!(lines(&mut terminal).len(), 1);
        // The next byte is neither literal nor preceded by a `/`.
        assert_eq!(typed(&mut terminal, b"\x12"), b"^R\r\n");
    }
}
