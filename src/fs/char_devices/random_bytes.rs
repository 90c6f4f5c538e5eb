//! Random bytes for random(4) and getrandom(2).

use crate::fs::error::FsError;
use crate::fs::io::{Bytes, Sink, done_or};
use crate::random;

/// The number of bytes that are made at a time.
const PIECE_BYTES: usize = 256;

/// Fills `to` with random bytes; returns their number. May wait.
///
/// # Errors
/// [`FsError::BadAddress`] if no byte could be copied.
pub fn read(to: &mut dyn Sink) -> Result<usize, FsError> {
    let mut done = 0;
    let mut piece = [0; PIECE_BYTES];
    while to.room() > 0 {
        let bytes = &mut piece[..PIECE_BYTES.min(to.room())];
        random::fill(bytes);
        let len = bytes.len();
        let copied = to.put(Bytes::Slice(bytes));
        done += copied;
        if copied < len {
            return done_or(done, FsError::BadAddress);
        }
    }
    Ok(done)
}
