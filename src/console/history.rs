//! The newest log lines, kept for whoever comes later.

use heapless::HistoryBuf;

use crate::log;
use crate::sync::{IrqMutex, Rank};

/// How many bytes are kept: about 200 lines.
const KEPT_BYTES: usize = 16 * 1024;

/// Protects the kept bytes; taken by everything that logs.
static HISTORY: IrqMutex<HistoryBuf<u8, KEPT_BYTES>> =
    IrqMutex::new(Rank::Console, HistoryBuf::new());

/// Keeps all lines that are logged from now on.
pub fn start() {
    log::add_sink(|text| HISTORY.lock().extend(text.bytes()));
}

/// Gives all kept text to `sink`, in pieces.
pub fn replay(sink: impl Fn(&str)) {
    /// Short enough for the stack; the lock isn't held while `sink` runs.
    const PIECE_BYTES: usize = 128;
    let mut position = 0;
    loop {
        let mut piece = heapless::String::<PIECE_BYTES>::new();
        for &byte in HISTORY.lock().oldest_ordered().skip(position).take(PIECE_BYTES) {
            // What isn't ASCII, of which the oldest may have lost its start,
            // shows as a question mark.
            let c = if byte.is_ascii() { byte as char } else { '?' };
            piece.push(c).expect("a piece takes PIECE_BYTES ASCII characters");
        }
        if piece.is_empty() {
            return;
        }
        position += piece.len();
        sink(&piece);
    }
}
