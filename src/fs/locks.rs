//! Advisory locks of a file: fcntl(2), flock(2).

use alloc::boxed::Box;

use file_locks::{Kind, Lock, LockTable, NoMemory, Range, Waits};

use crate::sync::{Rank, SpinMutex, WaitQueue};

/// The owner of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOwner {
    /// A table of descriptors, by its number: the table of a process.
    Descriptors(u64),
    /// An open file, by its address.
    OpenFile(usize),
}

/// The reason why a lock isn't set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockError {
    /// Another owner has a conflicting lock.
    WouldWait,
    /// The other owner waits for this owner.
    Deadlock,
    /// The wait was interrupted.
    Interrupted,
    /// No memory is left.
    NoMemory,
}

impl From<NoMemory> for LockError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl From<file_locks::WaitError> for LockError {
    fn from(error: file_locks::WaitError) -> Self {
        match error {
            file_locks::WaitError::Deadlock => Self::Deadlock,
            file_locks::WaitError::NoMemory => Self::NoMemory,
        }
    }
}

/// The kinds of locks. Locks of different kinds never conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockFamily {
    /// Locks of bytes: fcntl(2).
    Records,
    /// Locks of the whole file: flock(2).
    Whole,
}

/// The action if another owner has a conflicting lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// An error is returned.
    Fail,
    /// The call waits until the lock can be set.
    Wait,
}

/// Protects the graph of waiting owners, for all files; held to begin or end a wait.
static WAITS: SpinMutex<Waits<LockOwner>> = SpinMutex::new(Rank::Files, Waits::new());

/// The locks of a file.
pub struct FileLocks {
    /// Protects the locks of bytes; held for a search or a change.
    records: SpinMutex<LockTable<LockOwner>>,
    /// Protects the locks of the whole file; held for a search or a change.
    whole: SpinMutex<LockTable<LockOwner>>,
    /// Woken when locks were released.
    released: WaitQueue,
}

impl FileLocks {
    /// Makes the locks of a file, which has none yet.
    pub(super) fn try_new() -> Result<Box<Self>, NoMemory> {
        let table = || SpinMutex::new(Rank::Files, LockTable::new());
        let locks = Self { records: table(), whole: table(), released: WaitQueue::new() };
        Box::try_new(locks).map_err(|_| NoMemory)
    }

    fn table(&self, family: LockFamily) -> &SpinMutex<LockTable<LockOwner>> {
        match family {
            LockFamily::Records => &self.records,
            LockFamily::Whole => &self.whole,
        }
    }

    /// Returns the first lock that conflicts with one of `owner` of this kind.
    pub fn conflict(
        &self,
        family: LockFamily,
        owner: LockOwner,
        kind: Kind,
        range: Range,
    ) -> Option<Lock<LockOwner>> {
        self.table(family).lock().conflict(owner, kind, range).copied()
    }

    /// Sets a lock.
    ///
    /// # Errors
    /// See [`LockError`]. [`LockError::Deadlock`] is only detected for locks of processes, because
    /// other owners may belong to several processes.
    pub fn set(
        &self,
        family: LockFamily,
        lock: Lock<LockOwner>,
        on_conflict: OnConflict,
    ) -> Result<(), LockError> {
        loop {
            let holder = {
                let mut table = self.table(family).lock();
                match table.conflict(lock.owner, lock.kind, lock.range) {
                    Some(conflict) => conflict.owner,
                    None => {
                        table.set(lock)?;
                        break;
                    }
                }
            };
            if on_conflict == OnConflict::Fail {
                return Err(LockError::WouldWait);
            }
            self.wait_for(family, &lock, holder)?;
        }
        // A write lock may have become a read lock.
        self.released.wake_all();
        Ok(())
    }

    /// Waits until `holder` no longer has a lock that conflicts with `lock`.
    fn wait_for(
        &self,
        family: LockFamily,
        lock: &Lock<LockOwner>,
        holder: LockOwner,
    ) -> Result<(), LockError> {
        let is_of_process = matches!(lock.owner, LockOwner::Descriptors(_));
        if is_of_process {
            WAITS.lock().begin(lock.owner, holder)?;
        }
        let waited = self.released.wait_until_cancellable(None, || {
            let conflict = self.conflict(family, lock.owner, lock.kind, lock.range);
            conflict.is_none_or(|conflict| conflict.owner != holder)
        });
        if is_of_process {
            WAITS.lock().end(lock.owner, holder);
        }
        waited.map_err(|_| LockError::Interrupted)
    }

    /// Removes the locks of `owner` in `range`.
    ///
    /// # Errors
    /// [`LockError::NoMemory`], because a lock may have to be split.
    pub fn unlock(
        &self,
        family: LockFamily,
        owner: LockOwner,
        range: Range,
    ) -> Result<(), LockError> {
        let is_changed = self.table(family).lock().unlock(owner, range)?;
        if is_changed {
            self.released.wake_all();
        }
        Ok(())
    }

    /// Releases the lock of the whole file that `owner` has, unless it is of `kind`.
    ///
    /// # Errors
    /// [`LockError::NoMemory`].
    pub fn give_up_other(&self, owner: LockOwner, kind: Kind) -> Result<(), LockError> {
        let has_other = {
            let table = self.whole.lock();
            table.locks().iter().any(|lock| lock.owner == owner && lock.kind != kind)
        };
        match has_other {
            true => self.unlock(LockFamily::Whole, owner, Range::ALL),
            false => Ok(()),
        }
    }

    /// Removes all locks of `owner`.
    pub fn release(&self, owner: LockOwner) {
        let has_records = self.records.lock().release(owner);
        let has_whole = self.whole.lock().release(owner);
        if has_records || has_whole {
            self.released.wake_all();
        }
    }
}
