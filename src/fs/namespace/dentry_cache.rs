//! The table of all directory entries that were looked up.
//!
//! It is a hash table by directory and name, with a lock for each bucket, so that walks along
//! different paths rarely use the same lock. An entry that is in use, or that has entries below it
//! in the table, stays, so each place in the tree has one [`Dentry`]. Other entries are dropped
//! when the table has too many; first those that were not found again since the last round.
//!
//! Entries are dropped without a lock, because their inode and the directories above may be dropped
//! with them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};

use spin::Once;

use super::dentry::Dentry;
use crate::fs::error::FsError;
use crate::fs::file_system::FileSystem;
use crate::fs::inode::Inode;
use crate::fs::name::{self, Name};
use crate::sync::{Rank, SpinMutex};

/// The average number of entries per bucket from which on some are dropped.
const ENTRIES_PER_BUCKET: usize = 4;

/// The number of buckets that are examined for each excess entry.
const BUCKETS_EXAMINED: usize = 8;

/// The limits of the number of buckets, which depends on the amount of memory.
const BUCKETS_MIN: usize = 256;
const BUCKETS_MAX: usize = 1 << 16;

/// An entry of the table.
struct Entry {
    /// The number of the directory.
    directory: u64,
    hash: u64,
    /// Whether it was found after the last examination.
    is_recent: bool,
    name: Name,
    dentry: Arc<Dentry>,
}

/// Protects a few entries; held to find, add or remove one; not taken by interrupt handlers.
type Bucket = SpinMutex<Vec<Entry>>;

struct Table {
    buckets: Box<[Bucket]>,
    seed: u64,
    len: AtomicUsize,
    /// The bucket that is examined next.
    hand: AtomicUsize,
}

static TABLE: Once<Table> = Once::new();

/// Makes the table, for a machine with this number of frames.
///
/// # Panics
/// If there is no memory for it.
pub(in crate::fs) fn start(frames: usize, seed: u64) {
    let count = (frames / 32).next_power_of_two().clamp(BUCKETS_MIN, BUCKETS_MAX);
    let buckets = (0..count).map(|_| SpinMutex::new(Rank::Files, Vec::new())).collect();
    TABLE.call_once(|| Table {
        buckets,
        seed,
        len: AtomicUsize::new(0),
        hand: AtomicUsize::new(0),
    });
}

fn table() -> &'static Table {
    TABLE.get().expect("the room is started before files are used")
}

impl Table {
    #[inline]
    fn hash(&self, directory: &Dentry, name: &[u8]) -> u64 {
        name::hash(self.seed, directory.id(), name)
    }

    #[inline]
    fn bucket(&self, hash: u64) -> &Bucket {
        &self.buckets[hash as usize & (self.buckets.len() - 1)]
    }

    fn len_max(&self) -> usize {
        self.buckets.len() * ENTRIES_PER_BUCKET
    }

    /// Drops unused entries of a few buckets.
    #[cold]
    fn drop_some(&self) {
        for _ in 0..BUCKETS_EXAMINED {
            let hand = self.hand.fetch_add(1, Ordering::Relaxed) & (self.buckets.len() - 1);
            let mut first = 0;
            loop {
                // One entry at a time, which is dropped after the lock is released.
                let mut bucket = self.buckets[hand].lock();
                let mut unused = None;
                while unused.is_none()
                    && let Some(entry) = bucket.get_mut(first)
                {
                    let is_used = Arc::strong_count(&entry.dentry) > 1;
                    if !is_used && !entry.is_recent {
                        unused = Some(bucket.swap_remove(first));
                    } else {
                        entry.is_recent = false;
                        first += 1;
                    }
                }
                drop(bucket);
                match unused {
                    Some(entry) => self.dropped(entry),
                    None => break,
                }
            }
        }
    }

    /// Counts that `entry` was removed from the table, and drops it.
    fn dropped(&self, entry: Entry) {
        self.len.fetch_sub(1, Ordering::Relaxed);
        if let Some(directory) = entry.dentry.parent() {
            directory.remove_child();
        }
        drop(entry);
    }

    /// Adds `new`, unless the table has an entry for its name; returns the entry in the table.
    fn add(
        &self,
        directory: &Dentry,
        name: Name,
        new: Arc<Dentry>,
    ) -> Result<Arc<Dentry>, FsError> {
        let hash = self.hash(directory, &name);
        let mut bucket = self.bucket(hash).lock();
        if let Some(entry) = bucket.iter().find(|entry| entry.is_for(directory, hash, &name)) {
            return Ok(entry.dentry.clone());
        }
        bucket.try_reserve(1)?;
        let dentry = new.clone();
        bucket.push(Entry { directory: directory.id(), hash, is_recent: true, name, dentry });
        directory.add_child();
        drop(bucket);
        if self.len.fetch_add(1, Ordering::Relaxed) >= self.len_max() {
            self.drop_some();
        }
        Ok(new)
    }
}

impl Entry {
    #[inline]
    fn is_for(&self, directory: &Dentry, hash: u64, name: &[u8]) -> bool {
        self.hash == hash && self.directory == directory.id() && name::is_same(&self.name, name)
    }
}

/// Returns the entry of `name` in `directory`, if the table has it.
#[inline]
pub(super) fn find(directory: &Dentry, name: &[u8]) -> Option<Arc<Dentry>> {
    let table = table();
    let hash = table.hash(directory, name);
    let mut bucket = table.bucket(hash).lock();
    let entry = bucket.iter_mut().find(|entry| entry.is_for(directory, hash, name))?;
    entry.is_recent = true;
    Some(entry.dentry.clone())
}

/// Returns the entry of `name` in `directory`; adds it with `inode`, the file system's result, if
/// it isn't in the table. The directory's lock is held.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn add(
    directory: &Arc<Dentry>,
    name: &[u8],
    inode: Option<Arc<Inode>>,
) -> Result<Arc<Dentry>, FsError> {
    let new = Dentry::try_new(Some(directory), name, inode)?;
    table().add(directory, Name::try_new(name)?, new)
}

/// Removes the entry of `name` in `directory` if there is one. The directory's lock is held for
/// writing.
pub(super) fn remove(directory: &Dentry, name: &[u8]) {
    let table = table();
    let hash = table.hash(directory, name);
    let mut bucket = table.bucket(hash).lock();
    let index = bucket.iter().position(|entry| entry.is_for(directory, hash, name));
    let removed = index.map(|index| bucket.swap_remove(index));
    drop(bucket);
    if let Some(entry) = removed {
        table.dropped(entry);
    }
}

/// Moves `dentry`, whose entry was removed, to `name` in `directory`, which has no entry there. The
/// locks of both directories are held for writing. If there is no memory for the entry, the table
/// just doesn't have it.
pub(super) fn move_to(dentry: &Arc<Dentry>, directory: &Arc<Dentry>, name: Name, key: Name) {
    dentry.move_to(directory, name);
    let _ = table().add(directory, key, dentry.clone());
}

/// Drops the entries of free names in `directory`, which is being removed.
pub(super) fn drop_children(directory: &Arc<Dentry>) {
    if directory.children() > 0 {
        // A thread that has just found one of them still has a reference.
        drop_all(Whose::All, |dentry| {
            dentry.parent().is_some_and(|parent| Arc::ptr_eq(&parent, directory))
        });
    }
}

/// Drops all entries of a file system that is no longer used.
pub(super) fn drop_file_system(file_system: &Arc<FileSystem>) {
    let is_its = |inode: &Arc<Inode>| Arc::ptr_eq(inode.file_system(), file_system);
    drop_all(Whose::All, |dentry| match dentry.inode() {
        Some(inode) => is_its(inode),
        None => dentry.parent().is_some_and(|parent| parent.inode().is_some_and(is_its)),
    });
}

/// Drops all unused entries.
pub fn drop_unused() {
    loop {
        let before = table().len.load(Ordering::Relaxed);
        drop_all(Whose::Unused, |dentry| dentry.children() == 0);
        if table().len.load(Ordering::Relaxed) == before {
            return;
        }
    }
}

/// Returns the number of entries in the table.
pub fn len() -> usize {
    table().len.load(Ordering::Relaxed)
}

/// The chosen entries that are dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Only unused entries.
    Unused,
    /// All of them.
    All,
}

/// Drops the entries that `is_chosen` selects: all of them, or only the unused ones.
fn drop_all(whose: Whose, is_chosen: impl Fn(&Dentry) -> bool) {
    let table = table();
    for bucket in &table.buckets {
        let mut index = 0;
        loop {
            let Some(dentry) = bucket.lock().get(index).map(|entry| entry.dentry.clone()) else {
                break;
            };
            // Called without the lock, because it takes locks of the same rank.
            let is_chosen = is_chosen(&dentry);
            let mut locked = bucket.lock();
            let is_same =
                locked.get(index).is_some_and(|entry| Arc::ptr_eq(&entry.dentry, &dentry));
            // This function and the table each have one reference.
            let is_free = whose == Whose::All || Arc::strong_count(&dentry) <= 2;
            let removed = (is_same && is_chosen && is_free).then(|| locked.swap_remove(index));
            drop(locked);
            match removed {
                Some(entry) => table.dropped(entry),
                None if is_same => index += 1,
                None => {}
            }
            drop(dentry);
        }
    }
}
