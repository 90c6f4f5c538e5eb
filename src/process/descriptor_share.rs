//! The descriptors that a process uses: a table of its own, or one that it shares with others
//! (clone(2) with CLONE_FILES) until it runs another program.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Once;

use super::descriptors::{DescriptorError, Descriptors};

/// The use of a table of descriptors by a process.
pub(super) struct DescriptorShare {
    /// The table that it has begun with.
    first: Arc<Descriptors>,
    /// The table of its own since an exec, if it shared the first one then.
    own: Once<Arc<Descriptors>>,
    is_released: AtomicBool,
}

impl DescriptorShare {
    /// Begins with a table that has no other user, or of which this one is counted.
    pub(super) const fn new(first: Arc<Descriptors>) -> Self {
        Self { first, own: Once::new(), is_released: AtomicBool::new(false) }
    }

    /// Returns the table.
    #[inline]
    pub(super) fn table(&self) -> &Arc<Descriptors> {
        self.own.get().unwrap_or(&self.first)
    }

    /// Returns the use of the same table by another process.
    pub(super) fn share(&self) -> Self {
        let table = self.table();
        table.add_user();
        Self::new(table.clone())
    }

    /// Returns the use of a copy of the table by another process.
    ///
    /// # Errors
    /// [`DescriptorError::NoMemory`].
    pub(super) fn try_copy(&self) -> Result<Self, DescriptorError> {
        let copy = Arc::try_new(self.table().try_clone()?);
        copy.map(Self::new).map_err(|_| DescriptorError::NoMemory)
    }

    /// Makes the table one that no other process uses.
    ///
    /// # Errors
    /// [`DescriptorError::NoMemory`]; also if the process shares its descriptors once more after it
    /// has had a table of its own.
    pub(super) fn unshare(&self) -> Result<(), DescriptorError> {
        let table = self.table();
        if !table.has_other_users() {
            return Ok(());
        }
        if self.own.is_completed() {
            return Err(DescriptorError::NoMemory);
        }
        let own = Arc::try_new(table.try_clone()?).map_err(|_| DescriptorError::NoMemory)?;
        self.own.call_once(|| own);
        self.first.remove_user();
        Ok(())
    }

    /// Ends the use: the last user closes all.
    pub(super) fn release(&self) {
        if !self.is_released.swap(true, Ordering::AcqRel) {
            self.table().remove_user();
        }
    }
}

impl Drop for DescriptorShare {
    fn drop(&mut self) {
        self.release();
    }
}
