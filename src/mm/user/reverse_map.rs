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

use crate::sync::{Rank, SpinMutex};

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
    /// The number of running walks. During a walk, entries keep their places, and new ones are
    /// appended.
    walks: usize,
}

impl ReverseMap {
    /// Makes a map without address spaces.
    pub const fn new() -> Self {
        let list = List { spaces: Vec::new(), walks: 0 };
        Self { list: SpinMutex::new(Rank::Files, list) }
    }

    /// Adds an address space, before a page of the object is mapped there.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub(super) fn add(&self, mapper: &Arc<dyn Mapper>) -> Result<(), NoMemory> {
        let mut list = self.list.lock();
        let added = Arc::downgrade(mapper);
        if list.spaces.iter().any(|other| other.ptr_eq(&added)) {
            return Ok(());
        }
        let may_reuse = list.walks == 0;
        let ended = list.spaces.iter_mut().find(|other| may_reuse && other.strong_count() == 0);
        match ended {
            Some(ended) => *ended = added,
            None => {
                list.spaces.try_reserve(1).map_err(|_| NoMemory)?;
                list.spaces.push(added);
            }
        }
        Ok(())
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

impl Default for ReverseMap {
    fn default() -> Self {
        Self::new()
    }
}
