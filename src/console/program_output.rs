//! The output of programs on two terminals, of which only one may answer.
//!
//! The serial line has the user's terminal at its other end; the screen has the kernel's terminal.
//! A program that requests the position of the cursor from its terminal, as shells do, expects one
//! answer. It comes from the terminal at which the program is used.

use heapless::Vec;
use terminal::RequestFilter;

use super::input::{self, Source};
use super::screen::{self, Answers};
use crate::drivers::char::{input_events, serial};
use crate::sync::{IrqMutex, Rank};

/// The number of bytes that are filtered at once.
const PIECE_BYTES: usize = 128;

/// Protects the incomplete sequence that is withheld from the serial line; taken by writers.
static FILTER: IrqMutex<RequestFilter> = IrqMutex::new(Rank::Console, RequestFilter::new());

/// Writes bytes of a program on the serial line and the screen. They are in the format of a
/// terminal, with CR and LF where it needs them. May wait for the serial line.
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

/// Returns the part of `piece`, after withheld bytes, that has to be sent on the serial line.
fn without_requests(piece: &[u8]) -> Vec<u8, { PIECE_BYTES + RequestFilter::HELD_BYTES }> {
    let mut out = Vec::new();
    let mut filter = FILTER.lock();
    piece.iter().for_each(|byte| filter.push(*byte, &mut out));
    out
}
