//! The bitmap of all frames, under one global lock. Caches are refilled from it; runs, and frames
//! of a given range, are allocated from it directly.

use core::ops::Range;
use core::sync::atomic::{AtomicUsize, Ordering};

use frame_bitmap::FrameBitmap;

use super::frame_info;
use super::purpose::Purpose;
use super::tally::Tally;
use crate::sync::{IrqMutex, IrqMutexGuard, Rank};

/// The frames that are in no CPU's cache.
pub(super) struct UncachedFrames {
    /// `None` until [`start`].
    bitmap: Option<FrameBitmap<'static>>,
    /// Counts of frames that were allocated or freed without the cache of a CPU.
    pub(super) tally: Tally,
    pub(super) failures: u64,
    /// The end of the frames that may be allocated: at first only frames below it are mapped.
    reach: usize,
}

/// Protects the free frames that are in no cache. Taken to refill and to empty the
/// caches, and for runs; never by interrupt handlers.
static STATE: IrqMutex<UncachedFrames> = IrqMutex::new(
    Rank::Frames,
    UncachedFrames { bitmap: None, tally: Tally::ZERO, failures: 0, reach: 0 },
);

/// The number of managed frames, which is changed while the lock is held.
static MANAGED: AtomicUsize = AtomicUsize::new(0);

impl UncachedFrames {
    pub(super) fn bitmap(&mut self) -> &mut FrameBitmap<'static> {
        self.bitmap.as_mut().expect("memory is set up early")
    }
}

/// Takes the lock.
pub(super) fn lock() -> IrqMutexGuard<'static, UncachedFrames> {
    STATE.lock()
}

/// Starts with `bitmap`; only frames below `reach` are allocated.
pub(super) fn start(bitmap: FrameBitmap<'static>, reach: usize) {
    let mut state = STATE.lock();
    MANAGED.store(bitmap.managed(), Ordering::Relaxed);
    state.bitmap = Some(bitmap);
    state.reach = reach;
}

/// Allows the allocation of all frames, because all are mapped now. `table` becomes the table of
/// [`frame_info`]; `purpose_of` returns the purpose of frames that are already allocated.
pub(super) fn reach_all(table: &'static mut [u64], purpose_of: impl Fn(usize) -> Purpose) {
    let mut state = STATE.lock();
    state.reach = usize::MAX;
    let count = frame_info::start(state.bitmap(), table, purpose_of);
    state.tally.note_allocated(count, Purpose::FrameInfo);
}

/// Takes the highest free frames for a cache; returns their number.
pub(super) fn take_batch(frames: &mut [u32]) -> usize {
    // The lock is held until the records are written, because the audit reads the record
    // of each allocated frame.
    let mut state = STATE.lock();
    let count = state.bitmap().allocate_batch(usize::MAX, frames);
    for &frame in &frames[..count] {
        info(frame as usize).note_cached();
    }
    count
}

/// Returns the frames of a cache.
///
/// # Panics
/// If one of them isn't allocated.
pub(super) fn return_batch(frames: &[u32]) {
    let mut state = STATE.lock();
    for &frame in frames {
        state.bitmap().free(frame as usize).expect("cached frames are the cache's");
    }
}

/// Takes a frame within `range` for `purpose`; `None` if none is free there.
pub(super) fn allocate_from(range: Range<usize>, purpose: Purpose) -> Option<usize> {
    let mut state = STATE.lock();
    let range = range.start..range.end.min(state.reach);
    let frame = state.bitmap().allocate_from(range)?;
    state.tally.note_allocated(1, purpose);
    give_out(frame, 1, purpose);
    Some(frame)
}

/// Takes `count` frames as [`FrameBitmap::allocate_run`] does, for `purpose`.
pub(super) fn allocate_run(
    count: usize,
    align: usize,
    below: usize,
    purpose: Purpose,
) -> Option<usize> {
    let mut state = STATE.lock();
    let below = below.min(state.reach);
    let first = state.bitmap().allocate_run(count, align, below)?;
    state.tally.note_allocated(count, purpose);
    give_out(first, count, purpose);
    Some(first)
}

/// Marks adjacent frames, which were not managed, as allocated for `purpose`. Returns whether that
/// is possible: each has a record, and none is managed.
pub(super) fn adopt(first: usize, count: usize, purpose: Purpose) -> bool {
    if !(first..first + count).all(|frame| frame_info::of(frame).is_some()) {
        return false;
    }
    let mut state = STATE.lock();
    let is_added = state.bitmap().add_allocated(first, count).is_ok();
    if is_added {
        MANAGED.store(state.bitmap().managed(), Ordering::Relaxed);
        state.tally.note_allocated(count, purpose);
        give_out(first, count, purpose);
    }
    is_added
}

/// Frees adjacent frames that were allocated for `purpose`.
///
/// # Panics
/// If one of them wasn't allocated for it.
pub(super) fn free(first: usize, count: usize, purpose: Purpose) {
    let mut state = STATE.lock();
    for frame in (first..first + count).filter_map(frame_info::of) {
        frame.take_back(purpose);
    }
    state.bitmap().free_run(first, count).expect("frames are freed by their owner");
    state.tally.note_freed(count, purpose);
}

/// Returns the number of managed frames.
pub(super) fn managed() -> usize {
    MANAGED.load(Ordering::Relaxed)
}

/// Counts a failed allocation.
pub(super) fn note_failure() {
    STATE.lock().failures += 1;
}

/// Writes the records of frames that have just been allocated.
fn give_out(first: usize, count: usize, purpose: Purpose) {
    // Before `frame_info::start` there are no records to write; it also records these frames.
    (first..first + count).filter_map(frame_info::of).for_each(|frame| frame.give_out(purpose));
}

fn info(frame: usize) -> &'static frame_info::FrameInfo {
    frame_info::of(frame).expect("caches are filled when managed frames have records")
}
