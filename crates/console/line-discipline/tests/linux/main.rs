//! Compares the line discipline with that of the host's Linux, by pseudo-terminals: the
//! same attributes, bytes and calls have to produce the same echo, reads and counts.
//!
//! If the host has no pseudo-terminals, the tests print that and pass.

#![cfg(target_os = "linux")]

mod both;
mod pty;
mod random;

use both::Both;
use line_discipline::{
    ControlCharacter, Device, InputFlags, LineDiscipline, LocalFlags, OutputFlags, Termios,
};
use pty::Pty;
use random::{Random, random_bytes, random_termios};

#[test]
fn fresh_terminals_have_the_same_attributes() {
    let Some(pty) = Pty::open() else { return eprintln!("no pseudo-terminal: skipped") };
    let terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
    assert_eq!(*terminal.termios(), pty.termios());
}

#[test]
fn attributes_are_kept_the_same() {
    let Some(pty) = Pty::open() else { return eprintln!("no pseudo-terminal: skipped") };
    let mut terminal = LineDiscipline::try_new(Device::Pseudo).unwrap();
    let mut random = Random(7);
    for _ in 0..200 {
        let termios = random_termios(&mut random);
        terminal.set_termios(termios);
        pty.set_termios(&termios);
        assert_eq!(*terminal.termios(), pty.termios());
    }
}

/// Random attributes and steps; typed bytes are read at once.
#[test]
fn sessions_are_the_same() {
    for seed in 1..=300 {
        let Some(mut both) = Both::open(seed) else { return };
        let mut random = Random(seed);
        both.set_termios(random_termios(&mut random));
        for _ in 0..60 {
            match random.below(16) {
                0 => both.set_termios(random_termios(&mut random)),
                1 => both.write(&random_bytes(&mut random, 12)),
                2 => both.flush(random.below(3)),
                3 => both.control_flow(random.below(4)),
                4..8 => both.type_together(&random_bytes(&mut random, 30)),
                _ => both.type_bytes(&random_bytes(&mut random, 8)),
            }
            if random.below(4) != 0 {
                both.read_all(&mut random);
            }
        }
        both.read_all(&mut random);
    }
}

/// Usual sessions: the initial attributes, with one flag changed at a time.
#[test]
fn usual_sessions_are_the_same() {
    for seed in 1..=150 {
        let Some(mut both) = Both::open(seed) else { return };
        let mut random = Random(seed);
        for _ in 0..100 {
            if random.below(30) == 0 {
                let mut termios = Termios::new();
                match random.below(4) {
                    0 => termios.input ^= InputFlags::from_bits_retain(1 << random.below(15)),
                    1 => termios.output ^= OutputFlags::from_bits_retain(1 << random.below(6)),
                    2 => termios.output |= OutputFlags::XTABS,
                    _ => termios.local ^= LocalFlags::from_bits_retain(1 << random.below(17)),
                }
                both.set_termios(termios);
            }
            both.type_bytes(&random_bytes(&mut random, 5));
            if random.below(8) == 0 {
                both.read_all(&mut random);
            }
        }
        both.read_all(&mut random);
    }
}

#[test]
fn queued_input_survives_a_change_of_mode_the_same() {
    let raw = LocalFlags::ICANON;
    for typed in [&b"ab\ncd\nef"[..], b"ab\x04cd", b"\x04\x04x", b"ab\n", b"\n\n", b"x\0y\nz"] {
        for changes in [&[raw][..], &[raw, raw], &[LocalFlags::EXTPROC], &[raw, raw, raw]] {
            for first in [LocalFlags::empty(), raw] {
                let Some(mut both) = Both::open(0) else { return };
                let mut termios = Termios::new();
                termios.local ^= first;
                both.set_termios(termios);
                // The echo of the last byte shows that all were processed.
                both.type_bytes(typed);
                both.type_bytes(b"q");
                for change in changes {
                    termios.local ^= *change;
                    both.set_termios_at_once(termios);
                }
                both.read_all(&mut Random(1));
                both.type_bytes(b"next\n");
                both.read_all(&mut Random(2));
            }
        }
    }
}

#[test]
fn long_line_is_cut_the_same() {
    for extra in [0, 1, 2, 100] {
        for end in [&b"\n"[..], b"\x04", b"\x7f\n", b"\x7f\x7fyz\n", b"\xffw\n"] {
            for parmrk in [false, true] {
                // Linux overwrites the first byte in this case.
                if parmrk && end[0] == 0xff {
                    continue;
                }
                let Some(mut both) = Both::open(0) else { return };
                let mut termios = Termios::new();
                termios.input.set(InputFlags::PARMRK, parmrk);
                termios.input |= InputFlags::IMAXBEL;
                both.set_termios(termios);
                let letters: Vec<u8> = (b'a'..=b'z').cycle().take(4090).collect();
                both.type_plain(&letters);
                both.type_bytes(&letters[..extra]);
                both.type_bytes(end);
                both.read_all(&mut Random(1));
            }
        }
    }
}

#[test]
fn full_raw_queue_keeps_everything() {
    let Some(mut both) = Both::open(0) else { return };
    let mut termios = Termios::new();
    termios.local.remove(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG);
    termios.input = InputFlags::empty();
    termios.set_character(ControlCharacter::Minimum, 1);
    both.set_termios(termios);
    for at in 0..600_u32 {
        both.type_bytes(&at.to_le_bytes().repeat(3));
    }
    both.read_all(&mut Random(1));
}
