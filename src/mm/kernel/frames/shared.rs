//! A frame that has any number of owners.

use x86_64::PhysAddr;

use super::allocated::AllocatedFrames;
use super::cpu_cache;
use super::frame_info::{self, FrameInfo, TooManyOwners};
use super::number;
use super::purpose::Purpose;
use crate::mm::kernel::layout::FRAME_BYTES;

/// One owner's hold on a frame: pages of several programs that show the same memory, or a
/// page and the page cache. Dropping the last one frees the frame.
#[derive(Debug, PartialEq, Eq)]
pub struct SharedFrame {
    frame: u32,
    purpose: Purpose,
}

impl SharedFrame {
    /// Makes a frame one that can have more owners; the first is the holder of this.
    ///
    /// # Errors
    /// The frames, if these are not one.
    pub fn try_new(frames: AllocatedFrames) -> Result<Self, AllocatedFrames> {
        if frames.count() != 1 || frame_info::of(number(frames.start())).is_none() {
            return Err(frames);
        }
        let purpose = frames.purpose();
        Ok(Self { frame: number(frames.leak()) as u32, purpose })
    }

    fn info(&self) -> &'static FrameInfo {
        frame_info::of(self.frame as usize).expect("`try_new` has seen the record")
    }

    /// Returns the physical address of the first byte.
    pub fn start(&self) -> PhysAddr {
        PhysAddr::new(u64::from(self.frame) * FRAME_BYTES)
    }

    /// Returns how many owners there are, as of now: 1 stays 1 while this isn't cloned.
    pub fn owners(&self) -> u32 {
        self.info().owners()
    }

    /// Adds an owner.
    ///
    /// # Errors
    /// [`TooManyOwners`] if no more can be counted; nothing has changed then.
    pub fn try_clone(&self) -> Result<Self, TooManyOwners> {
        self.info().add_owner()?;
        Ok(Self { frame: self.frame, purpose: self.purpose })
    }

    /// Makes the frame one that has one owner for good, if this is the only one: who writes
    /// to a frame that is copied on write needs no copy then.
    ///
    /// # Errors
    /// This, if there are others.
    pub fn try_into_allocated(self) -> Result<AllocatedFrames, Self> {
        if self.owners() != 1 {
            return Err(self);
        }
        let (start, purpose) = (self.start(), self.purpose);
        core::mem::forget(self);
        // SAFETY: `try_new` has leaked it, and no other owner is there to use it.
        Ok(unsafe { AllocatedFrames::from_leaked(start, purpose) })
    }

    /// Returns the word that the owners have set, 0 at first.
    pub fn owner_word(&self) -> u64 {
        self.info().owner_word()
    }

    /// Sets the word of the owners: what it means is their affair.
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
