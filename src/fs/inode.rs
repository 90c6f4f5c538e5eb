//! A file, without its names.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use spin::Once;

use super::attributes::{Attributes, DeviceNumber, FileKind, Metadata, Mode, Permissions, Touch};
use super::directory_entry::{DirectoryEntry, RenameKind};
use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file_system::FileSystem;
use super::locks::FileLocks;
use super::new_inode::{NewInode, refusal};
use super::page_cache::{PAGE_BYTES, PageCache};
use super::pipe::Pipe;
use super::seals::Sealing;
use crate::sync::{Mutex, Rank, RwLock};

/// The target of a symbolic link without a stored text.
pub enum LinkTarget {
    /// This text, which was made for this walk.
    Text(Box<[u8]>),
    /// This place, independent of its path: a [`Path`](super::namespace::path::Path), a type that is
    /// defined above inodes.
    Place(Box<dyn Any + Send + Sync>),
}

/// The operations of a file system on its inodes. The defaults are for kinds of files that don't
/// support the operation. Methods that change a directory are called with its [lock](Inode::lock)
/// held for writing, methods that only read it with the lock held for reading. The caller has
/// checked the permissions.
pub trait InodeOps: Send + Sync + Any {
    /// Returns the inode of `name` in `directory`; `None` if the name is free.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`], or the error of the device.
    fn lookup(&self, directory: &Inode, name: &[u8]) -> Result<Option<Arc<Inode>>, FsError> {
        let _ = (directory, name);
        Err(FsError::NotADirectory)
    }

    /// Makes an inode with the name `name`, which is free in `directory`. An inode without a name
    /// is removed when nothing uses it any more.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`] and others; then nothing has changed.
    fn create(
        &self,
        directory: &Inode,
        name: Option<&[u8]>,
        new: NewInode<'_>,
    ) -> Result<Arc<Inode>, FsError> {
        let _ = directory;
        Err(refusal(name.is_some(), new.kind))
    }

    /// Makes `name`, which is free, another name of `inode`.
    ///
    /// # Errors
    /// As [`create`](Self::create), and [`FsError::TooManyNames`].
    fn link(&self, directory: &Inode, name: &[u8], inode: &Arc<Inode>) -> Result<(), FsError> {
        let _ = (directory, name, inode);
        Err(FsError::NotPermitted)
    }

    /// Removes `name`, which is a name of `inode`. If `inode` is a directory, its lock is also held
    /// for writing.
    ///
    /// # Errors
    /// [`FsError::NotEmpty`].
    fn remove(&self, directory: &Inode, name: &[u8], inode: &Inode) -> Result<(), FsError> {
        let _ = (directory, name, inode);
        Err(FsError::NotPermitted)
    }

    /// Moves a name of `inode` from `from`, a directory and the name in it, to `to`, where
    /// `replaced` has the name, if it exists. The locks of both directories are held, and that of a
    /// replaced directory.
    ///
    /// # Errors
    /// [`FsError::NotEmpty`], [`FsError::NoSpace`], [`FsError::NoMemory`].
    fn rename(
        &self,
        from: (&Inode, &[u8], &Inode),
        to: (&Inode, &[u8], Option<&Inode>),
        kind: RenameKind,
    ) -> Result<(), FsError> {
        let _ = (from, to, kind);
        Err(FsError::NotPermitted)
    }

    /// Calls `found` with the entries of `directory` from `cursor` on, until it returns false. The
    /// entries `.` and `..` come first, at 0 and 1. An entry that exists all the time is passed
    /// once, whatever else changes between two calls.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`], or the error of the device.
    fn read_directory(
        &self,
        directory: &Inode,
        cursor: u64,
        found: &mut dyn FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<(), FsError> {
        let _ = (directory, cursor, found);
        Err(FsError::NotADirectory)
    }

    /// Returns the text of a symbolic link, if it is stored.
    fn link_text(&self) -> Option<&[u8]> {
        None
    }

    /// Returns the target of a symbolic link without a stored text.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] if it isn't a link, and the errors of the file system.
    fn follow(&self, inode: &Inode) -> Result<LinkTarget, FsError> {
        let _ = inode;
        Err(FsError::InvalidArgument)
    }

    /// Returns the object that handles reads and writes of a file that doesn't use the page cache,
    /// such as one of procfs; `None` if the contents are in the page cache.
    ///
    /// # Errors
    /// The errors of the file system.
    fn open(&self, inode: &Inode) -> Result<Option<Arc<dyn FileOps>>, FsError> {
        let _ = inode;
        Ok(None)
    }

    /// Sets the size of a regular file. The inode's lock is held for writing.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::TooLarge`], [`FsError::NoMemory`], or the error of the device;
    /// then nothing has changed.
    fn resize(&self, inode: &Inode, size_bytes: u64) -> Result<(), FsError> {
        let is_shorter = size_bytes < inode.size_bytes();
        inode.attributes().set_size_bytes(size_bytes);
        if is_shorter { inode.pages().truncate(size_bytes) } else { Ok(()) }
    }

    /// Prepares a write that begins at `offset`, behind the end of a regular file. The inode's lock is
    /// held for writing.
    ///
    /// # Errors
    /// As [`resize`](Self::resize).
    fn fill_gap(&self, inode: &Inode, offset: u64) -> Result<(), FsError> {
        let _ = (inode, offset);
        Ok(())
    }

    /// Called when attributes that aren't the size have been changed, and after each write.
    fn note_change(&self) {}

    /// Writes the changes of the contents and of the attributes of `inode` to the disk and to the file
    /// system, which keeps some in memory. May wait.
    ///
    /// # Errors
    /// The first error of the device.
    fn write_back(&self, inode: &Inode) -> Result<(), FsError> {
        let _ = inode;
        Ok(())
    }

    /// Writes what was changed in the attributes, and all that the file system needs to find the file
    /// again, to the medium: the end of fsync(2). May wait.
    ///
    /// # Errors
    /// The error of the device.
    fn sync(&self) -> Result<(), FsError> {
        Ok(())
    }

    /// Returns the room that the file takes, in blocks of 512 bytes, if it isn't that of its pages in
    /// memory.
    fn blocks_512(&self) -> Option<u64> {
        None
    }

    /// Checks that the mode, the owner and the times can be set.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`].
    fn check_change(&self) -> Result<(), FsError> {
        Ok(())
    }
}

/// A file: names refer to it, and open files read and write it.
pub struct Inode {
    number: u64,
    kind: FileKind,
    represents: DeviceNumber,
    attributes: Attributes,
    /// Whether changes have to be written to a disk.
    is_on_disk: bool,
    file_system: Arc<FileSystem>,
    /// For a directory, held to look up names in the file system, or to change them; for a file, to
    /// write or truncate it. All code that changes several attributes takes it for writing.
    lock: RwLock<()>,
    ops: Box<dyn InodeOps>,
    pages: PageCache,
    /// The pipe of a FIFO, while that is open.
    fifo: Once<Mutex<Weak<Pipe>>>,
    sealing: Sealing,
    /// Whether a first name can be added to this file, which was made without one.
    is_linkable: AtomicBool,
    /// Its advisory locks; made with the first lock.
    locks: Once<Box<FileLocks>>,
    /// The number of open files that may write, or, negated, of programs that run from it.
    writers: AtomicI32,
}

impl Inode {
    /// Makes an inode with one name.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        file_system: &Arc<FileSystem>,
        number: u64,
        new: &NewInode<'_>,
        ops: Box<dyn InodeOps>,
    ) -> Result<Arc<Self>, FsError> {
        let pages = PageCache::new(file_system.budget().cloned());
        Self::try_new_with(file_system, number, new, ops, pages)
    }

    /// Makes an inode with one name, whose contents are `pages`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new_with(
        file_system: &Arc<FileSystem>,
        number: u64,
        new: &NewInode<'_>,
        ops: Box<dyn InodeOps>,
        pages: PageCache,
    ) -> Result<Arc<Self>, FsError> {
        let (kind, represents) = new.kind.parts();
        Ok(Arc::try_new(Self {
            number,
            kind,
            represents,
            attributes: Attributes::new(new.mode, new.uid, new.gid),
            is_on_disk: file_system.is_on_disk(),
            file_system: file_system.clone(),
            lock: RwLock::new(Rank::Inode, ()),
            ops,
            pages,
            fifo: Once::new(),
            sealing: Sealing::new(),
            is_linkable: AtomicBool::new(false),
            locks: Once::new(),
            writers: AtomicI32::new(0),
        })?)
    }

    /// Returns its number in its file system.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Returns the kind of the file.
    #[inline]
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Returns whether it is a directory.
    #[inline]
    pub fn is_directory(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Returns the number of the device, for a device file.
    pub fn represents(&self) -> DeviceNumber {
        self.represents
    }

    /// Returns its file system.
    pub fn file_system(&self) -> &Arc<FileSystem> {
        &self.file_system
    }

    /// Returns the attributes that determine the access to it.
    #[inline]
    pub fn permissions(&self) -> Permissions {
        let (uid, gid) = self.owner();
        Permissions { kind: self.kind, mode: self.mode(), uid, gid }
    }

    /// Returns its permission bits.
    #[inline]
    pub fn mode(&self) -> Mode {
        self.attributes.mode()
    }

    /// Returns its owner and its group.
    #[inline]
    pub fn owner(&self) -> (u32, u32) {
        self.attributes.owner()
    }

    /// Returns its size, in bytes.
    #[inline]
    pub fn size_bytes(&self) -> u64 {
        self.attributes.size_bytes()
    }

    /// Returns its pages.
    pub fn pages(&self) -> &PageCache {
        &self.pages
    }

    /// Returns all its attributes. They are read one by one, so each may or may not include a
    /// change in the meantime.
    pub fn metadata(&self) -> Metadata {
        let [accessed_ns, modified_ns, changed_ns] = self.attributes.times_ns();
        let (uid, gid) = self.owner();
        Metadata {
            device: self.file_system.number(),
            inode: self.number,
            kind: self.kind,
            mode: self.mode(),
            links: self.attributes.links(),
            uid,
            gid,
            represents: self.represents,
            size_bytes: self.size_bytes(),
            blocks: self.ops.blocks_512().unwrap_or_else(|| self.pages.len() * (PAGE_BYTES / 512)),
            accessed_ns,
            modified_ns,
            changed_ns,
        }
    }

    /// Sets the times for an operation.
    #[inline]
    pub(super) fn touch(&self, touch: Touch) {
        if self.attributes.touch(touch) && self.is_on_disk {
            self.ops.note_change();
        }
    }

    pub(super) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    #[inline]
    pub(super) fn lock(&self) -> &RwLock<()> {
        &self.lock
    }

    #[inline]
    pub(super) fn ops(&self) -> &dyn InodeOps {
        &*self.ops
    }

    /// Returns the pipe of the FIFO.
    pub(super) fn fifo(&self) -> &Mutex<Weak<Pipe>> {
        self.fifo.call_once(|| Mutex::new(Rank::SpecialFile, Weak::new()))
    }

    /// Allows a first name for a file that was made without one.
    pub(super) fn set_linkable(&self) {
        self.is_linkable.store(true, Ordering::Relaxed);
    }

    /// Returns whether a first name can be added to a file without one.
    pub(super) fn is_linkable(&self) -> bool {
        self.is_linkable.load(Ordering::Relaxed)
    }

    /// Returns its seals.
    pub fn sealing(&self) -> &Sealing {
        &self.sealing
    }

    /// Returns its advisory locks.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn locks(&self) -> Result<&FileLocks, FsError> {
        let locks = self.locks.try_call_once(FileLocks::try_new);
        locks.map(|locks| &**locks).map_err(|_| FsError::NoMemory)
    }

    /// Returns its advisory locks, if it ever had any.
    #[inline]
    pub fn locks_if_any(&self) -> Option<&FileLocks> {
        self.locks.get().map(|locks| &**locks)
    }

    /// Adds an open file that may write.
    ///
    /// # Errors
    /// [`FsError::TextBusy`] if a program runs from it.
    pub(super) fn begin_writing(&self) -> Result<(), FsError> {
        self.change_writers(|writers| (writers >= 0).then_some(writers + 1))?;
        self.file_system.add_writer();
        Ok(())
    }

    /// Removes an open file that may write.
    pub(super) fn end_writing(&self) {
        self.writers.fetch_sub(1, Ordering::Relaxed);
        self.file_system.remove_writer();
    }

    /// Prevents the file from being opened for writing, because a program runs from it.
    ///
    /// # Errors
    /// [`FsError::TextBusy`] if it is open for writing.
    pub fn deny_writing(self: &Arc<Self>) -> Result<WritingDenied, FsError> {
        self.change_writers(|writers| (writers <= 0).then_some(writers - 1))?;
        Ok(WritingDenied(self.clone()))
    }

    fn change_writers(&self, change: impl Fn(i32) -> Option<i32>) -> Result<(), FsError> {
        let changed = self.writers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        changed.map(drop).map_err(|_| FsError::TextBusy)
    }
}

impl core::fmt::Debug for Inode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Inode({:?} {})", self.kind, self.number)
    }
}

/// Prevents the file from being opened for writing, while it lives.
#[derive(Debug)]
pub struct WritingDenied(Arc<Inode>);

impl Drop for WritingDenied {
    fn drop(&mut self) {
        self.0.writers.fetch_add(1, Ordering::Relaxed);
    }
}
