//! The file descriptors of a process.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::fs::file::open_file::OpenFile;
use crate::fs::locks::LockOwner;
use crate::sync::{Rank, SpinMutex};

/// The number of a file descriptor.
pub type Fd = u32;

/// The reason why a descriptor can't be used or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorError {
    /// It is not open: EBADF.
    NotOpen,
    /// The limit of descriptors is reached: EMFILE.
    TooMany,
    /// No memory is left for the table: ENOMEM.
    NoMemory,
}

/// Whether a descriptor is closed when the process runs another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExec {
    /// It stays open.
    Keep,
    /// It is closed: FD_CLOEXEC.
    Close,
}

/// The largest number of look-ups for which the lock of a table is held.
const HELD_LOOK_UPS: usize = 64;

/// The number of the next table.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// An open descriptor.
#[derive(Clone)]
pub struct Descriptor {
    /// The open file.
    pub file: Arc<OpenFile>,
    /// Whether an exec closes it.
    pub on_exec: OnExec,
}

/// The descriptors of a process. Processes may share them.
pub struct Descriptors {
    /// Protects the table; held for a look-up or a change; files are dropped without it.
    table: SpinMutex<Vec<Option<Descriptor>>>,
    /// Its number, which identifies it as the owner of locks of files.
    number: u64,
    /// The number of processes that use it.
    users: AtomicUsize,
}

impl Descriptors {
    /// Makes a table without descriptors, for one process.
    pub fn new() -> Self {
        Self::with_table(Vec::new())
    }

    fn with_table(table: Vec<Option<Descriptor>>) -> Self {
        Self {
            table: SpinMutex::new(Rank::Process, table),
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            users: AtomicUsize::new(1),
        }
    }

    /// Returns the owner of the locks that processes with this table have.
    pub fn lock_owner(&self) -> LockOwner {
        LockOwner::Descriptors(self.number)
    }

    /// Ends the use of a file by one of the descriptors. When any of them is closed, all locks that
    /// the table has of the file are released.
    fn dismiss(&self, file: &OpenFile) {
        if let Some(locks) = file.inode().locks_if_any() {
            locks.release(self.lock_owner());
        }
    }

    /// Returns the open file of `fd`.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`].
    #[inline]
    pub fn get(&self, fd: Fd) -> Result<Arc<OpenFile>, DescriptorError> {
        let table = self.table.lock();
        match table.get(fd as usize) {
            Some(Some(descriptor)) => Ok(descriptor.file.clone()),
            _ => Err(DescriptorError::NotOpen),
        }
    }

    /// Calls `found` with what `fds` has for each descriptor, and the open file if it is open. The
    /// lock is held during the calls, but released after each few.
    #[inline]
    pub fn for_each_of<T>(
        &self,
        fds: impl IntoIterator<Item = (Fd, T)>,
        mut found: impl FnMut(T, Option<&Arc<OpenFile>>),
    ) {
        let mut fds = fds.into_iter();
        loop {
            let table = self.table.lock();
            for _ in 0..HELD_LOOK_UPS {
                let Some((fd, of_fd)) = fds.next() else {
                    return;
                };
                let descriptor = table.get(fd as usize).and_then(Option::as_ref);
                found(of_fd, descriptor.map(|descriptor| &descriptor.file));
            }
        }
    }

    /// Returns the number of descriptors for which Linux's table would have room, which grows with
    /// the largest one. select(2) checks only these.
    pub fn capacity(&self) -> u64 {
        let len = self.table.lock().len() as u64;
        if len <= 64 { 64 } else { len.next_power_of_two() }
    }

    /// Opens the lowest free descriptor from `lowest` on, below `limit`.
    ///
    /// # Errors
    /// [`DescriptorError::TooMany`], [`DescriptorError::NoMemory`].
    pub fn open(
        &self,
        descriptor: Descriptor,
        lowest: Fd,
        limit: u64,
    ) -> Result<Fd, DescriptorError> {
        let mut table = self.table.lock();
        let free = table.iter().skip(lowest as usize).position(Option::is_none);
        let fd = free.map_or(table.len().max(lowest as usize), |free| free + lowest as usize);
        if fd as u64 >= limit {
            return Err(DescriptorError::TooMany);
        }
        place(&mut table, fd, descriptor)?;
        Ok(fd as Fd)
    }

    /// Opens `fd`, which is closed first if it is open.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`] if it isn't below `limit`, as for dup2(2);
    /// [`DescriptorError::NoMemory`].
    pub fn open_at(
        &self,
        fd: Fd,
        descriptor: Descriptor,
        limit: u64,
    ) -> Result<(), DescriptorError> {
        if u64::from(fd) >= limit {
            return Err(DescriptorError::NotOpen);
        }
        let before = place(&mut self.table.lock(), fd as usize, descriptor)?;
        if let Some(before) = before {
            self.dismiss(&before.file);
        }
        Ok(())
    }

    /// Closes `fd`; returns its file.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`].
    pub fn close(&self, fd: Fd) -> Result<Arc<OpenFile>, DescriptorError> {
        let closed = self.table.lock().get_mut(fd as usize).and_then(Option::take);
        let file = closed.ok_or(DescriptorError::NotOpen)?.file;
        self.dismiss(&file);
        Ok(file)
    }

    /// Returns whether an exec closes `fd`.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`].
    pub fn on_exec(&self, fd: Fd) -> Result<OnExec, DescriptorError> {
        match self.table.lock().get(fd as usize) {
            Some(Some(descriptor)) => Ok(descriptor.on_exec),
            _ => Err(DescriptorError::NotOpen),
        }
    }

    /// Sets whether an exec closes `fd`.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`].
    pub fn set_on_exec(&self, fd: Fd, on_exec: OnExec) -> Result<(), DescriptorError> {
        match self.table.lock().get_mut(fd as usize) {
            Some(Some(descriptor)) => {
                descriptor.on_exec = on_exec;
                Ok(())
            }
            _ => Err(DescriptorError::NotOpen),
        }
    }

    /// Closes the descriptors that an exec closes.
    pub fn close_on_exec(&self) {
        self.close_all(0..=Fd::MAX, |descriptor| descriptor.on_exec == OnExec::Close);
    }

    /// Closes the descriptors in `range`.
    pub fn close_range(&self, range: RangeInclusive<Fd>) {
        self.close_all(range, |_| true);
    }

    /// Closes those in `range` for which `is_closed` returns true. Files are dropped without the
    /// lock.
    fn close_all(&self, range: RangeInclusive<Fd>, is_closed: impl Fn(&Descriptor) -> bool) {
        let (mut fd, last) = (*range.start() as usize, *range.end() as usize);
        loop {
            let closed = {
                let mut table = self.table.lock();
                let count = (last + 1).saturating_sub(fd);
                let mut rest = table.iter_mut().skip(fd).take(count).enumerate();
                let found = rest.find(|(_, it)| it.as_ref().is_some_and(&is_closed));
                let Some((index, place)) = found else {
                    return;
                };
                fd += index + 1;
                place.take()
            };
            if let Some(closed) = closed {
                self.dismiss(&closed.file);
            }
        }
    }

    /// Marks the descriptors in `range` to be closed by an exec.
    pub fn close_range_on_exec(&self, range: RangeInclusive<Fd>) {
        let (first, last) = (*range.start() as usize, *range.end() as usize);
        let mut table = self.table.lock();
        let in_range = table.iter_mut().skip(first).take((last - first).saturating_add(1));
        in_range.flatten().for_each(|descriptor| descriptor.on_exec = OnExec::Close);
    }

    /// Counts another process that uses the table.
    pub(super) fn add_user(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether more than one process uses the table.
    pub(super) fn has_other_users(&self) -> bool {
        self.users.load(Ordering::Acquire) > 1
    }

    /// Counts a process that no longer uses the table. The last one closes all descriptors.
    pub(super) fn remove_user(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            let all = core::mem::take(&mut *self.table.lock());
            all.iter().flatten().for_each(|descriptor| self.dismiss(&descriptor.file));
        }
    }

    /// Makes a copy for one process, with the same open files.
    ///
    /// # Errors
    /// [`DescriptorError::NoMemory`].
    pub fn try_clone(&self) -> Result<Self, DescriptorError> {
        let mut copy = Vec::new();
        loop {
            let len = self.table.lock().len();
            copy.try_reserve_exact(len).map_err(|_| DescriptorError::NoMemory)?;
            let table = self.table.lock();
            if table.len() <= copy.capacity() {
                copy.extend(table.iter().cloned());
                break;
            }
        }
        Ok(Self::with_table(copy))
    }

    /// Returns the number of descriptors for which the table has room, as proc(5) shows it: a
    /// multiple of 64.
    pub fn table_len(&self) -> usize {
        self.table.lock().len().max(1).next_multiple_of(64)
    }

    /// Calls `found` with each open descriptor, lowest first.
    pub fn for_each(&self, mut found: impl FnMut(Fd, &Descriptor)) {
        let mut fd = 0;
        loop {
            let next = {
                let table = self.table.lock();
                let mut rest = table.iter().enumerate().skip(fd);
                rest.find_map(|(fd, it)| it.clone().map(|it| (fd, it)))
            };
            let Some((index, descriptor)) = next else {
                return;
            };
            found(index as Fd, &descriptor);
            fd = index + 1;
        }
    }
}

impl Default for Descriptors {
    fn default() -> Self {
        Self::new()
    }
}

/// Stores `descriptor` as `fd`; returns the previous descriptor.
fn place(
    table: &mut Vec<Option<Descriptor>>,
    fd: usize,
    descriptor: Descriptor,
) -> Result<Option<Descriptor>, DescriptorError> {
    if fd >= table.len() {
        let further = fd + 1 - table.len();
        table.try_reserve(further).map_err(|_| DescriptorError::NoMemory)?;
        table.resize(fd + 1, None);
    }
    Ok(table[fd].replace(descriptor))
}
