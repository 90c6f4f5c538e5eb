//! The locks of a file.

use alloc::vec::Vec;

use crate::NoMemory;

/// The kind of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A shared lock: it conflicts with write locks.
    Read,
    /// An exclusive lock: it conflicts with all locks.
    Write,
}

impl Kind {
    fn conflicts_with(self, other: Self) -> bool {
        self == Self::Write || other == Self::Write
    }
}

/// The bytes from `first` to `last`, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub first: u64,
    /// The last byte, not before the first one.
    pub last: u64,
}

impl Range {
    /// All bytes of a file.
    pub const ALL: Self = Self { first: 0, last: u64::MAX };

    fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    /// Returns whether both together form one range.
    fn touches(self, other: Self) -> bool {
        self.first <= other.last.saturating_add(1) && other.first <= self.last.saturating_add(1)
    }
}

/// A lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock<O> {
    /// Its owner.
    pub owner: O,
    /// Its kind.
    pub kind: Kind,
    /// Its bytes.
    pub range: Range,
    /// The process that set the lock, which F_GETLK reports.
    pub pid: i32,
}

/// The locks of a file. Locks of one owner never overlap; adjacent ones of the same kind are
/// merged.
#[derive(Debug)]
pub struct LockTable<O> {
    /// In the order of their first bytes.
    locks: Vec<Lock<O>>,
}

impl<O> Default for LockTable<O> {
    fn default() -> Self {
        Self::new()
    }
}

impl<O> LockTable<O> {
    /// Makes a table without locks.
    pub const fn new() -> Self {
        Self { locks: Vec::new() }
    }

    /// Returns whether there are no locks.
    pub fn is_empty(&self) -> bool {
        self.locks.is_empty()
    }

    /// Returns the locks, in the order of their first bytes.
    pub fn locks(&self) -> &[Lock<O>] {
        &self.locks
    }
}

impl<O: Copy + PartialEq> LockTable<O> {
    /// Returns the first lock of another owner that conflicts with a lock of `owner`.
    pub fn conflict(&self, owner: O, kind: Kind, range: Range) -> Option<&Lock<O>> {
        self.locks.iter().take_while(|lock| lock.range.first <= range.last).find(|lock| {
            lock.owner != owner && lock.range.overlaps(range) && lock.kind.conflicts_with(kind)
        })
    }

    /// Sets a lock that has no [conflict](Self::conflict). It replaces the owner's other locks
    /// in its range.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn set(&mut self, lock: Lock<O>) -> Result<(), NoMemory> {
        self.reserve()?;
        let mut new = lock;
        let mut index = 0;
        while let Some(old) = self.locks.get(index).copied() {
            let is_same = old.owner == lock.owner && old.kind == lock.kind;
            if is_same && old.range.touches(new.range) {
                new.range.first = new.range.first.min(old.range.first);
                new.range.last = new.range.last.max(old.range.last);
                self.locks.remove(index);
            } else {
                index += 1;
            }
        }
        self.cut(lock.owner, lock.range);
        self.insert(new);
        Ok(())
    }

    /// Removes the locks of `owner` in `range`; returns whether there were any.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn unlock(&mut self, owner: O, range: Range) -> Result<bool, NoMemory> {
        self.reserve()?;
        Ok(self.cut(owner, range))
    }

    /// Removes all locks of `owner`; returns whether there were any.
    pub fn release(&mut self, owner: O) -> bool {
        let before = self.locks.len();
        self.locks.retain(|lock| lock.owner != owner);
        self.locks.len() < before
    }

    /// Makes room for a lock, and for the second part of a lock that is cut in two.
    fn reserve(&mut self) -> Result<(), NoMemory> {
        self.locks.try_reserve(2).map_err(|_| NoMemory)
    }

    /// Cuts `range` out of the locks of `owner`; returns whether any lock was in it. At most one
    /// lock is cut in two.
    fn cut(&mut self, owner: O, range: Range) -> bool {
        let mut is_cut = false;
        let mut index = 0;
        while let Some(old) = self.locks.get(index).copied() {
            if old.owner != owner || !old.range.overlaps(range) {
                index += 1;
                continue;
            }
            is_cut = true;
            self.locks.remove(index);
            if old.range.first < range.first {
                let last = range.first - 1;
                self.insert(Lock { range: Range { last, ..old.range }, ..old });
            }
            if old.range.last > range.last {
                let first = range.last + 1;
                self.insert(Lock { range: Range { first, ..old.range }, ..old });
            }
        }
        is_cut
    }

    fn insert(&mut self, lock: Lock<O>) {
        let at = self.locks.partition_point(|other| other.range.first <= lock.range.first);
        self.locks.insert(at, lock);
    }
}
