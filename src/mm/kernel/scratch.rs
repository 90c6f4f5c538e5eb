//! A page of the kernel that is mapped and unmapped to measure how long that takes.
//!
//! Of the two pages of the range, the first one stays mapped as long as the range is taken. So the
//! page tables exist, and mapping the second page costs what the heap pays for a page at its end.

use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use paging::{PageSize, PagingError};
use x86_64::VirtAddr;

use crate::mm::kernel::frames::{AllocatedFrames, Purpose};
use crate::mm::kernel::kernel_space::{self, DATA};
use crate::mm::kernel::layout::{FRAME_BYTES, SCRATCH};

/// The reason why a page can't be mapped. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The range is taken.
    InUse,
    /// No frame is left.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InUse => "the scratch pages are in use",
            Self::NoMemory => "no memory is left for a page",
        })
    }
}

impl core::error::Error for Error {}

/// Whether the range is taken.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// The range, with its first page mapped. There is one such value at a time.
pub struct Scratch {
    /// Keeps the page tables.
    _first: MappedPage,
}

impl Scratch {
    /// Takes the range.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn try_new() -> Result<Self, Error> {
        if IS_TAKEN.swap(true, Ordering::Acquire) {
            return Err(Error::InUse);
        }
        match MappedPage::try_new(SCRATCH) {
            Ok(_first) => Ok(Self { _first }),
            Err(error) => {
                IS_TAKEN.store(false, Ordering::Release);
                Err(error)
            }
        }
    }

    /// Maps a new frame at the second page. Not for interrupt handlers.
    ///
    /// # Errors
    /// [`Error::NoMemory`]; [`Error::InUse`] if the page is mapped.
    pub fn map(&self) -> Result<MappedPage, Error> {
        MappedPage::try_new(SCRATCH + FRAME_BYTES)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        IS_TAKEN.store(false, Ordering::Release);
    }
}

/// A page of the range, mapped to a frame of its own. Dropping it unmaps the page, flushes it from
/// the TLBs of all CPUs, and frees the frame. Not for interrupt handlers.
pub struct MappedPage {
    page: VirtAddr,
}

impl MappedPage {
    fn try_new(page: VirtAddr) -> Result<Self, Error> {
        let frame = AllocatedFrames::try_new(Purpose::Other).ok_or(Error::NoMemory)?;
        let mut space = kernel_space::lock();
        match space.table.map(page, frame.start(), PageSize::Size4K, DATA) {
            Ok(()) => frame.leak(),
            Err(PagingError::NoMemory) => return Err(Error::NoMemory),
            Err(_) => return Err(Error::InUse),
        };
        Ok(Self { page })
    }
}

impl Drop for MappedPage {
    fn drop(&mut self) {
        // SAFETY: `try_new` has mapped it to a frame that it has leaked, and nothing accesses it.
        unsafe { kernel_space::lock().unmap_pages(self.page, 1, Purpose::Other) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::debug::address_kind::AddressKind;
    use crate::mm::debug::audit;
    use crate::mm::kernel::frames;

    #[test_case]
    fn scratch_pages_come_and_go() {
        let before = frames::counts();
        let scratch = Scratch::try_new().expect("there is memory");
        assert_eq!(Scratch::try_new().err(), Some(Error::InUse));
        for _ in 0..3 {
            let page = scratch.map().expect("there is memory");
            assert_eq!(AddressKind::of(page.page), AddressKind::Scratch);
            assert!(kernel_space::query(page.page).is_ok());
            assert_eq!(scratch.map().err(), Some(Error::InUse));
            assert_eq!(audit::run().broken, 0);
            let address = page.page;
            drop(page);
            assert_eq!(kernel_space::query(address).err(), Some(PagingError::NotMapped));
        }
        drop(scratch);
        assert_eq!(frames::counts().used, before.used);
        assert!(Scratch::try_new().is_ok());
    }
}
