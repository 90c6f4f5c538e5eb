//! A disk that is sealed beside the medium.

use hash_tree::{BLOCK_BYTES, Hash};

/// What a manifest says of the root disk, which need not be the medium: a disk, or a partition of one.
///
/// The hashes of its blocks, one after the other, are a module of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its length: whole blocks of [`BLOCK_BYTES`].
    pub len_bytes: u64,
    /// The root of its hash tree.
    pub root: Hash,
}

impl Disk {
    /// Returns the length of the module with the hashes, in bytes.
    pub fn hashes_bytes(&self) -> u64 {
        self.len_bytes / BLOCK_BYTES as u64 * Hash::LEN_BYTES as u64
    }

    /// Returns whether it has whole blocks, and at least one.
    pub(crate) fn is_possible(&self) -> bool {
        self.len_bytes > 0 && self.len_bytes.is_multiple_of(BLOCK_BYTES as u64)
    }
}
