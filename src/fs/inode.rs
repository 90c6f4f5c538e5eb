//! A file, apart from its names.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use core::any::Any;
use core::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use spin::Once;

use super::attributes::{Attributes, DeviceNumber, FileKind, Metadata, Mode, Permissions, Touch};
use super::error::FsError;
use super::file::file_ops::FileOps;
use super::file_system::FileSystem;
use super::locks::FileLocks;
use super::page_cache::{PAGE_BYTES, PageCache};
use super::pipe::Pipe;
use super::seals::Sealing;
use crate::sync::{Mutex, Rank, RwLock};

/// The kind of a new inode.
#[derive(Clone, Copy, Debug)]
pub enum NewKind<'a> {
    /// A file without contents.
    Regular,
    /// A directory without entries.
    Directory,
    /// A symbolic link with this text.
    Symlink(&'a [u8]),
    /// A character device.
    CharDevice(DeviceNumber),
    /// A block device.
    BlockDevice(DeviceNumber),
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
}

impl NewKind<'_> {
    /// Returns the kind of file, and the device's number.
    pub fn parts(self) -> (FileKind, DeviceNumber) {
        match self {
            Self::Regular => (FileKind::Regular, DeviceNumber::NONE),
            Self::Directory => (FileKind::Directory, DeviceNumber::NONE),
            Self::Symlink(_) => (FileKind::Symlink, DeviceNumber::NONE),
            Self::CharDevice(number) => (FileKind::CharDevice, number),
            Self::BlockDevice(number) => (FileKind::BlockDevice, number),
            Self::Fifo => (FileKind::Fifo, DeviceNumber::NONE),
            Self::Socket => (FileKind::Socket, DeviceNumber::NONE),
        }
    }
}

/// A new inode.
#[derive(Clone, Copy, Debug)]
pub struct NewInode<'a> {
    /// The kind of the file.
    pub kind: NewKind<'a>,
    /// Its permission bits.
    pub mode: Mode,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// An entry that is read from a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryEntry<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// The number of its inode.
    pub inode: u64,
    /// The kind of the file.
    pub kind: FileKind,
    /// The cursor with which reading continues after it.
    pub next: u64,
}

/// How a name moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameKind {
    /// The name at the target, if there is one, is replaced.
    Replace,
    /// Both names are exchanged.
    Exchange,
}

/// Where a symbolic link leads that has no stored text.
pub enum LinkTarget {
    /// To this text, made for this time.
    Text(Box<[u8]>),
    /// To this place, whatever its path is. It is a
    /// [`Path`](super::namespace::path::Path), which inodes know nothing of.
    Place(Box<dyn Any + Send + Sync>),
}

/// Returns why a directory in which programs make no files has no new one of `kind`, as on Linux.
pub(super) fn refusal(has_name: bool, kind: NewKind<'_>) -> FsError {
    match kind {
        _ if !has_name => FsError::NotSupported,
        NewKind::Regular => FsError::PermissionDenied,
        _ => FsError::NotPermitted,
    }
}

/// The operations of a file system on its inodes. The defaults are for kinds of files without the
/// operation. Methods that change a directory are called with its [lock](Inode::lock) held for
/// writing, methods that only read it with the lock held for reading; checks of permissions were
/// made.
pub trait InodeOps: Send + Sync + Any {
    /// Returns the inode that `name` is for in `directory`, or `None`.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`], or the error of the device.
    fn lookup(&self, directory: &Inode, name: &[u8]) -> Result<Option<Arc<Inode>>, FsError> {
        let _ = (directory, name);
        Err(FsError::NotADirectory)
    }

    /// Makes an inode, with `name` in `directory`, which is free there; without a name it is gone
    /// when nothing uses it any more.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::NoMemory`] and others; nothing has changed then.
    fn create(
        &self,
        directory: &Inode,
        name: Option<&[u8]>,
        new: NewInode<'_>,
    ) -> Result<Arc<Inode>, FsError> {
        let _ = directory;
        Err(refusal(name.is_some(), new.kind))
    }

    /// Makes `name`, which is free, a further name of `inode`.
    ///
    /// # Errors
    /// As [`create`](Self::create), and [`FsError::TooManyNames`].
    fn link(&self, directory: &Inode, name: &[u8], inode: &Arc<Inode>) -> Result<(), FsError> {
        let _ = (directory, name, inode);
        Err(FsError::NotPermitted)
    }

    /// Removes `name`, which is a name of `inode`. If `inode` is a directory, its lock is held for
    /// writing, too.
    ///
    /// # Errors
    /// [`FsError::NotEmpty`].
    fn remove(&self, directory: &Inode, name: &[u8], inode: &Inode) -> Result<(), FsError> {
        let _ = (directory, name, inode);
        Err(FsError::NotPermitted)
    }

    /// Moves `from`, a directory and a name of `inode` in it, to `to`, where `replaced` has the
    /// name. The locks of both directories are held, and the lock of a replaced directory.
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

    /// Passes the entries of `directory` to `found` from `cursor` on, until it returns false. The
    /// entries `.` and `..` come first, at 0 and 1. An entry that is there all the time is passed
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

    /// Returns where a symbolic link without a stored text leads.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] if it is no link, and the errors of the file system.
    fn follow(&self, inode: &Inode) -> Result<LinkTarget, FsError> {
        let _ = inode;
        Err(FsError::InvalidArgument)
    }

    /// Returns the object that serves reads and writes of a file outside of the page cache, such as
    /// one of procfs; `None` if the contents are in the page cache.
    ///
    /// # Errors
    /// The errors of the file system.
    fn open(&self, inode: &Inode) -> Result<Option<Arc<dyn FileOps>>, FsError> {
        let _ = inode;
        Ok(None)
    }

    /// Checks that the mode, the owner and the times can be set.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`].
    fn check_change(&self) -> Result<(), FsError> {
        Ok(())
    }
}

/// A file: names lead to it, and open files read and write it.
pub struct Inode {
    number: u64,
    kind: FileKind,
    represents: DeviceNumber,
    attributes: Attributes,
    file_system: Arc<FileSystem>,
    /// A directory's: names are looked up in the file system, or changed. A file's: it is written
    /// or truncated. All that changes several attributes writes.
    lock: RwLock<()>,
    ops: Box<dyn InodeOps>,
    pages: PageCache,
    /// The pipe of a FIFO, as long as it is open.
    fifo: Once<Mutex<Weak<Pipe>>>,
    sealing: Sealing,
    /// Whether it may get a first name: it was made without one.
    is_linkable: AtomicBool,
    /// Its advisory locks, from the first lock on.
    locks: Once<Box<FileLocks>>,
    /// How many open files may write, or, below 0, how many programs run from it.
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
        let (kind, represents) = new.kind.parts();
        Ok(Arc::try_new(Self {
            number,
            kind,
            represents,
            attributes: Attributes::new(new.mode, new.uid, new.gid),
            file_system: file_system.clone(),
            lock: RwLock::new(Rank::Inode, ()),
            ops,
            pages: PageCache::new(file_system.budget().cloned()),
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

    /// Returns which device it is, if it is one.
    pub fn represents(&self) -> DeviceNumber {
        self.represents
    }

    /// Returns its file system.
    pub fn file_system(&self) -> &Arc<FileSystem> {
        &self.file_system
    }

    /// Returns the attributes that determine who may use it.
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

    /// Returns all its attributes. They are read one by one, so a change meanwhile may or may not
    /// be in each.
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
            blocks: self.pages.len() * (PAGE_BYTES / 512),
            accessed_ns,
            modified_ns,
            changed_ns,
        }
    }

    /// Sets the times of an operation.
    pub(super) fn touch(&self, touch: Touch) {
        self.attributes.touch(touch);
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

    /// Allows a file that was made without a name to get one.
    pub(super) fn set_linkable(&self) {
        self.is_linkable.store(true, Ordering::Relaxed);
    }

    /// Returns whether a file without a name may get one.
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

    /// Returns its advisory locks, if there may be some.
    #[inline]
    pub fn locks_if_any(&self) -> Option<&FileLocks> {
        self.locks.get().map(|locks| &**locks)
    }

    /// Adds an open file that may write.
    ///
    /// # Errors
    /// [`FsError::TextBusy`] if a program runs from it.
    pub(super) fn begin_writing(&self) -> Result<(), FsError> {
        self.change_writers(|writers| (writers >= 0).then_some(writers + 1))
    }

    /// Removes an open file that may write.
    pub(super) fn end_writing(&self) {
        self.writers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Keeps the file from being opened for writing: a program runs from it.
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

/// As long as it lives, the file can't be opened for writing.
#[derive(Debug)]
pub struct WritingDenied(Arc<Inode>);

impl Drop for WritingDenied {
    fn drop(&mut self) {
        self.0.writers.fetch_add(1, Ordering::Relaxed);
    }
}
