//! Each CPU's cache of free frames: taking and freeing a frame needs no global lock.
//!
//! A cache is an array that is refilled and emptied by half. It has its own lock, which is nearly
//! always free. Other CPUs take it only in the rare case that the bitmap has no frame: then the CPU
//! that needs one empties all caches, so that no allocation fails while any CPU has free frames.

use super::bitmap;
use super::frame_info;
use super::purpose::Purpose;
use super::tally::Tally;
use crate::arch::cpu::percpu;
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::per_cpu;
use crate::sync::{Rank, SpinMutex};

/// The most frames in a cache.
pub(super) const CACHED_MAX: usize = 64;

/// The number of frames that move between a cache and the bitmap at once.
const BATCH: usize = CACHED_MAX / 2;

/// Frames below this, in the first 16 MiB, are reserved for devices of the ISA bus: caches never
/// keep them.
const LOW_FRAMES: usize = (16 << 20) / FRAME_BYTES as usize;

struct Cache {
    len: usize,
    /// The first `len` are free frames; the last of these was freed last.
    frames: [u32; CACHED_MAX],
    /// Counts of the frames that this cache has allocated and freed.
    tally: Tally,
}

per_cpu! {
    /// Protects a CPU's free frames. Taken by the CPU itself, and by others when no frame
    /// is left or when all are counted; never by interrupt handlers.
    static CACHE: SpinMutex<Cache> = SpinMutex::new(Rank::FrameCache, Cache {
        len: 0,
        frames: [0; CACHED_MAX],
        tally: Tally::ZERO,
    });
}

impl Cache {
    #[inline]
    fn pop(&mut self, purpose: Purpose) -> Option<usize> {
        let last = self.len.checked_sub(1)?;
        let frame = *self.frames.get(last)? as usize;
        self.len = last;
        self.tally.note_allocated(1, purpose);
        // SAFETY: the frames in caches are managed, and records exist before caches are
        // used.
        unsafe { frame_info::of_managed(frame) }.give_out(purpose);
        Some(frame)
    }

    #[cold]
    fn refill(&mut self) {
        debug_assert_eq!(self.len, 0);
        self.len = bitmap::take_batch(&mut self.frames[..BATCH]);
    }

    /// Returns frames to the bitmap, those that were freed first, and keeps `kept`
    /// frames.
    #[cold]
    fn drain(&mut self, kept: usize) {
        let drained = self.len - kept;
        bitmap::return_batch(&self.frames[..drained]);
        self.frames.copy_within(drained..self.len, 0);
        self.len = kept;
    }
}

/// Allocates a frame for `purpose`; `None` if none is free, in the bitmap or in any
/// cache.
#[inline]
pub(super) fn allocate(purpose: Purpose) -> Option<usize> {
    // The thread may move to another CPU before it has the lock; then it uses the cache of the
    // previous CPU, which is only slower.
    let frame = CACHE.here().lock().pop(purpose);
    frame.or_else(|| allocate_slowly(purpose))
}

#[cold]
fn allocate_slowly(purpose: Purpose) -> Option<usize> {
    if !frame_info::is_started() {
        return bitmap::allocate_from(0..usize::MAX, purpose);
    }
    let refilled = || {
        let mut cache = CACHE.here().lock();
        if cache.len == 0 {
            cache.refill();
        }
        cache.pop(purpose)
    };
    loop {
        if let Some(frame) = refilled() {
            return Some(frame);
        }
        // Repeated as long as a cache had frames: another CPU may have taken the returned frames.
        let is_empty = drain_all() == 0;
        let frame = refilled();
        if frame.is_some() {
            return frame;
        }
        if is_empty {
            bitmap::note_failure();
            return None;
        }
    }
}

/// Frees a frame that was allocated for `purpose`.
///
/// # Panics
/// If it wasn't allocated for it, or has other owners.
///
/// # Safety
/// The frame is managed.
#[inline]
pub(super) unsafe fn free(frame: usize, purpose: Purpose) {
    if frame < LOW_FRAMES || !frame_info::is_started() {
        return bitmap::free(frame, 1, purpose);
    }
    let mut cache = CACHE.here().lock();
    // While the lock is held, so that the record and the tally change together for an audit.
    // SAFETY: the caller's promise, and frames have records.
    unsafe { frame_info::of_managed(frame) }.take_back(purpose);
    if cache.len == CACHED_MAX {
        cache.drain(CACHED_MAX - BATCH);
    }
    let len = cache.len;
    // Frames have 31 bits.
    cache.frames[len] = frame as u32;
    cache.len = len + 1;
    cache.tally.note_freed(1, purpose);
}

/// Returns all frames of all caches to the bitmap; returns their number.
pub(super) fn drain_all() -> usize {
    let mut drained = 0;
    for cpu in percpu::all() {
        let mut cache = CACHE.of(cpu).lock();
        if cache.len > 0 {
            drained += cache.len;
            cache.drain(0);
        }
    }
    drained
}

/// Returns the number of frames in the caches, and adds the caches' counts to `tally`.
pub(super) fn count(tally: &mut Tally) -> usize {
    let mut cached = 0;
    for cpu in percpu::all() {
        let cache = CACHE.of(cpu).lock();
        tally.add(&cache.tally);
        cached += cache.len;
    }
    cached
}
