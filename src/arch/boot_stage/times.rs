//! When the stages of this boot began.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::arch::stub_values;
use crate::arch::time::tsc::read_tsc;

/// The number of stages, with the ends of a boot.
pub(super) const STAGES: usize = 29;

/// The time at which each stage began first, by the time stamp counter; 0 if it hasn't.
static BEGUN: [AtomicU64; STAGES] = [const { AtomicU64::new(0) }; STAGES];

/// The time at which the boot was complete; 0 before.
static END: AtomicU64 = AtomicU64::new(0);

/// Stores the time, unless an earlier one is stored.
fn note_at(place: &AtomicU64) {
    // The load comes first because each new thread of a program calls this: once a time is stored,
    // the cache line is only read.
    if place.load(Ordering::Relaxed) == 0 {
        let _ = place.compare_exchange(0, read_tsc(), Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// Records that the stage with this index begins.
pub(super) fn note(index: usize) {
    note_at(&BEGUN[index]);
}

/// Returns when the stage with this index began, in ticks of the time stamp counter since the stub
/// read it first; `None` if it hasn't.
pub(super) fn begin_tick(index: usize) -> Option<u64> {
    ticks(&BEGUN[index])
}

/// Records that the boot is complete: the first program enters ring 3, or the prompt begins.
#[inline]
pub fn finish() {
    note_at(&END);
}

fn ticks(place: &AtomicU64) -> Option<u64> {
    let tsc = place.load(Ordering::Relaxed);
    (tsc != 0).then(|| tsc.saturating_sub(stub_values::start_tsc()))
}

/// Returns when the boot was complete, in ticks of the time stamp counter; `None` before.
pub fn end_tick() -> Option<u64> {
    ticks(&END)
}
