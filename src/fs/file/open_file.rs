//! An open file.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::file_ops::FileOps;
use super::open_flags::{CHANGEABLE, OPENING, OpenFlags};
use super::readiness::{Observer, PollQueue, Readiness};
use super::regular::{self, WriteAt};
use crate::fs::attributes::{FileKind, Touch};
use crate::fs::error::FsError;
use crate::fs::inode::{DirectoryEntry, Inode};
use crate::fs::io::{Sink, Source};
use crate::fs::locks::LockOwner;
use crate::fs::namespace::change;
use crate::fs::namespace::path::Path;
use crate::fs::seals::Seals;
use crate::sync::{Mutex, Rank, SpinMutex};

pub use super::regular::Allocate;

/// From where a position is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whence {
    /// From the start.
    Start,
    /// From the present position.
    Position,
    /// From the end.
    End,
    /// To data at or after the offset.
    Data,
    /// To a hole at or after the offset, the end at the latest.
    Hole,
}

/// What reads and writes do.
enum Contents {
    /// They are pages of the inode.
    Pages,
    /// They are entries of a directory.
    Directory,
    /// Something else does them.
    Special(Arc<dyn FileOps>),
    /// There are none: only the place is used.
    Place,
}

/// An open file (POSIX: open file description): several descriptors may share it, of several
/// processes.
pub struct OpenFile {
    path: Path,
    flags: AtomicU32,
    contents: Contents,
    /// Whether it counts as one that may write its inode's pages.
    is_writer: bool,
    /// Reads, writes and seeks that use the position come one after the other: it is held meanwhile.
    position_lock: Mutex<()>,
    /// The position, which is changed with the lock held.
    position: AtomicU64,
    /// Protects the observers that watch it as long as it is open; held to change the list.
    observers: SpinMutex<Vec<Arc<dyn Observer>>>,
}

impl OpenFile {
    /// Opens the file at `path`; all checks were made. `special` serves what isn't in pages.
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

    /// Opens a new file at `path` for reading and writing. As on Linux, it doesn't count as one that
    /// writes: a program can run from the file as long as it isn't opened again.
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
        let file = Self {
            path,
            flags: AtomicU32::new(flags.bits()),
            contents,
            is_writer,
            position_lock: Mutex::new(Rank::FilePosition, ()),
            position: AtomicU64::new(0),
            observers: SpinMutex::new(Rank::Files, Vec::new()),
        };
        // Without memory for it, the file is dropped, which counts it off.
        Ok(Arc::try_new(file)?)
    }

    /// Returns its place.
    #[inline]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its inode.
    #[inline]
    pub fn inode(&self) -> &Arc<Inode> {
        self.path.inode()
    }

    /// Returns how it is open.
    #[inline]
    pub fn flags(&self) -> OpenFlags {
        OpenFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// Returns whether it doesn't wait.
    #[inline]
    pub fn is_nonblocking(&self) -> bool {
        self.flags().contains(OpenFlags::NONBLOCK)
    }

    /// Sets those of the flags that can be changed: see [`CHANGEABLE`].
    pub fn set_flags(&self, flags: OpenFlags) {
        let change = |old: u32| Some(old & !CHANGEABLE.bits() | (flags & CHANGEABLE).bits());
        // The closure never returns `None`, so this can't fail.
        let _ = self.flags.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// Returns the position as it is now; it may change meanwhile.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Sets the position, whose lock is held.
    fn set_position(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }

    /// Returns what does its reads and writes, if that isn't the page cache.
    pub fn special(&self) -> Option<&Arc<dyn FileOps>> {
        match &self.contents {
            Contents::Special(ops) => Some(ops),
            _ => None,
        }
    }

    /// Returns whether only its place is used.
    pub fn is_place(&self) -> bool {
        matches!(self.contents, Contents::Place)
    }

    /// Returns the owner of the locks that it has as an open file.
    pub fn lock_owner(&self) -> LockOwner {
        LockOwner::OpenFile(core::ptr::from_ref(self).addr())
    }

    fn check_read(&self) -> Result<(), FsError> {
        if self.flags().can_read() { Ok(()) } else { Err(FsError::NotOpenForThis) }
    }

    fn check_write(&self) -> Result<(), FsError> {
        if self.flags().can_write() { Ok(()) } else { Err(FsError::NotOpenForThis) }
    }

    /// Reads from the position on, and moves it.
    ///
    /// # Errors
    /// [`FsError::NotOpenForThis`], [`FsError::IsADirectory`], [`FsError::BadAddress`], and those
    /// of what serves it.
    pub fn read(&self, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.read_with(OpenFlags::empty(), to)
    }

    /// Reads as if the file was open with `extra` flags as well.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_with(&self, extra: OpenFlags, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.check_read()?;
        if let Contents::Special(ops) = &self.contents
            && !ops.has_position()
        {
            let read = ops.read(self.flags() | extra, 0, to)?;
            self.touch_fifo(Touch::Accessed, read);
            return Ok(read);
        }
        let _lock = self.position_lock.lock();
        let read = self.read_unchecked(self.position(), to)?;
        self.set_position(self.position().saturating_add(read as u64));
        Ok(read)
    }

    /// Reads from `offset` on; the position stays.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`FsError::NotSeekable`].
    pub fn read_at(&self, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.check_position()?;
        self.check_read()?;
        self.read_unchecked(offset, to)
    }

    /// Checks that it has a position.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`].
    pub fn check_position(&self) -> Result<(), FsError> {
        match &self.contents {
            Contents::Special(ops) if !ops.has_position() => Err(FsError::NotSeekable),
            _ => Ok(()),
        }
    }

    fn read_unchecked(&self, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        match &self.contents {
            Contents::Pages => {
                let read = regular::read(self.inode(), offset, to)?;
                if !self.flags().contains(OpenFlags::NO_ACCESS_TIME) {
                    self.touch_accessed();
                }
                Ok(read)
            }
            Contents::Special(ops) => ops.read(self.flags(), offset, to),
            Contents::Directory => Err(FsError::IsADirectory),
            Contents::Place => Err(FsError::NotOpenForThis),
        }
    }

    /// Notes that bytes went through a pipe or FIFO. The times of devices are those of their nodes.
    fn touch_fifo(&self, touch: Touch, bytes: usize) {
        if bytes > 0 && self.inode().kind() == FileKind::Fifo {
            self.inode().touch(touch);
        }
    }

    fn touch_accessed(&self) {
        if self.path.mount().check_writable().is_ok() {
            self.inode().touch(Touch::Accessed);
        }
    }

    /// Writes to the position, or to the end if the file is open so, and moves the position after
    /// it.
    ///
    /// # Errors
    /// [`FsError::NotOpenForThis`], [`FsError::NoSpace`], [`FsError::TooLarge`],
    /// [`FsError::BadAddress`], and those of what serves it.
    pub fn write(&self, from: &mut dyn Source) -> Result<usize, FsError> {
        self.write_with(OpenFlags::empty(), from)
    }

    /// Writes as if the file was open with `extra` flags as well.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_with(&self, extra: OpenFlags, from: &mut dyn Source) -> Result<usize, FsError> {
        self.check_write()?;
        if let Contents::Special(ops) = &self.contents
            && !ops.has_position()
        {
            let written = ops.write(self.flags() | extra, 0, from)?;
            self.touch_fifo(Touch::Modified, written);
            return Ok(written);
        }
        let _lock = self.position_lock.lock();
        let (start, written) = self.write_unchecked(extra, self.position(), from)?;
        self.set_position(start.saturating_add(written as u64));
        Ok(written)
    }

    /// Writes to `offset`, or to the end if the file is open so; the position stays.
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`FsError::NotSeekable`].
    pub fn write_at(&self, offset: u64, from: &mut dyn Source) -> Result<usize, FsError> {
        self.write_at_with(OpenFlags::empty(), offset, from)
    }

    /// Writes to `offset` as if the file was open with `extra` flags as well.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    pub fn write_at_with(
        &self,
        extra: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        self.check_position()?;
        self.check_write()?;
        Ok(self.write_unchecked(extra, offset, from)?.1)
    }

    fn write_unchecked(
        &self,
        extra: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<(u64, usize), FsError> {
        let flags = self.flags() | extra;
        match &self.contents {
            Contents::Pages => {
                let at = match flags.contains(OpenFlags::APPEND) {
                    true => WriteAt::End,
                    false => WriteAt::Offset(offset),
                };
                regular::write(self.inode(), at, from)
            }
            Contents::Special(ops) => Ok((offset, ops.write(flags, offset, from)?)),
            Contents::Directory => Err(FsError::IsADirectory),
            Contents::Place => Err(FsError::NotOpenForThis),
        }
    }

    /// Moves the position; returns the new one.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`], [`FsError::InvalidArgument`] before the start,
    /// [`FsError::NoDevice`] if there is no such data or hole.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<u64, FsError> {
        match &self.contents {
            Contents::Place => return Err(FsError::NotOpenForThis),
            Contents::Special(ops) if ops.ignores_seeks() => return Ok(0),
            _ => self.check_position()?,
        }
        let _lock = self.position_lock.lock();
        let base = match whence {
            Whence::Start => 0,
            Whence::Position => self.position(),
            Whence::End => self.end()?,
            Whence::Data | Whence::Hole => {
                let found = self.data_or_hole(offset, whence)?;
                self.set_position(found);
                return Ok(found);
            }
        };
        let new = base.checked_add_signed(offset).ok_or(FsError::InvalidArgument)?;
        if new > i64::MAX as u64 {
            return Err(FsError::InvalidArgument);
        }
        self.set_position(new);
        Ok(new)
    }

    fn end(&self) -> Result<u64, FsError> {
        match &self.contents {
            Contents::Pages => Ok(self.inode().size_bytes()),
            Contents::Special(ops) => ops.end(),
            Contents::Directory | Contents::Place => Err(FsError::InvalidArgument),
        }
    }

    fn data_or_hole(&self, offset: i64, whence: Whence) -> Result<u64, FsError> {
        let Contents::Pages = self.contents else {
            return Err(FsError::InvalidArgument);
        };
        let (inode, size_bytes) = (self.inode(), self.inode().size_bytes());
        let offset = u64::try_from(offset).map_err(|_| FsError::NoDevice)?;
        if offset >= size_bytes {
            return Err(FsError::NoDevice);
        }
        let found = match whence {
            Whence::Data => inode.pages().next_data(offset).filter(|found| *found < size_bytes),
            _ => Some(inode.pages().next_hole(offset).min(size_bytes)),
        };
        found.ok_or(FsError::NoDevice)
    }

    /// Passes the entries of the directory to `found` from the position on, until it returns false
    /// for one, which is then the first of the next call.
    ///
    /// # Errors
    /// [`FsError::NotADirectory`]; [`FsError::NotFound`] if the directory was removed.
    pub fn read_directory(
        &self,
        mut found: impl FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<(), FsError> {
        let Contents::Directory = self.contents else {
            return Err(match self.contents {
                Contents::Place => FsError::NotOpenForThis,
                _ => FsError::NotADirectory,
            });
        };
        let _lock = self.position_lock.lock();
        let inode = self.inode();
        if self.path.is_removed() {
            return Err(FsError::NotFound);
        }
        let _lock = inode.lock().read();
        for (cursor, name) in [&b"."[..], b".."].into_iter().enumerate() {
            let cursor = cursor as u64;
            if self.position() <= cursor {
                let number = match cursor {
                    0 => inode.number(),
                    _ => self.path.parent().inode().number(),
                };
                let kind = FileKind::Directory;
                if !found(DirectoryEntry { name, inode: number, kind, next: cursor + 1 }) {
                    return Ok(());
                }
                self.set_position(cursor + 1);
            }
        }
        let cursor = self.position();
        inode.ops().read_directory(inode, cursor, &mut |entry| {
            let next = entry.next;
            let is_taken = found(entry);
            if is_taken {
                self.set_position(next);
            }
            is_taken
        })?;
        self.touch_accessed();
        Ok(())
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

    /// Adds seals, after the end of a write that has begun.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`], [`FsError::Busy`].
    pub fn add_seals(&self, seals: Seals) -> Result<(), FsError> {
        let _lock = self.inode().lock().write();
        self.inode().sealing().add(seals)
    }

    /// Gives pages to a range of the file, or takes them away. If there is no room for all of them,
    /// some are there.
    ///
    /// # Errors
    /// [`FsError::NotOpenForThis`], [`FsError::NoDevice`] if it isn't a regular file,
    /// [`FsError::TooLarge`], [`FsError::NoSpace`].
    pub fn allocate(&self, how: Allocate, offset: u64, len: u64) -> Result<(), FsError> {
        self.check_write()?;
        match &self.contents {
            Contents::Pages => regular::allocate(self.inode(), how, offset, len),
            Contents::Special(ops) if !ops.has_position() => Err(FsError::NotSeekable),
            _ => Err(FsError::WrongDevice),
        }
    }

    /// Returns what can be done now without waiting.
    pub fn readiness(&self) -> Readiness {
        match &self.contents {
            Contents::Special(ops) => ops.readiness(),
            Contents::Pages | Contents::Directory => Readiness::IN | Readiness::OUT,
            Contents::Place => Readiness::INVALID,
        }
    }

    /// Returns the queue that is notified when the readiness changes; `None` if it never does.
    pub fn poll_queue(&self) -> Option<&PollQueue> {
        self.special().and_then(|ops| ops.poll_queue())
    }

    /// Adds an observer, which is removed when the file is closed. It looks at the readiness
    /// afterwards: a change before may not be notified.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] if its readiness never changes; [`FsError::NoMemory`].
    pub fn watch(&self, observer: &Arc<dyn Observer>) -> Result<(), FsError> {
        let queue = self.poll_queue().ok_or(FsError::NotPermitted)?;
        {
            let mut observers = self.observers.lock();
            observers.try_reserve(1)?;
            observers.push(observer.clone());
        }
        queue.watch(observer).inspect_err(|_| self.forget(observer))
    }

    /// Returns how many observers were added so.
    pub fn observer_count(&self) -> usize {
        self.observers.lock().len()
    }

    /// Removes an observer.
    pub fn unwatch(&self, observer: &Arc<dyn Observer>) {
        if let Some(queue) = self.poll_queue() {
            queue.unwatch(observer);
        }
        self.forget(observer);
    }

    fn forget(&self, observer: &Arc<dyn Observer>) {
        let removed = {
            let mut observers = self.observers.lock();
            let index = observers.iter().position(|other| Arc::ptr_eq(other, observer));
            index.map(|index| observers.swap_remove(index))
        };
        drop(removed);
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
