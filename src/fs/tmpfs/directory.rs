//! The entries of a directory.

use alloc::boxed::Box;
use core::ops::ControlFlow;

use hashbrown::HashTable;
use page_tree::PageTree;

use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::name::{self, Name};

/// The cursor of the first entry; the cursors before it are those of `.` and `..`.
const FIRST_CURSOR: u64 = 2;

/// The size of an entry that Linux's tmpfs adds to its directory, in bytes.
const ENTRY_BYTES: u64 = 20;

/// Returns the size that stat shows for a directory with this number of entries.
pub(super) fn size_bytes(entries: u64) -> u64 {
    (entries + 2) * ENTRY_BYTES
}

/// The file of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The number of the inode.
    pub inode: u64,
    /// The kind of the file.
    pub kind: FileKind,
}

struct Entry {
    name: Name,
    hash: u64,
    target: Target,
}

/// The entries of a directory. Each has a cursor: the number of entries that were made before it.
/// So a read that continues at a cursor is correct even if entries have changed in the meantime.
pub(super) struct Entries {
    by_cursor: PageTree<Box<Entry>>,
    /// The cursors, by name.
    by_name: HashTable<u64>,
    next_cursor: u64,
    seed: u64,
}

impl Entries {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            by_cursor: PageTree::new(),
            by_name: HashTable::new(),
            next_cursor: FIRST_CURSOR,
            seed,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.by_cursor.len()
    }

    fn hash(&self, name: &[u8]) -> u64 {
        name::hash(self.seed, 0, name)
    }

    fn cursor_of(&self, name: &[u8]) -> Option<u64> {
        let is_it = |cursor: &u64| {
            self.by_cursor.get(*cursor).is_some_and(|entry| name::is_same(&entry.name, name))
        };
        self.by_name.find(self.hash(name), is_it).copied()
    }

    /// Returns the file of `name`.
    pub(super) fn find(&self, name: &[u8]) -> Option<Target> {
        self.by_cursor.get(self.cursor_of(name)?).map(|entry| entry.target)
    }

    /// Adds `name`, which is free.
    ///
    /// # Errors
    /// [`FsError::NoMemory`]; then nothing has changed.
    pub(super) fn add(&mut self, name: &[u8], target: Target) -> Result<(), FsError> {
        let hash = self.hash(name);
        let entry = Box::try_new(Entry { name: Name::try_new(name)?, hash, target })?;
        let by_cursor = &self.by_cursor;
        let hash_of = |cursor: &u64| by_cursor.get(*cursor).map_or(0, |entry| entry.hash);
        self.by_name.try_reserve(1, hash_of).map_err(|_| FsError::NoMemory)?;
        let cursor = self.next_cursor;
        self.by_cursor.try_insert(cursor, entry)?;
        self.next_cursor += 1;
        // There is room, so the table isn't rehashed.
        let by_cursor = &self.by_cursor;
        self.by_name.insert_unique(hash, cursor, |cursor| {
            by_cursor.get(*cursor).map_or(0, |entry| entry.hash)
        });
        Ok(())
    }

    /// Removes `name`.
    pub(super) fn remove(&mut self, name: &[u8]) {
        let Some(cursor) = self.cursor_of(name) else {
            return;
        };
        if let Ok(found) = self.by_name.find_entry(self.hash(name), |other| *other == cursor) {
            found.remove();
        }
        self.by_cursor.remove(cursor);
        if self.by_cursor.is_empty() {
            self.by_name = HashTable::new();
        }
    }

    /// Makes the existing entry `name` refer to `target`.
    pub(super) fn replace(&mut self, name: &[u8], target: Target) {
        if let Some(cursor) = self.cursor_of(name)
            && let Some(entry) = self.by_cursor.get_mut(cursor)
        {
            entry.target = target;
        }
    }

    /// Calls `found` with the entries at `cursor` and after it, until it returns false: each one's
    /// cursor, its name, its file.
    pub(super) fn for_each_from(
        &self,
        cursor: u64,
        mut found: impl FnMut(u64, &[u8], Target) -> bool,
    ) {
        self.by_cursor.try_for_each_from(cursor, |cursor, entry| {
            match found(cursor, &entry.name, entry.target) {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
    }
}
