//! The frames of physical memory: free frames, and the purposes of the others.
//!
//! | module | what |
//! | --- | --- |
//! | [`allocated`] | frames that have one owner |
//! | [`shared`] | frames that have any number of owners |
//! | [`bytes`] | copies to and from shared frames |
//! | [`byte_range`] | ranges of bytes that go over several frames |
//! | [`cpu_cache`] | each CPU's free frames |
//! | [`bitmap`] | all other free frames |
//! | [`frame_info`] | a record for each frame |
//! | [`purpose`], [`tally`] | the purposes of frames, and counts |
//!
//! An [`AllocatedFrames`] or [`SharedFrame`] owns its frames; dropping it frees them. A frame is
//! leaked on purpose when it is mapped, and has an owner again when it is unmapped.
//!
//! Locks, from outer to inner: a CPU's cache, the bitmap. A frame is in the bitmap, or in
//! one cache, or in use.

mod allocated;
mod bitmap;
mod byte_range;
mod bytes;
mod cpu_cache;
mod frame_info;
mod purpose;
mod shared;
mod tally;
#[cfg(test)]
mod tests;

pub use allocated::{AllocatedFrames, Run};
pub use byte_range::parts;
pub use bytes::FrameBytes;
pub use frame_info::{FrameUse, OWNERS_MAX, TooManyOwners};
pub use purpose::Purpose;
pub use shared::SharedFrame;
pub use tally::{Counts, Traffic};

use core::ops::Range;

use frame_bitmap::FrameBitmap;
use x86_64::PhysAddr;

use crate::mm::kernel::layout::FRAME_BYTES;
use purpose::PURPOSES;
use tally::Tally;

/// The largest number of frames that is examined while the lock is held with interrupts off: 64 MiB
/// of memory in a KiB of bitmap.
const STEP_FRAMES: usize = 1 << 14;

/// Returns the number of words that [`reach_all`] needs for `frames`, in addition to the
/// bitmap's.
pub(in crate::mm) const fn table_words(frames: usize) -> usize {
    frame_info::table_words(frames)
}

/// Starts with `bitmap`; only frames below `reach` are allocated.
pub(in crate::mm) fn start(bitmap: FrameBitmap<'static>, reach: PhysAddr) {
    bitmap::start(bitmap, number(reach));
}

/// Allows the allocation of all frames, because all are mapped now. `table` has [`table_words`].
/// The frames in use are those of `stub`, and page tables.
pub(in crate::mm) fn reach_all(table: &'static mut [u64], stub: Range<PhysAddr>) {
    let stub = number(stub.start)..number(stub.end);
    bitmap::reach_all(table, |frame| match stub.contains(&frame) {
        true => Purpose::Stub,
        false => Purpose::PageTables,
    });
}

/// Returns the counts of all CPUs.
fn tally() -> Tally {
    let mut tally = Tally::ZERO;
    cpu_cache::count(&mut tally);
    tally.add(&bitmap::lock().tally);
    tally
}

/// Returns the number of managed frames.
pub fn managed() -> usize {
    bitmap::managed()
}

/// Returns whether `count` frames are free. It examines the caches of the CPUs only if there are
/// fewer in the bitmap.
pub fn are_free(count: usize) -> bool {
    bitmap::lock().bitmap().free_count() >= count || counts().free >= count
}

/// Returns the number of frames for each purpose. It is exact if no other CPU allocates or frees
/// frames in the meantime.
pub fn counts() -> Counts {
    let (tally, managed) = (tally(), managed());
    let used = core::array::from_fn(|purpose| {
        tally.allocated[purpose].saturating_sub(tally.freed[purpose]) as usize
    });
    Counts { managed, free: managed.saturating_sub(used.iter().sum()), used }
}

/// Returns the counts of allocations since the start, with the same accuracy as [`counts`].
pub fn traffic() -> Traffic {
    let tally = tally();
    Traffic {
        allocated: tally.allocated.iter().sum(),
        freed: tally.freed.iter().sum(),
        failures: bitmap::lock().failures,
    }
}

/// Returns the number of free frames that are in the caches of CPUs.
pub fn cached() -> usize {
    let mut tally = Tally::ZERO;
    cpu_cache::count(&mut tally)
}

/// The free frames, as runs of adjacent ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreeRuns {
    /// The number of runs.
    pub count: usize,
    /// The longest run: the first frame's address, and the number of frames.
    pub longest: (u64, usize),
}

/// Examines all free frames, after emptying the caches. The lock is released after each 64 MiB, so
/// the result may or may not include changes in the meantime.
pub fn free_runs() -> FreeRuns {
    cpu_cache::drain_all();
    let mut runs = FreeRuns::default();
    let mut run = 0..0;
    loop {
        let next = bitmap::lock().bitmap().next_free_run(run.end, STEP_FRAMES);
        let Some(next) = next else {
            return runs;
        };
        if next.start == run.end && runs.count > 0 {
            run.end = next.end;
        } else {
            runs.count += 1;
            run = next;
        }
        if run.len() > runs.longest.1 {
            runs.longest = (run.start as u64 * FRAME_BYTES, run.len());
        }
    }
}

/// Returns the record of the frame that `address` lies in; `None` if it is free or not managed.
pub fn use_of(address: PhysAddr) -> Option<FrameUse> {
    let frame = number(address);
    let is_allocated = bitmap::lock().bitmap().is_allocated(frame);
    let info = frame_info::of(frame).filter(|_| is_allocated)?;
    info.read().ok().flatten()
}

/// Counts over the records of all frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recount {
    /// The number of frames in use for each purpose, in the order of [`Purpose::ALL`].
    pub used: [usize; PURPOSES],
    /// The number of frames in the caches of CPUs.
    pub cached: usize,
    /// The number of frames with more than one owner.
    pub shared: usize,
    /// The largest number of owners.
    pub owners_max: u32,
    /// The number of damaged records.
    pub damaged: usize,
}

/// Examines the records of all frames that are allocated in the bitmap. The lock is released after
/// each 64 MiB, so the result may or may not include changes in the meantime.
pub fn recount() -> Recount {
    const STEP_WORDS: usize = STEP_FRAMES / 64;
    let mut sums = Recount::default();
    let mut word = 0;
    loop {
        let mut state = bitmap::lock();
        let bitmap = state.bitmap();
        let has_more = frame_info::for_each_allocated(
            word,
            STEP_WORDS,
            |word| bitmap.allocated_word(word),
            |frame| sums.add(frame_info::of(frame).map(|info| info.read())),
        );
        word += STEP_WORDS;
        if !has_more {
            return sums;
        }
    }
}

impl Recount {
    fn add(&mut self, read: Option<Result<Option<FrameUse>, frame_info::Damaged>>) {
        match read {
            Some(Ok(Some(frame))) => {
                self.used[frame.purpose as usize] += 1;
                self.shared += usize::from(frame.owners > 1);
                self.owners_max = self.owners_max.max(frame.owners);
            }
            Some(Ok(None)) => self.cached += 1,
            Some(Err(_)) | None => self.damaged += 1,
        }
    }
}

/// Returns the number of the frame that begins at `start`.
fn number(start: PhysAddr) -> usize {
    (start.as_u64() / FRAME_BYTES) as usize
}
