//! A limit of the number of pages of a file system.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::fs::error::FsError;

/// A limit of the number of pages of all files of a file system.
#[derive(Debug)]
pub struct PageBudget {
    limit: u64,
    used: AtomicU64,
}

impl PageBudget {
    /// Makes a budget of `limit` pages.
    pub const fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    /// Returns the limit.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns the number of used pages.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Counts a page as used.
    ///
    /// # Errors
    /// [`FsError::NoSpace`].
    pub(in crate::fs) fn take(&self) -> Result<(), FsError> {
        let one_more = |used| if used < self.limit { Some(used + 1) } else { None };
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        taken.map(drop).map_err(|_| FsError::NoSpace)
    }

    /// Counts pages as no longer used.
    pub(in crate::fs) fn put_back(&self, pages: u64) {
        self.used.fetch_sub(pages, Ordering::Relaxed);
    }
}
