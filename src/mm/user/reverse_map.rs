//! The address spaces that map an object, to find all mappings of a page of a file.
//!
//! An object that can lose pages, such as a file that is truncated, has a reverse map. An address
//! space is added before it maps the first page of the object, and stays until it ends. So the
//! object's owner can unmap pages that it has removed, in all address spaces:
//!
//! ```text
//!  the owner                                │ a page fault
//!  ─────────────────────────────────────────┼──────────────────────────────────────────
//!  removes the pages from the object        │ requests the page from the object, with no lock held
//!  for each address space: locks its        │ locks the mappings for reading
//!    mappings for a change                  │ checks that the object still has that page
//!    unmaps the pages                       │ maps it
//! ```
//!
//! Whichever takes the lock first, no page that the object has removed stays mapped.
//!
//! Locks: the owner may hold the lock of a file's contents
//! ([`Rank::Inode`](crate::sync::Rank::Inode)), which comes before the lock of the mappings. The
//! lock of the list comes after both, and is held to read one entry.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::ops::Range;

use hashbrown::HashTable;

use crate::sync::{Rank, SpinMutex};

/// The places that are examined for each address space that is added.
const EXAMINED: usize = 4;

/// No memory is left to add an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

/// Whether the copies of pages in private mappings are unmapped, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateCopies {
    /// They stay mapped: a hole has replaced the pages.
    Kept,
    /// They are unmapped, too: the file ends before them.
    Unmapped,
}

/// An object that maps pages of other objects: an address space.
pub(super) trait Mapper: Send + Sync {
    /// Unmaps the pages with these indexes of the object that `map` belongs to. May wait.
    fn unmap_object(&self, map: &ReverseMap, pages: &Range<u64>, copies: PrivateCopies);
}

/// The address spaces that map an object.
pub struct ReverseMap {
    /// Protects the list; held to read one entry.
    list: SpinMutex<List>,
}

struct List {
    spaces: Vec<Weak<dyn Mapper>>,
    /// The indexes of `spaces`, by their addresses.
    indexes: HashTable<u32>,
    /// The index at which the next search for an address space that has ended begins.
    hand: usize,
    /// The number of running walks. During a walk, entries keep their places, and new ones are
    /// appended.
    walks: usize,
}

impl ReverseMap {
    /// Makes a map without address spaces.
    pub const fn new() -> Self {
        let list = List { spaces: Vec::new(), indexes: HashTable::new(), hand: 0, walks: 0 };
        Self { list: SpinMutex::new(Rank::Files, list) }
    }

    /// Adds an address space, before a page of the object is mapped there.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub(super) fn add(&self, mapper: &Arc<dyn Mapper>) -> Result<(), NoMemory> {
        let mut list = self.list.lock();
        match list.has(mapper) {
            true => Ok(()),
            false => list.add(Arc::downgrade(mapper)),
        }
    }

    /// Unmaps the object's pages with these indexes, which it no longer has, in all address spaces.
    /// May wait; the caller may hold the lock of a file's contents.
    pub fn unmap(&self, pages: &Range<u64>, copies: PrivateCopies) {
        self.list.lock().walks += 1;
        let mut index = 0;
        loop {
            let space = self.list.lock().spaces.get(index).map(Weak::upgrade);
            match space {
                // If it ends in the meantime, it has no regions any more, so only the page table is
                // dropped here.
                Some(Some(space)) => space.unmap_object(self, pages, copies),
                Some(None) => {}
                None => break,
            }
            index += 1;
        }
        self.list.lock().walks -= 1;
    }
}

impl List {
    fn has(&self, mapper: &Arc<dyn Mapper>) -> bool {
        let address = Arc::as_ptr(mapper).addr();
        let is_it = |index: &u32| address_of(&self.spaces[*index as usize]) == address;
        self.indexes.find(hash(address), is_it).is_some()
    }

    /// Adds an address space that isn't in the list, in the place of one that has ended if one is
    /// found at once.
    fn add(&mut self, added: Weak<dyn Mapper>) -> Result<(), NoMemory> {
        let Self { spaces, indexes, .. } = self;
        let hash_of = |index: &u32| hash(address_of(&spaces[*index as usize]));
        indexes.try_reserve(1, hash_of).map_err(|_| NoMemory)?;
        let hash_of_added = hash(address_of(&added));
        let index = match self.take_ended() {
            Some(index) => {
                self.spaces[index] = added;
                index
            }
            None => {
                self.spaces.try_reserve(1).map_err(|_| NoMemory)?;
                self.spaces.push(added);
                self.spaces.len() - 1
            }
        };
        let Self { spaces, indexes, .. } = self;
        let hash_of = |index: &u32| hash(address_of(&spaces[*index as usize]));
        // There is room, so the table isn't rehashed.
        indexes.insert_unique(hash_of_added, index as u32, hash_of);
        Ok(())
    }

    /// Examines the next [`EXAMINED`] places; returns one of an address space that has ended, for
    /// another one. So a list whose address spaces have ended doesn't grow, however long it is.
    fn take_ended(&mut self) -> Option<usize> {
        if self.walks > 0 {
            return None;
        }
        for _ in 0..EXAMINED.min(self.spaces.len()) {
            self.hand = if self.hand + 1 < self.spaces.len() { self.hand + 1 } else { 0 };
            let (index, space) = (self.hand, &self.spaces[self.hand]);
            if space.strong_count() == 0 {
                let own = |other: &u32| *other as usize == index;
                if let Ok(found) = self.indexes.find_entry(hash(address_of(space)), own) {
                    found.remove();
                }
                return Some(index);
            }
        }
        None
    }
}

/// Returns the address of an address space, which no other one in a list has: a reference keeps it,
/// even if the address space has ended.
fn address_of(space: &Weak<dyn Mapper>) -> usize {
    space.as_ptr().addr()
}

fn hash(address: usize) -> u64 {
    // Fibonacci hashing. The table uses the upper bits, and the lower ones, which depend on fewer.
    let hash = (address as u64 >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash ^ hash >> 32
}

impl Default for ReverseMap {
    fn default() -> Self {
        Self::new()
    }
}
