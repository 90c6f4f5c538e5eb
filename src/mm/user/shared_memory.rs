//! Memory that processes share without a file: MAP_SHARED with MAP_ANONYMOUS.
//!
//! Its pages are allocated at the first access.

use core::fmt;

use ::address_space::{Access, Sharing};
use page_tree::PageTree;

use super::backing::{MappedObject, PageError};
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::sync::{Mutex, Rank};

/// Shared memory.
pub struct SharedMemory {
    /// Protects the allocated pages, by their indexes; taken by page faults.
    pages: Mutex<PageTree<SharedFrame>>,
}

impl SharedMemory {
    /// Makes shared memory without allocated pages.
    pub const fn new() -> Self {
        Self { pages: Mutex::new(Rank::SharedMemory, PageTree::new()) }
    }
}

impl Default for SharedMemory {
    fn default() -> Self {
        Self::new()
    }
}

impl MappedObject for SharedMemory {
    fn page(&self, index: u64) -> Result<SharedFrame, PageError> {
        let mut pages = self.pages.lock();
        if let Some(page) = pages.get(index) {
            return page.try_clone().map_err(|_| PageError::NoMemory);
        }
        let page = SharedFrame::try_new_zeroed(Purpose::User).ok_or(PageError::NoMemory)?;
        let own = page.try_clone().map_err(|_| PageError::NoMemory)?;
        pages.try_insert(index, page).map_err(|_| PageError::NoMemory)?;
        Ok(own)
    }

    fn is_resident(&self, index: u64) -> bool {
        self.pages.lock().get(index).is_some()
    }

    fn allows(&self, _access: Access, _sharing: Sharing) -> bool {
        true
    }

    fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/dev/zero (deleted)")
    }
}
