//! A mounted file system.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::error::FsError;
use super::file_system::FileSystem;
use super::inode::Inode;
use super::namespace::dentry::Dentry;
use super::page_cache::PAGE_BYTES;

/// The use of a file system, as for statfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The size of a block, in bytes.
    pub block_bytes: u64,
    /// The number of blocks; 0 if there is no limit.
    pub blocks: u64,
    /// The number of free blocks.
    pub free_blocks: u64,
    /// The number of free blocks that are not reserved for root.
    pub available_blocks: u64,
    /// The largest number of inodes; 0 if there is no limit.
    pub inodes: u64,
    /// The number of inodes that can still be made.
    pub free_inodes: u64,
    /// The longest name, in bytes.
    pub name_max_bytes: u64,
    /// The number by which programs identify the kind of file system.
    pub magic: u64,
}

impl Default for Usage {
    /// Returns the use of a file system in memory without limits.
    fn default() -> Self {
        Self {
            block_bytes: PAGE_BYTES,
            blocks: 0,
            free_blocks: 0,
            available_blocks: 0,
            inodes: 0,
            free_inodes: 0,
            name_max_bytes: 255,
            magic: 0,
        }
    }
}

/// The operations of a kind of file system for a whole file system. The defaults are for file systems
/// in memory.
pub trait SuperBlockOps: Send + Sync {
    /// Returns the root directory.
    fn root(&self) -> Arc<Inode>;

    /// Returns the use of the file system.
    fn usage(&self) -> Usage;

    /// Writes all changes to the medium. May wait.
    ///
    /// # Errors
    /// The first error of the device.
    fn sync(&self) -> Result<(), FsError> {
        Ok(())
    }

    /// Writes all changes to the medium, and marks the file system as closed, until it is changed again.
    /// May wait.
    ///
    /// # Errors
    /// The first error of the device.
    fn close(&self) -> Result<(), FsError> {
        Ok(())
    }

    /// Returns the number of pages of its files in memory that are stored on a disk.
    fn page_count(&self) -> u64 {
        0
    }

    /// Removes up to `most` such pages that nothing uses from memory. Returns their number.
    fn reclaim(&self, most: u64) -> u64 {
        let _ = most;
        0
    }

    /// Prepares that the file system becomes read-only, or writable. May wait.
    ///
    /// # Errors
    /// [`FsError::ReadOnly`] if it can't be writable, [`FsError::Busy`] if a file without a name would be
    /// removed later, or the error of the device.
    fn set_read_only(&self, is_read_only: bool) -> Result<(), FsError> {
        let _ = is_read_only;
        Ok(())
    }

    /// Drops the file system's references to inodes, after its last mount has ended. Each inode
    /// ends when it is no longer in use.
    fn shut_down(&self) {}
}

/// The operations of a file system in memory that has no limits, and nothing to write or to drop.
struct InMemory {
    root: Arc<Inode>,
    magic: u64,
}

impl SuperBlockOps for InMemory {
    fn root(&self) -> Arc<Inode> {
        self.root.clone()
    }

    fn usage(&self) -> Usage {
        Usage { magic: self.magic, ..Usage::default() }
    }
}

/// A mounted file system.
pub struct SuperBlock {
    file_system: Arc<FileSystem>,
    ops: Box<dyn SuperBlockOps>,
    /// The root directory. All mounts share it, and so the entries below it.
    root: Arc<Dentry>,
    mounts: AtomicU32,
    is_read_only: AtomicBool,
}

impl SuperBlock {
    /// Makes a file system. `file_system` is the common state of its inodes.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        file_system: Arc<FileSystem>,
        ops: Box<dyn SuperBlockOps>,
    ) -> Result<Arc<Self>, FsError> {
        let root = Dentry::try_new(None, b"", Some(ops.root()))?;
        Ok(Arc::try_new(Self {
            file_system,
            ops,
            root,
            mounts: AtomicU32::new(0),
            is_read_only: AtomicBool::new(false),
        })?)
    }

    /// Makes a file system in memory, without limits, whose root directory is `root`. Programs identify
    /// its kind by the number `magic`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new_in_memory(
        file_system: Arc<FileSystem>,
        root: Arc<Inode>,
        magic: u64,
    ) -> Result<Arc<Self>, FsError> {
        Self::try_new(file_system, Box::try_new(InMemory { root, magic })?)
    }

    /// Returns the common state of its inodes.
    pub fn file_system(&self) -> &Arc<FileSystem> {
        &self.file_system
    }

    /// Returns the name of its kind, such as `tmpfs`.
    pub fn kind(&self) -> &'static str {
        self.file_system.kind()
    }

    /// Returns the root directory.
    #[inline]
    pub(super) fn root(&self) -> &Arc<Dentry> {
        &self.root
    }

    /// Returns the use of the file system.
    pub fn usage(&self) -> Usage {
        self.ops.usage()
    }

    /// Returns whether the file system is read-only for all mounts.
    #[inline]
    pub fn is_read_only(&self) -> bool {
        self.is_read_only.load(Ordering::Relaxed)
    }

    /// Records that the file system was opened for reading only.
    pub(super) fn note_read_only(&self) {
        self.is_read_only.store(true, Ordering::Relaxed);
    }

    /// Sets whether the file system is read-only for all mounts. May wait.
    ///
    /// # Errors
    /// [`FsError::Busy`] if a file is open for writing, or has no name any more,
    /// [`FsError::ReadOnly`] if the file system can't be writable, or the error of the device. It is as
    /// before then.
    pub fn set_read_only(&self, is_read_only: bool) -> Result<(), FsError> {
        let before = self.is_read_only();
        // Set before the changes are written, so that there are no later ones.
        if is_read_only {
            self.is_read_only.store(true, Ordering::Relaxed);
        }
        let is_busy = is_read_only && self.file_system.has_writers();
        let prepared =
            if is_busy { Err(FsError::Busy) } else { self.ops.set_read_only(is_read_only) };
        let now = if prepared.is_ok() { is_read_only } else { before };
        self.is_read_only.store(now, Ordering::Relaxed);
        prepared
    }

    /// Writes all changes to the medium. May wait.
    ///
    /// # Errors
    /// The first error of the device.
    pub fn sync(&self) -> Result<(), FsError> {
        self.ops.sync()
    }

    /// Writes all changes to the medium, and marks the file system as closed, until it is changed again.
    /// May wait.
    ///
    /// # Errors
    /// The first error of the device.
    pub(super) fn close(&self) -> Result<(), FsError> {
        self.ops.close()
    }

    /// Returns the number of pages of its files in memory that are stored on a disk.
    pub(super) fn page_count(&self) -> u64 {
        self.ops.page_count()
    }

    /// Removes up to `most` such pages that nothing uses from memory. Returns their number.
    pub(super) fn reclaim(&self, most: u64) -> u64 {
        self.ops.reclaim(most)
    }

    /// Counts a mount.
    pub(super) fn add_mount(&self) {
        self.mounts.fetch_add(1, Ordering::Relaxed);
    }

    /// Removes a mount; after the last one, runs `before` and shuts the file system down.
    pub(super) fn remove_mount(&self, before: impl FnOnce()) {
        if self.mounts.fetch_sub(1, Ordering::AcqRel) == 1 {
            before();
            self.ops.shut_down();
        }
    }
}
