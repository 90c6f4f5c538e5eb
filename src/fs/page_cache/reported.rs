//! The failures that an open file has reported.

use core::sync::atomic::{AtomicU32, Ordering};

use super::PageCache;
use crate::fs::error::FsError;

/// The number of failed writes of a file, or of a device, that one of its open files has reported. So
/// each open file reports each failure once.
pub(in crate::fs) struct ReportedFailures(AtomicU32);

impl ReportedFailures {
    /// Takes all failures of `pages` until now as reported.
    pub(in crate::fs) fn of(pages: &PageCache) -> Self {
        Self(AtomicU32::new(pages.failures()))
    }

    /// Returns the outcome of a write-back of `pages` that has ended with `result`, to be reported.
    ///
    /// # Errors
    /// [`FsError::Io`] if a write has failed since the last report, whoever has caused it; otherwise the
    /// error of `result`.
    pub(in crate::fs) fn report(
        &self,
        pages: &PageCache,
        result: Result<(), FsError>,
    ) -> Result<(), FsError> {
        let failures = pages.failures();
        let is_new = self.0.swap(failures, Ordering::Relaxed) != failures;
        if is_new { Err(FsError::Io) } else { result }
    }
}
