//! The time-out of incomplete keys.

use core::cell::{Cell, RefCell};
use std::collections::VecDeque;

use crate::{Key, TimedDecoder};

/// A line on which bytes arrive, and a clock.
#[derive(Default)]
struct Line {
    bytes: RefCell<VecDeque<u8>>,
    now_us: Cell<u64>,
    /// Arrives 60 ms after the next check that finds no byte.
    late: Cell<&'static [u8]>,
}

impl Line {
    fn send(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend(bytes);
    }

    fn next(&self) -> Option<u8> {
        let byte = self.bytes.borrow_mut().pop_front();
        let late = self.late.get();
        if byte.is_none() && !late.is_empty() {
            self.late.set(&[]);
            self.pass(60_000);
            self.send(late);
        }
        byte
    }

    fn pass(&self, us: u64) {
        self.now_us.set(self.now_us.get() + us);
    }

    fn take(&self, decoder: &mut TimedDecoder) -> Option<Key> {
        decoder.take(|| self.now_us.get(), || self.next())
    }
}

#[test]
fn escape_is_a_key_after_the_time_out() {
    let (line, mut decoder) = (Line::default(), TimedDecoder::new());
    line.pass(1_000_000);
    assert_eq!(decoder.end_us(), None);
    line.send(b"\x1b");
    assert_eq!(line.take(&mut decoder), None);
    assert_eq!(decoder.end_us(), Some(1_050_000));
    line.pass(49_999);
    assert_eq!(line.take(&mut decoder), None);
    line.pass(1);
    assert_eq!(line.take(&mut decoder), Some(Key::Escape));
    assert_eq!((line.take(&mut decoder), decoder.end_us()), (None, None));
}

#[test]
fn each_byte_of_a_sequence_starts_the_time_out_again() {
    let (line, mut decoder) = (Line::default(), TimedDecoder::new());
    for part in [&b"\x1b"[..], b"[", b"1;"] {
        line.send(part);
        assert_eq!(line.take(&mut decoder), None);
        line.pass(49_999);
        assert_eq!(line.take(&mut decoder), None);
    }
    line.send(b"5Dx");
    assert!(line.take(&mut decoder).is_some_and(|key| key != Key::Escape));
    assert_eq!(line.take(&mut decoder), Some(Key::Char('x')));
}

/// A hypervisor may stop the CPU between the check for bytes and the check for the time-out.
#[test]
fn bytes_that_arrive_during_a_delay_belong_to_their_sequence() {
    let (line, mut decoder) = (Line::default(), TimedDecoder::new());
    line.send(b"\x1b");
    line.late.set(b"[A");
    assert_eq!(line.take(&mut decoder), None);
    assert_eq!(line.take(&mut decoder), Some(Key::Up));
}
