//! A frame with any number of owners.

use x86_64::PhysAddr;

use super::allocated::AllocatedFrames;
use super::cpu_cache;
use super::frame_info::{self, FrameInfo, TooManyOwners};
use super::number;
use super::purpose::Purpose;
use crate::mm::kernel::layout::FRAME_BYTES;

/// A counted reference to a frame: for memory that several programs map, or that a
/// program and the page cache use. Dropping the last reference frees the frame.
#[derive(Debug, PartialEq, Eq)]
pub struct SharedFrame {
    frame: u32,
    purpose: Purpose,
}

impl SharedFrame {
    /// Makes a frame that can have several owners; the caller is the first.
    ///
    /// # Errors
    /// The frames, if there isn't exactly one.
    pub fn try_new(frames: AllocatedFrames) -> Result<Self, AllocatedFrames> {
        if frames.count() != 1 || frame_info::of(number(frames.start())).is_none() {
            return Err(frames);
        }
        let purpose = frames.purpose();
        Ok(Self { frame: number(frames.leak()) as u32, purpose })
    }

    /// Returns the frames of `frames` one by one, each with one owner.
    ///
    /// # Panics
    /// If they have no records.
    pub fn each_of(frames: AllocatedFrames) -> impl ExactSizeIterator<Item = Self> {
        let (count, purpose) = (frames.count(), frames.purpose());
        let first = number(frames.leak());
        let has_record = |frame| frame_info::of(frame).is_some();
        assert!((first..first + count).all(has_record), "frames are split after the start");
        (first..first + count).map(move |frame| Self { frame: frame as u32, purpose })
    }

    /// Takes a frame with one owner; `None` if none is free. Its content is undefined.
    #[inline]
    pub fn try_allocate(purpose: Purpose) -> Option<Self> {
        Self::try_new(AllocatedFrames::try_new(purpose)?).ok()
    }

    fn info(&self) -> &'static FrameInfo {
        frame_info::of(self.frame as usize).expect("`try_new` has checked this")
    }

    /// Returns the physical address of the first byte.
    pub fn start(&self) -> PhysAddr {
        PhysAddr::new(u64::from(self.frame) * FRAME_BYTES)
    }

    /// Returns the purpose of the frame.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Returns the current number of owners. While it is 1, only a clone of this
    /// reference can change it.
    pub fn owners(&self) -> u32 {
        self.info().owners()
    }

    /// Returns the current number of owners of the frame at `start`; the caller need not be an
    /// owner. 0 if the frame is free, or isn't RAM.
    pub(in crate::mm) fn owners_of(start: PhysAddr) -> u32 {
        frame_info::of(number(start)).map_or(0, FrameInfo::owners)
    }

    /// Adds an owner.
    ///
    /// # Errors
    /// [`TooManyOwners`] if no more can be counted; then nothing has changed.
    pub fn try_clone(&self) -> Result<Self, TooManyOwners> {
        self.info().add_owner()?;
        Ok(Self { frame: self.frame, purpose: self.purpose })
    }

    /// Turns the frame into one with a single owner, if this is the only owner: a write to a
    /// copy-on-write page then needs no copy.
    ///
    /// # Errors
    /// This frame, unchanged, if it has other owners.
    pub fn try_into_allocated(self) -> Result<AllocatedFrames, Self> {
        if self.owners() != 1 {
            return Err(self);
        }
        let (start, purpose) = (self.start(), self.purpose);
        core::mem::forget(self);
        // SAFETY: `try_new` has leaked it, and no other owner uses it.
        Ok(unsafe { AllocatedFrames::from_leaked(start, purpose) })
    }

    /// Passes this reference to a page table; returns the address of the frame.
    pub(in crate::mm) fn leak(self) -> PhysAddr {
        let start = self.start();
        core::mem::forget(self);
        start
    }

    /// Adds an owner to the frame at `start`, for a page table that already is one.
    ///
    /// # Errors
    /// [`TooManyOwners`] if no more can be counted; then nothing has changed.
    ///
    /// # Safety
    /// A page table has a reference that [`leak`](Self::leak) has passed to it, and keeps it
    /// meanwhile.
    pub(in crate::mm) unsafe fn add_leaked(start: PhysAddr) -> Result<(), TooManyOwners> {
        // SAFETY: the frame has an owner, so it is managed and has a record.
        unsafe { frame_info::of_managed(number(start)) }.add_owner()
    }

    /// Drops a reference that [`leak`](Self::leak) has passed to a page table.
    ///
    /// # Safety
    /// The page table doesn't have it any more.
    pub(in crate::mm) unsafe fn drop_leaked(start: PhysAddr) {
        let frame = number(start);
        // SAFETY: the frame has an owner, so it is managed and has a record.
        let info = unsafe { frame_info::of_managed(frame) };
        if info.is_last_or_remove_owner() {
            // SAFETY: as above.
            unsafe { cpu_cache::free(frame, info.purpose()) };
        }
    }

    /// Takes back a reference that [`leak`](Self::leak) has passed to a page table.
    ///
    /// # Safety
    /// The page table doesn't have it any more.
    pub(in crate::mm) unsafe fn from_leaked(start: PhysAddr) -> Self {
        let frame = number(start);
        let info = frame_info::of(frame).expect("shared frames have a record");
        Self { frame: frame as u32, purpose: info.purpose() }
    }

    /// Returns the word that an owner has set last; 0 at first.
    pub fn owner_word(&self) -> u64 {
        self.info().owner_word()
    }

    /// Sets the word for the owners, who define its meaning.
    pub fn set_owner_word(&self, word: u64) {
        self.info().set_owner_word(word);
    }
}

impl Drop for SharedFrame {
    fn drop(&mut self) {
        if self.info().is_last_or_remove_owner() {
            // SAFETY: it was allocated, so it is managed.
            unsafe { cpu_cache::free(self.frame as usize, self.purpose) };
        }
    }
}
