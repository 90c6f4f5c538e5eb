//! The contents of the pages of a region.

use alloc::sync::Arc;
use core::fmt;
use core::ops::Range;

use ::address_space::{Access, Backing as PureBacking, Sharing};

use super::page_table::PAGE_BYTES;
use super::reverse_map::ReverseMap;
use crate::mm::kernel::frames::SharedFrame;

/// The reason why an object has no page for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageError {
    /// The page is beyond the end of the object, or can't be read: SIGBUS for the program.
    Unavailable,
    /// No memory is left for the page.
    NoMemory,
}

/// An object that can be mapped, such as a file. Its pages are frames that all mappings share.
pub trait MappedObject: Send + Sync {
    /// Returns the page with this index, in pages from the start of the object. May wait.
    ///
    /// # Errors
    /// See [`PageError`].
    fn page(&self, index: u64) -> Result<SharedFrame, PageError>;

    /// Calls `found` with each page of `indexes`, in their order: `None` for a page that isn't in
    /// memory. Takes only spin locks. An object that can't do that doesn't call it at all.
    fn resident_pages(&self, _indexes: Range<u64>, _found: &mut dyn FnMut(Option<SharedFrame>)) {}

    /// Returns whether `page`, which [`page`](Self::page) has returned, is still the object's page
    /// with this index. Takes only spin locks.
    fn has(&self, _index: u64, _page: &SharedFrame) -> bool {
        true
    }

    /// Writes what programs have changed to the medium: msync(2). May wait.
    ///
    /// # Errors
    /// [`PageError::Unavailable`] if the device fails.
    fn sync(&self) -> Result<(), PageError> {
        Ok(())
    }

    /// Returns whether the object's page with this index is in memory, mapped or not. May wait, but
    /// not for a device.
    fn is_resident(&self, _index: u64) -> bool {
        false
    }

    /// Returns the reverse map of the object; `None` if its pages are never removed.
    fn reverse_map(&self) -> Option<&ReverseMap> {
        None
    }

    /// Returns whether a mapping may have this access.
    fn allows(&self, access: Access, sharing: Sharing) -> bool;

    /// Returns the number of the object's file system, and of its inode there; zeros if it isn't a
    /// file.
    fn file_number(&self) -> (u64, u64) {
        (0, 0)
    }

    /// Writes the object's name, as /proc/PID/maps shows it.
    ///
    /// # Errors
    /// The errors of the formatter.
    fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// The contents of the first page of a region.
#[derive(Clone)]
pub enum Backing {
    /// The page is filled with zeros.
    Anonymous,
    /// An object, from the given page on.
    Object {
        /// The object.
        object: Arc<dyn MappedObject>,
        /// The index of the page in the object.
        page: u64,
    },
}

/// The largest index of a page of an object: offsets in bytes are signed numbers of 64 bits.
const LAST_PAGE: u64 = i64::MAX as u64 / PAGE_BYTES;

impl PureBacking for Backing {
    fn advanced_by(&self, bytes: u64) -> Self {
        match self {
            Self::Anonymous => Self::Anonymous,
            Self::Object { object, page } => {
                Self::Object { object: object.clone(), page: page + bytes / PAGE_BYTES }
            }
        }
    }

    fn continues(&self, bytes: u64, next: &Self) -> bool {
        match (self, next) {
            (Self::Anonymous, Self::Anonymous) => true,
            (Self::Object { object, page }, Self::Object { object: other, page: next }) => {
                Arc::ptr_eq(object, other) && page + bytes / PAGE_BYTES == *next
            }
            _ => false,
        }
    }

    fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    fn allows(&self, access: Access, sharing: Sharing) -> bool {
        match self {
            Self::Anonymous => true,
            Self::Object { object, .. } => object.allows(access, sharing),
        }
    }

    fn spans(&self, len_bytes: u64) -> bool {
        match self {
            Self::Anonymous => true,
            Self::Object { page, .. } => page
                .checked_add(len_bytes.div_ceil(PAGE_BYTES))
                .is_some_and(|end| end <= LAST_PAGE + 1),
        }
    }
}

impl Backing {
    /// Returns the reverse map of its object, if it has one.
    pub(super) fn reverse_map(&self) -> Option<&ReverseMap> {
        match self {
            Self::Object { object, .. } => object.reverse_map(),
            Self::Anonymous => None,
        }
    }
}

impl fmt::Debug for Backing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Object { object, page } => {
                object.write_name(f)?;
                write!(f, " from page {page}")
            }
        }
    }
}
