//! The descriptors that a process uses: its own table, or one that it shares with other processes
//! (clone(2) with CLONE_FILES) until it runs another program.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use spin::Once;

use super::descriptors::{DescriptorError, Descriptors};

/// A process's use of a table of descriptors.
pub(super) struct DescriptorShare {
    /// The table that the process had at its start.
    first: Arc<Descriptors>,
    /// The process's own table since an exec, if it shared the first table at that time.
    own: Once<Arc<Descriptors>>,
    is_released: AtomicBool,
}

impl DescriptorShare {
    /// Makes the use of a table that has no other user, or whose users include this one.
    pub(super) const fn new(first: Arc<Descriptors>) -> Self {
        Self { first, own: Once::new(), is_released: AtomicBool::new(false) }
    }

    /// Returns the table that is used.
    #[inline]
    pub(super) fn table(&self) -> &Arc<Descriptors> {
        self.own.get().unwrap_or(&self.first)
    }

    /// Makes another process's use of the same table.
    pub(super) fn share(&self) -> Self {
        let table = self.table();
        table.add_user();
        Self::new(table.clone())
    }

    /// Makes another process's use of a copy of the table.
    ///
    /// # Errors
    /// [`DescriptorError::NoMemory`].
    pub(super) fn try_copy(&self) -> Result<Self, DescriptorError> {
        let copy = Arc::try_new(self.table().try_clone()?);
        copy.map(Self::new).map_err(|_| DescriptorError::NoMemory)
    }

    /// Gives the process a table that no other process uses.
    ///
    /// # Errors
    /// [`DescriptorError::NoMemory`]; also if the process shares its descriptors again after it has
    /// had its own table.
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

    /// Ends the use. The last user closes all descriptors.
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
