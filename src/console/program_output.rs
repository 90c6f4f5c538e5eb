//! What programs write, on two terminals of which one answers.
//!
//! The serial line has a person's terminal at its other end, and the screen has the kernel's. A
//! program that asks its terminal for the place of the cursor, as shells do, wants one answer: that
//! of the terminal at which it is used.

use heapless::Vec;
use terminal::RequestFilter;

use super::input::{self, Source};
use super::screen::{self, Answers};
use crate::drivers::char::{input_events, serial};
use crate::sync::{IrqMutex, Rank};

/// How many bytes are filtered at once.
const PIECE_BYTES: usize = 128;

/// Protects what is held back of the serial line's text; taken by writers.
static FILTER: IrqMutex<RequestFilter> = IrqMutex::new(Rank::Console, RequestFilter::new());

/// Writes bytes of a program on the serial line and the screen: they are those of a terminal, with
/// CR and LF as it needs them. May wait for the serial line.
pub fn write_bytes(bytes: &[u8]) {
    match input::place() {
        Source::Serial => {
            let mut held = Vec::<u8, { RequestFilter::HELD_BYTES }>::new();
            FILTER.lock().flush(&mut held);
            serial::write_bytes(&held);
            serial::write_bytes(bytes);
            screen::write_bytes(bytes, Answers::Dropped);
        }
        Source::Keyboard => {
            for piece in bytes.chunks(PIECE_BYTES) {
                serial::write_bytes(&without_requests(piece));
            }
            if screen::write_bytes(bytes, Answers::Kept) {
                input_events::note();
            }
        }
    }
}

/// Returns what of `piece` and of what was held back is for the serial line.
fn without_requests(piece: &[u8]) -> Vec<u8, { PIECE_BYTES + RequestFilter::HELD_BYTES }> {
    let mut out = Vec::new();
    let mut filter = FILTER.lock();
    piece.iter().for_each(|byte| filter.push(*byte, &mut out));
    out
}
