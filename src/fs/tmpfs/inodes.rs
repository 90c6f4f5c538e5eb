//! The table of a tmpfs's inodes.

use alloc::sync::Arc;
use core::sync::atomic::AtomicU64;

use page_tree::PageTree;

use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::fs::page_cache::PageBudget;
use crate::sync::SpinMutex;

/// A file system in memory.
pub(super) struct Tmpfs {
    /// Protects the inodes that have names, by their numbers; held to find, add or remove one; not
    /// taken by interrupt handlers.
    pub(super) inodes: SpinMutex<PageTree<Arc<Inode>>>,
    pub(super) next_number: AtomicU64,
    /// Counts inodes, including those that no longer have names.
    pub(super) inode_budget: PageBudget,
    pub(super) page_budget: Arc<PageBudget>,
}

impl Tmpfs {
    /// Adds an inode to the table.
    pub(super) fn keep(&self, inode: Arc<Inode>) -> Result<(), FsError> {
        let number = inode.number();
        self.inodes.lock().try_insert(number, inode)?;
        Ok(())
    }

    /// Returns the inode with this number.
    pub(super) fn find(&self, number: u64) -> Option<Arc<Inode>> {
        self.inodes.lock().get(number).cloned()
    }

    /// Removes the inode with this number, which no longer has names, from the table. It ends when
    /// it is no longer in use.
    pub(super) fn forget(&self, number: u64) {
        let forgotten = self.inodes.lock().remove(number);
        drop(forgotten);
    }
}
