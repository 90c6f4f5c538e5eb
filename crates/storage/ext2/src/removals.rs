//! Entries of directories that are to be removed.
//!
//! On the disk, an entry goes after all other changes: an entry of a node that has ended is harmless,
//! but a node that no entry leads to is lost. Until then, the entry is in its block, and only not
//! found.

use alloc::vec::Vec;
use core::ops::Range;

use volume::VolumeError;

use crate::fields::InodeNumber;
use crate::record::name_hash;

/// The most entries that are to be removed.
const REMOVALS_MAX: usize = 1024;

/// An entry that is to be removed.
#[derive(Clone, Copy, Debug)]
struct Removal {
    /// The place of its record, in bytes.
    at: u64,
    directory: InodeNumber,
    name_hash: u32,
}

/// No further entry can be noted, before those that are were removed.
pub(crate) struct Full;

/// The entries that are to be removed, in the order of their places.
#[derive(Debug)]
pub(crate) struct Removals(Vec<Removal>);

impl Removals {
    pub(crate) fn try_new() -> Result<Self, VolumeError> {
        let mut list = Vec::new();
        list.try_reserve_exact(REMOVALS_MAX).map_err(|_| VolumeError::NoMemory)?;
        Ok(Self(list))
    }

    /// Returns the index of the entry at a place, or the one that it would have.
    fn index(&self, at: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&at, |removal| removal.at)
    }

    /// Returns whether the entry at this place is to be removed.
    pub(crate) fn contains(&self, at: u64) -> bool {
        !self.0.is_empty() && self.index(at).is_ok()
    }

    /// Returns whether an entry with this name may be among them; false if there is none.
    pub(crate) fn may_have(&self, directory: InodeNumber, name: &[u8]) -> bool {
        !self.0.is_empty() && {
            let name_hash = name_hash(name);
            let is_one = |it: &Removal| it.directory == directory && it.name_hash == name_hash;
            self.0.iter().any(is_one)
        }
    }

    /// Adds the entry at a place.
    pub(crate) fn add(&mut self, at: u64, directory: InodeNumber, name: &[u8]) -> Result<(), Full> {
        match self.index(at) {
            Ok(_) => Ok(()),
            Err(_) if self.0.len() == REMOVALS_MAX => Err(Full),
            Err(index) => {
                self.0.insert(index, Removal { at, directory, name_hash: name_hash(name) });
                Ok(())
            }
        }
    }

    /// Leaves out the entry at a place, which is another one now.
    pub(crate) fn leave_out(&mut self, at: u64) {
        if let Ok(index) = self.index(at) {
            self.0.remove(index);
        }
    }

    /// Leaves out the entries in a range of bytes, which no longer belongs to a directory.
    pub(crate) fn leave_out_range(&mut self, range: &Range<u64>) {
        if !self.0.is_empty() {
            self.0.retain(|removal| !range.contains(&removal.at));
        }
    }

    /// Takes the last entry, and returns its place.
    pub(crate) fn pop(&mut self) -> Option<u64> {
        self.0.pop().map(|removal| removal.at)
    }
}
