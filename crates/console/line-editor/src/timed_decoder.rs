//! The time-out after which an ESC is the Escape key.

use crate::{Key, KeyDecoder};

/// The time after which an ESC without the rest of a sequence is the Escape key, in microseconds.
const ESCAPE_US: u64 = 50_000;

/// A [`KeyDecoder`] that ends incomplete keys after a time-out of 50 ms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimedDecoder {
    decoder: KeyDecoder,
    /// The time at which the last byte of an incomplete key was read, in microseconds.
    pending_since_us: u64,
}

impl TimedDecoder {
    /// Returns a decoder in its initial state.
    pub const fn new() -> Self {
        Self { decoder: KeyDecoder::new(), pending_since_us: 0 }
    }

    /// Decodes bytes up to the end of a key; returns the key. `next` returns the next byte that has
    /// arrived, and `clock_us` the time in microseconds. Without further bytes, an incomplete key
    /// ends at its time-out.
    pub fn take(
        &mut self,
        clock_us: impl Fn() -> u64,
        mut next: impl FnMut() -> Option<u8>,
    ) -> Option<Key> {
        // Read before the check for bytes: those that arrive during a delay after the check belong
        // to the incomplete key.
        let now_us = clock_us();
        while let Some(byte) = next() {
            let key = self.decoder.push(byte);
            if self.decoder.is_pending() {
                self.pending_since_us = clock_us();
            }
            if key.is_some() {
                return key;
            }
        }
        let is_over = now_us.saturating_sub(self.pending_since_us) >= ESCAPE_US;
        if self.decoder.is_pending() && is_over { self.decoder.flush() } else { None }
    }

    /// Returns the time at which an incomplete key ends if no byte arrives, in microseconds; `None`
    /// if no key is incomplete.
    pub fn end_us(&self) -> Option<u64> {
        self.decoder.is_pending().then_some(self.pending_since_us + ESCAPE_US)
    }
}
