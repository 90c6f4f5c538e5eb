//! Calls of programs that aren't implemented.

use core::sync::atomic::{AtomicU32, Ordering};

use super::names;

/// The number of calls that are counted separately; Linux's numbers are below.
const NUMBERS: usize = 512;

static COUNTS: [AtomicU32; NUMBERS] = [const { AtomicU32::new(0) }; NUMBERS];

/// Counts a call; logs the first one of each number.
#[cold]
pub(super) fn note(number: u64) {
    let Some(count) = COUNTS.get(number as usize) else {
        return;
    };
    if count.fetch_add(1, Ordering::Relaxed) == 0 {
        log::debug!(
            "system call {number} ({}) isn't implemented",
            names::of(number).unwrap_or("?")
        );
    }
}

/// Calls `found` for each unimplemented call that was made, with its number, its name, and how
/// often it was made.
pub fn for_each(mut found: impl FnMut(u64, &'static str, u32)) {
    for (number, count) in COUNTS.iter().enumerate() {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            found(number as u64, names::of(number as u64).unwrap_or("?"), count);
        }
    }
}
