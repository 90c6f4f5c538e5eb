//! The file descriptors of a process.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::fs::file::open_file::OpenFile;
use crate::sync::{Rank, SpinMutex};

/// The number of a file descriptor.
pub type Fd = u32;

/// Why a descriptor can't be used or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorError {
    /// It is not open: EBADF.
    NotOpen,
    /// There would be more than the limit allows: EMFILE.
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

/// An open descriptor.
#[derive(Clone)]
pub struct Descriptor {
    /// What it is for.
    pub file: Arc<OpenFile>,
    /// What happens to it at an exec.
    pub on_exec: OnExec,
}

/// The descriptors of a process. Processes may share them.
pub struct Descriptors {
    /// Protects the table; held for a look-up or a change; files are dropped without it.
    table: SpinMutex<Vec<Option<Descriptor>>>,
    /// How many processes use it.
    users: AtomicUsize,
}

impl Descriptors {
    /// Makes a table without descriptors, for one process.
    pub const fn new() -> Self {
        Self::with_table(Vec::new())
    }

    const fn with_table(table: Vec<Option<Descriptor>>) -> Self {
        Self { table: SpinMutex::new(Rank::Process, table), users: AtomicUsize::new(1) }
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

    /// Returns how many descriptors the table of Linux would have room for, which grows with the
    /// largest one: select(2) looks at no others.
    pub fn capacity(&self) -> u64 {
        let len = self.table.lock().len() as u64;
        if len <= 64 { 64 } else { len.next_power_of_two().max(256) }
    }

    /// Opens the lowest descriptor from `lowest` on that is free and below `limit`.
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
    /// [`DescriptorError::NotOpen`] if it isn't below `limit`, as dup2(2) has it;
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
        drop(before);
        Ok(())
    }

    /// Closes `fd`; returns its file.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`].
    pub fn close(&self, fd: Fd) -> Result<Arc<OpenFile>, DescriptorError> {
        let closed = self.table.lock().get_mut(fd as usize).and_then(Option::take);
        closed.map(|descriptor| descriptor.file).ok_or(DescriptorError::NotOpen)
    }

    /// Returns what happens to `fd` at an exec.
    ///
    /// # Errors
    /// [`DescriptorError::NotOpen`].
    pub fn on_exec(&self, fd: Fd) -> Result<OnExec, DescriptorError> {
        match self.table.lock().get(fd as usize) {
            Some(Some(descriptor)) => Ok(descriptor.on_exec),
            _ => Err(DescriptorError::NotOpen),
        }
    }

    /// Sets what happens to `fd` at an exec.
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
        let mut fd = 0;
        loop {
            let closed = {
                let mut table = self.table.lock();
                let rest = table.iter_mut().skip(fd);
                let found = rest
                    .enumerate()
                    .find(|(_, it)| it.as_ref().is_some_and(|it| it.on_exec == OnExec::Close));
                let Some((index, place)) = found else {
                    return;
                };
                fd += index + 1;
                place.take()
            };
            drop(closed);
        }
    }

    /// Counts another process that uses the table.
    pub(super) fn add_user(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether more than one process uses the table.
    pub(super) fn has_other_users(&self) -> bool {
        self.users.load(Ordering::Acquire) > 1
    }

    /// Counts a process that uses the table no more; the last one closes all descriptors.
    pub(super) fn remove_user(&self) {
        if self.users.fetch_sub(1, Ordering::AcqRel) == 1 {
            let all = core::mem::take(&mut *self.table.lock());
            drop(all);
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

    /// Returns how many descriptors the table has room for, as proc(5) shows it: a multiple of 64.
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

/// Puts `descriptor` at `fd`; returns what was there.
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
