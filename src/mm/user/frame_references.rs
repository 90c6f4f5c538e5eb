//! The references of a page of a page table to its frames: one for each frame, so 512 for a huge
//! page. So a huge page can be split, and its parts copied, unmapped or shared separately, without
//! access to other page tables.

use alloc::vec::Vec;

use heapless::Vec as ShortVec;
use paging::{GenericPTE, Leaf, Mapping, PageSize, X64PTE};
use x86_64::PhysAddr;

use crate::mm::kernel::frames::{AllocatedFrames, SharedFrame};
use crate::mm::kernel::layout::FRAME_BYTES;

/// Returns the number of frames of a page of `size`.
pub(super) fn count(size: PageSize) -> u64 {
    size.bytes() / FRAME_BYTES
}

/// The frames of a page that is no longer in the table. Dropping this drops the references to them.
pub(super) struct TakenFrames {
    first: PhysAddr,
    count: u64,
}

impl TakenFrames {
    /// Takes the references of a leaf that is no longer in the table; `None` if it held none.
    ///
    /// # Safety
    /// The leaf was removed from the table, and its references have not been taken before.
    pub(super) unsafe fn of(leaf: Leaf<X64PTE>) -> Option<Self> {
        let entry = leaf.entry();
        entry.is_page().then(|| Self { first: entry.paddr(), count: count(leaf.size()) })
    }

    /// Returns the number of frames.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

impl Drop for TakenFrames {
    fn drop(&mut self) {
        // SAFETY: the page held a reference to the frame, which no other code has taken (`of`).
        let drop_one = |frame| unsafe { SharedFrame::drop_leaked(frame) };
        match self.count {
            // The usual case, without an iterator.
            1 => drop_one(self.first),
            count => frames(self.first, count).for_each(drop_one),
        }
    }
}

/// A list of frames that are freed together, after a flush.
pub(super) trait FrameList {
    /// Adds the frames of a page.
    ///
    /// # Panics
    /// If it is full.
    fn add(&mut self, frames: TakenFrames);
    /// Returns whether the list is full.
    fn is_full(&self) -> bool;
    /// Drops the references to all frames.
    fn drop_all(&mut self);
}

impl<const N: usize> FrameList for ShortVec<TakenFrames, N> {
    fn add(&mut self, frames: TakenFrames) {
        self.push(frames).unwrap_or_else(|_| panic!("the list is full"));
    }

    fn is_full(&self) -> bool {
        ShortVec::is_full(self)
    }

    fn drop_all(&mut self) {
        self.clear();
    }
}

/// A list with the reserved capacity as its limit.
impl FrameList for Vec<TakenFrames> {
    fn add(&mut self, frames: TakenFrames) {
        assert!(self.len() < self.capacity(), "the list is full");
        self.push(frames);
    }

    fn is_full(&self) -> bool {
        self.len() == self.capacity()
    }

    fn drop_all(&mut self) {
        self.clear();
    }
}

/// The references to the frames of a new page, before it is in a table. Dropping this frees them.
pub(super) struct NewFrames(AllocatedFrames);

impl NewFrames {
    /// Makes the references to frames that have no other reference. Each frame of an allocation can
    /// be freed separately.
    pub(super) fn new(frames: AllocatedFrames) -> Self {
        Self(frames)
    }

    /// Returns the address of the first frame.
    pub(super) fn start(&self) -> PhysAddr {
        self.0.start()
    }

    /// Returns the number of frames.
    pub(super) fn count(&self) -> u64 {
        self.0.count() as u64
    }

    /// Passes the references to a page table.
    pub(super) fn leak(self) {
        self.0.leak();
    }
}

/// Adds a reference to each frame of a mapped page, for another page with the same frames. Returns
/// whether that was possible; if not, no reference is added.
///
/// # Safety
/// The leaf is a page of a page table, and stays one until this has returned.
pub(super) unsafe fn add(leaf: Leaf<X64PTE>) -> bool {
    let first = leaf.entry().paddr();
    // SAFETY: the page holds a reference to the frame, by the caller's promise.
    let add_one = |frame| unsafe { SharedFrame::add_leaked(frame) };
    let count = count(leaf.size());
    if count == 1 {
        // The usual case, without an iterator.
        return add_one(first).is_ok();
    }
    for (done, frame) in frames(first, count).enumerate() {
        if add_one(frame).is_err() {
            drop(TakenFrames { first, count: done as u64 });
            return false;
        }
    }
    true
}

/// Returns whether a page that was found to be mapped as `mapping` holds the only references to its
/// frames. Only valid if the page is still mapped that way.
pub(super) fn are_only(mapping: &Mapping) -> bool {
    frames(mapping.paddr, count(mapping.size)).all(|frame| SharedFrame::owners_of(frame) == 1)
}

fn frames(first: PhysAddr, count: u64) -> impl Iterator<Item = PhysAddr> {
    (0..count).map(move |index| first + index * FRAME_BYTES)
}
