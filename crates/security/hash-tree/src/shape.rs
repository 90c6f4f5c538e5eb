//! The levels of a tree.

use alloc::vec::Vec;
use core::iter::successors;

use crate::hash::Hash;

/// The length of a block of data, and of one of the tree.
pub const BLOCK_BYTES: usize = 4096;

/// The number of hashes in a block of the tree.
const HASHES_PER_BLOCK: usize = BLOCK_BYTES / Hash::LEN_BYTES;

/// The levels of the tree over data of a given length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    len_bytes: u64,
    /// The first block of each level in the tree, from level 0 on.
    levels: Vec<u64>,
    tree_blocks: u64,
}

/// The place of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The block of the tree.
    pub block: u64,
    /// The number of the hash in that block, below [`HASHES_PER_BLOCK`].
    pub index: usize,
}

impl Shape {
    /// Returns the shape of the tree over `len_bytes` of data.
    pub fn new(len_bytes: u64) -> Self {
        let mut levels = Vec::new();
        let mut tree_blocks = 0;
        let mut below = len_bytes.div_ceil(BLOCK_BYTES as u64);
        while below > 1 || (levels.is_empty() && below > 0) {
            levels.push(tree_blocks);
            below = below.div_ceil(HASHES_PER_BLOCK as u64);
            tree_blocks += below;
        }
        Self { len_bytes, levels, tree_blocks }
    }

    /// Returns the number of blocks of data.
    pub fn data_blocks(&self) -> u64 {
        self.len_bytes.div_ceil(BLOCK_BYTES as u64)
    }

    /// Returns the length of the tree, which is whole blocks.
    pub fn tree_bytes(&self) -> u64 {
        self.tree_blocks * BLOCK_BYTES as u64
    }

    /// Returns the number of levels: none for no data.
    pub(crate) fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Returns the place of the hash of block `data_block` of the data, which is in level 0.
    pub(crate) fn leaf(&self, data_block: u64) -> Place {
        Place::nth(0, data_block)
    }

    /// Returns the place of the hash of block `block` of the tree; `None` if that hash is the root.
    pub(crate) fn parent(&self, block: u64) -> Option<Place> {
        let level = self.levels.iter().rposition(|&start| start <= block)?;
        let above = self.levels.get(level + 1)?;
        Some(Place::nth(*above, block - self.levels[level]))
    }

    /// Returns the place of the hash of block `data_block` of the data, the place of the hash of the
    /// block in which that is, and so on: one in each level.
    pub(crate) fn places(&self, data_block: u64) -> Vec<Place> {
        successors(Some(self.leaf(data_block)), |place| self.parent(place.block)).collect()
    }
}

impl Place {
    /// Returns the place of hash `number` of the level that begins at block `start` of the tree.
    fn nth(start: u64, number: u64) -> Self {
        let per_block = HASHES_PER_BLOCK as u64;
        Self { block: start + number / per_block, index: (number % per_block) as usize }
    }
}
