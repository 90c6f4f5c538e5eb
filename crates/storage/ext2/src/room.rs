//! Where a directory has room, so that names can be added to a large one without a search of it.

use crate::fields::InodeNumber;

/// The last search for room in a directory. A directory ends after all its entries were removed, so
/// that the next one with its inode is searched from the first block on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    directory: InodeNumber,
    /// The blocks before this one have no room for a record of so many bytes.
    block: u64,
    record_bytes: usize,
}

impl Room {
    pub(crate) fn new(directory: InodeNumber, block: u64, record_bytes: usize) -> Self {
        Self { directory, block, record_bytes }
    }

    /// Returns the block from which on a search has to look for `record_bytes`.
    pub(crate) fn start(&self, directory: InodeNumber, record_bytes: usize) -> u64 {
        let is_of_use = self.directory == directory && self.record_bytes <= record_bytes;
        if is_of_use { self.block } else { 0 }
    }
}
