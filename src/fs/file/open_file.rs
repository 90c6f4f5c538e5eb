//! An open file.
//!
//! | module | what |
//! | --- | --- |
//! | [`transfer`] | reads and writes |
//! | [`seek`] | the position |
//! | [`directory`] | the entries of a directory |
//! | [`watch`] | readiness, and observers of it |

mod directory;
mod seek;
mod transfer;
mod watch;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::file_ops::FileOps;
use super::open_flags::{CHANGEABLE, OPENING, OpenFlags};
use super::readiness::Observer;
use super::regular;
use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::fs::locks::LockOwner;
use crate::fs::namespace::change;
use crate::fs::namespace::path::Path;
use crate::fs::page_cache::ReportedFailures;
use crate::fs::seals::Seals;
use crate::sync::{Mutex, Rank, SpinMutex};

pub use super::regular::Allocate;

/// The position from which a seek counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// From the start.
    Start,
    /// From the present position.
    Position,
    /// From the end.
    End,
    /// The next data at or after the offset.
    Data,
    /// The next hole at or after the offset, which is at the end of the file at the latest.
    Hole,
}

/// The contents that reads and writes access.
enum Contents {
    /// Pages of the inode.
    Pages,
    /// Entries of a directory.
    Directory,
    /// An object with its own operations.
    Special(Arc<dyn FileOps>),
    /// None: the file is open only as a path.
    Place,
}

/// An open file (POSIX: open file description). Several descriptors of several processes may share
/// it.
pub struct OpenFile {
    path: Path,
    flags: AtomicU32,
    contents: Contents,
    /// Whether reads and writes are at a position.
    has_position: bool,
    /// Whether it is counted as an open file that may write the inode's pages.
    is_writer: bool,
    /// Serialises reads, writes and seeks that use the position.
    position_lock: Mutex<()>,
    /// The position, which is only changed with the lock held.
    position: AtomicU64,
    /// The failed writes to the disk that have been reported.
    failures: ReportedFailures,
    /// Protects the observers that watch it while it is open; held to change the list.
    observers: SpinMutex<Vec<Arc<dyn Observer>>>,
}

impl OpenFile {
    /// Opens the file at `path`, after all checks. `special` handles reads and writes if the
    /// contents aren't pages.
    ///
    /// # Errors
    /// [`FsError::TextBusy`] or [`FsError::NoMemory`].
    pub(super) fn try_new(
        path: Path,
        flags: OpenFlags,
        special: Option<Arc<dyn FileOps>>,
    ) -> Result<Arc<Self>, FsError> {
        let contents = match (special, path.inode().kind()) {
            _ if flags.contains(OpenFlags::PATH) => Contents::Place,
            (Some(ops), _) => Contents::Special(ops),
            (None, FileKind::Directory) => Contents::Directory,
            (None, _) => Contents::Pages,
        };
        let flags = flags & !OPENING;
        let is_writer = matches!(contents, Contents::Pages) && flags.can_write();
        if is_writer {
            path.inode().begin_writing()?;
        }
        Self::with_contents(path, flags, contents, is_writer)
    }

    /// Opens a new file at `path` for reading and writing. As on Linux, it isn't counted as a
    /// writer: a program can run from the file as long as the file isn't opened again.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new_uncounted(path: Path) -> Result<Arc<Self>, FsError> {
        Self::with_contents(path, OpenFlags::READ_WRITE, Contents::Pages, false)
    }

    fn with_contents(
        path: Path,
        flags: OpenFlags,
        contents: Contents,
        is_writer: bool,
    ) -> Result<Arc<Self>, FsError> {
        let has_position = match &contents {
            Contents::Special(ops) => ops.has_position(),
            _ => true,
        };
        let file = Self {
            failures: ReportedFailures::of(path.inode().pages()),
            path,
            flags: AtomicU32::new(flags.bits()),
            contents,
            has_position,
            is_writer,
            position_lock: Mutex::new(Rank::FilePosition, ()),
            position: AtomicU64::new(0),
            observers: SpinMutex::new(Rank::Files, Vec::new()),
        };
        // If there is no memory, the file is dropped, which decrements the count of writers.
        Ok(Arc::try_new(file)?)
    }

    /// Returns its path.
    #[inline]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its inode.
    #[inline]
    pub fn inode(&self) -> &Arc<Inode> {
        self.path.inode()
    }

    /// Returns its flags.
    #[inline]
    pub fn flags(&self) -> OpenFlags {
        OpenFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// Returns whether its operations never wait.
    #[inline]
    pub fn is_nonblocking(&self) -> bool {
        self.flags().contains(OpenFlags::NONBLOCK)
    }

    /// Sets the flags that can be changed: see [`CHANGEABLE`].
    pub fn set_flags(&self, flags: OpenFlags) {
        let change = |old: u32| Some(old & !CHANGEABLE.bits() | (flags & CHANGEABLE).bits());
        // The closure never returns `None`, so this can't fail.
        let _ = self.flags.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// Returns the current position, which may change at any time.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Sets the position, whose lock is held.
    fn set_position(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }

    /// Returns the object that handles reads and writes, if that isn't the page cache.
    pub fn special(&self) -> Option<&Arc<dyn FileOps>> {
        match &self.contents {
            Contents::Special(ops) => Some(ops),
            _ => None,
        }
    }

    /// Returns whether it is open only as a path.
    pub fn is_place(&self) -> bool {
        matches!(self.contents, Contents::Place)
    }

    /// Returns the owner of the locks that it has as an open file.
    pub fn lock_owner(&self) -> LockOwner {
        LockOwner::OpenFile(core::ptr::from_ref(self).addr())
    }

    /// Sets the size.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] unless it is a regular file that is open for writing.
    pub fn set_size(&self, size_bytes: u64) -> Result<(), FsError> {
        match self.contents {
            Contents::Pages if self.flags().can_write() => change::resize(self.inode(), size_bytes),
            Contents::Place => Err(FsError::NotOpenForThis),
            _ => Err(FsError::InvalidArgument),
        }
    }

    /// Writes the changes of the contents to the disk, without the attributes and without waiting for
    /// the medium: sync_file_range(2). May wait.
    ///
    /// # Errors
    /// The error of the device, once for each open file.
    pub fn write_back(&self) -> Result<(), FsError> {
        let pages = self.inode().pages();
        self.failures.report(pages, pages.write_back())
    }

    /// Writes all changes of the file to the medium: fsync(2). May wait.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] if there is no medium; the error of the device, once for each open
    /// file.
    pub fn sync(&self) -> Result<(), FsError> {
        if let Contents::Special(ops) = &self.contents {
            return ops.sync();
        }
        let written = self.write_back();
        written.and(self.inode().ops().sync())
    }

    /// Adds seals, after a write that has begun has ended.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`], [`FsError::Busy`].
    pub fn add_seals(&self, seals: Seals) -> Result<(), FsError> {
        let _lock = self.inode().lock().write();
        self.inode().sealing().add(seals)
    }

    /// Allocates or removes the pages of a range of the file. If there is no room for all of them,
    /// some are allocated.
    ///
    /// # Errors
    /// [`FsError::NotOpenForThis`], [`FsError::NoDevice`] if it isn't a regular file,
    /// [`FsError::TooLarge`], [`FsError::NoSpace`].
    pub fn allocate(&self, how: Allocate, offset: u64, len: u64) -> Result<(), FsError> {
        self.check_write()?;
        match &self.contents {
            Contents::Pages => regular::allocate(self.inode(), how, offset, len),
            Contents::Special(_) if !self.has_position => Err(FsError::NotSeekable),
            _ => Err(FsError::WrongDevice),
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if self.is_writer {
            self.inode().end_writing();
        }
        if let Some(locks) = self.inode().locks_if_any() {
            locks.release(self.lock_owner());
        }
        let observers = core::mem::take(&mut *self.observers.lock());
        if let Some(queue) = self.poll_queue() {
            observers.iter().for_each(|observer| queue.unwatch(observer));
        }
    }
}

impl core::fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "OpenFile({:?} {:?})", self.path.dentry(), self.flags())
    }
}
