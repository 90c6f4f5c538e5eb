//! The terminal's answers to requests of a program.

use core::fmt::{self, Write};

use heapless::{Deque, String};

/// The most bytes of answers that have not been taken.
const REPLIES_BYTES: usize = 128;

/// The longest answer, in bytes: a position with two numbers of 20 digits.
const REPLY_BYTES: usize = 44;

/// Answers that have not been taken.
#[derive(Default)]
pub(crate) struct Replies(Deque<u8, REPLIES_BYTES>);

impl Replies {
    /// Adds an answer; drops it if there is no room for all of it.
    pub(crate) fn push(&mut self, reply: fmt::Arguments<'_>) {
        let mut text = String::<REPLY_BYTES>::new();
        let fits = text.write_fmt(reply).is_ok();
        if fits && text.len() <= REPLIES_BYTES - self.0.len() {
            self.0.extend(text.bytes());
        }
    }

    /// Takes the next byte.
    pub(crate) fn take(&mut self) -> Option<u8> {
        self.0.pop_front()
    }
}
