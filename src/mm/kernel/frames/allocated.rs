//! Frames that have one owner.

use x86_64::PhysAddr;

use super::purpose::Purpose;
use super::{bitmap, cpu_cache, frame_info, number};
use crate::mm::kernel::layout::FRAME_BYTES;

/// Adjacent frames with one owner. Dropping this frees them.
#[derive(Debug, PartialEq, Eq)]
pub struct AllocatedFrames {
    /// The number of the first frame, which has at most 31 bits.
    first: u32,
    count: u32,
    purpose: Purpose,
}

/// The requirements for a run of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// How many frames.
    pub count: usize,
    /// The alignment: the first frame's number is a multiple of this.
    pub align_frames: usize,
    /// The highest address at which the run may end. Devices may need 16 MiB or 4 GiB.
    pub below: PhysAddr,
}

impl AllocatedFrames {
    fn new(first: usize, count: usize, purpose: Purpose) -> Self {
        Self { first: first as u32, count: count as u32, purpose }
    }

    /// Takes a frame; `None` if none is free. Its content is undefined.
    ///
    /// The frame comes from the cache of this CPU, which takes the highest free frames: those below
    /// 4 GiB and below 16 MiB, which some devices need, are taken last.
    #[inline]
    pub fn try_new(purpose: Purpose) -> Option<Self> {
        Some(Self::new(cpu_cache::allocate(purpose)?, 1, purpose))
    }

    /// Allocates adjacent frames from a free block, whose size is a power of two and at
    /// least the count and the alignment. `None` if there is no such block, if the count
    /// is 0, or if the alignment isn't a power of two.
    ///
    /// The cost of the search doesn't depend on fragmentation; marking takes a few instructions for
    /// 64 frames, writing the records a few for each frame. If there is no such run, the caches of
    /// all CPUs are emptied and the search is repeated.
    pub fn try_new_run(run: Run, purpose: Purpose) -> Option<Self> {
        let below = number(run.below);
        let take = || bitmap::allocate_run(run.count, run.align_frames, below, purpose);
        Some(Self::new(or_after_draining(take)?, run.count, purpose))
    }

    /// Like [`try_new_run`](Self::try_new_run), for a caller that can do without the frames: the
    /// caches stay unchanged, and a failure isn't counted.
    pub fn try_new_spare_run(run: Run, purpose: Purpose) -> Option<Self> {
        let below = number(run.below);
        let first = bitmap::allocate_run(run.count, run.align_frames, below, purpose)?;
        Some(Self::new(first, run.count, purpose))
    }

    /// Takes the highest free frame between `start` and `end`; `None` if none is free there. If
    /// there is none at first, empties the caches of all CPUs and tries again.
    pub fn try_new_within(start: PhysAddr, end: PhysAddr, purpose: Purpose) -> Option<Self> {
        let take = || bitmap::allocate_from(number(start)..number(end), purpose);
        Some(Self::new(or_after_draining(take)?, 1, purpose))
    }

    /// Takes ownership of `count` adjacent frames from `start` on, the address of a frame, which
    /// were not managed. `None` if one of them is managed, or has no record.
    ///
    /// # Safety
    /// They are RAM in the direct map that nothing else uses.
    pub(in crate::mm) unsafe fn adopt(
        start: PhysAddr,
        count: usize,
        purpose: Purpose,
    ) -> Option<Self> {
        let first = number(start);
        bitmap::adopt(first, count, purpose).then(|| Self::new(first, count, purpose))
    }

    /// Returns the physical address of the first byte.
    #[inline]
    pub fn start(&self) -> PhysAddr {
        PhysAddr::new(u64::from(self.first) * FRAME_BYTES)
    }

    /// Returns the number of frames.
    #[inline]
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Returns the purpose of the frames.
    #[inline]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Sets the owner's word in the records of the frames. The owner defines its meaning.
    pub fn set_owner_word(&mut self, word: u64) {
        let frames = self.first as usize..self.first as usize + self.count();
        frames.filter_map(frame_info::of).for_each(|info| info.set_owner_word(word));
    }

    /// Passes the ownership to a page table or another type; returns the address of the first
    /// frame.
    pub(in crate::mm) fn leak(self) -> PhysAddr {
        let start = self.start();
        core::mem::forget(self);
        start
    }

    /// Makes the owner of a frame from the frame's address.
    ///
    /// # Safety
    /// The address comes from [`leak`](Self::leak) of a single frame for the same
    /// purpose, and nothing uses the frame any more.
    pub(in crate::mm) unsafe fn from_leaked(start: PhysAddr, purpose: Purpose) -> Self {
        Self::new(number(start), 1, purpose)
    }
}

impl Drop for AllocatedFrames {
    #[inline]
    fn drop(&mut self) {
        if self.count == 1 {
            // SAFETY: it was allocated, so it is managed.
            unsafe { cpu_cache::free(self.first as usize, self.purpose) };
        } else {
            bitmap::free(self.first as usize, self.count(), self.purpose);
        }
    }
}

/// Returns the result of `take`; if that is `None`, empties the caches and calls `take` again.
fn or_after_draining(take: impl Fn() -> Option<usize>) -> Option<usize> {
    let first = take().or_else(|| if cpu_cache::drain_all() > 0 { take() } else { None });
    if first.is_none() {
        bitmap::note_failure();
    }
    first
}
