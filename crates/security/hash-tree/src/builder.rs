//! Makes a tree.

use alloc::vec;
use alloc::vec::Vec;

use crate::hash::{Hash, hash_of};
use crate::shape::{BLOCK_BYTES, Shape};

/// Makes a tree from the blocks of the data, one after another.
#[derive(Debug)]
pub struct Builder {
    shape: Shape,
    tree: Vec<u8>,
    pushed: u64,
}

impl Builder {
    /// Begins the tree of a shape.
    pub fn new(shape: Shape) -> Self {
        let tree = vec![0; shape.tree_bytes() as usize];
        Self { shape, tree, pushed: 0 }
    }

    /// Adds the next block of the data: [`BLOCK_BYTES`], or fewer if it is the last one.
    ///
    /// # Panics
    /// If the block is too long, or if the data has no more blocks.
    pub fn push(&mut self, block: &[u8]) {
        assert!(self.pushed < self.shape.data_blocks(), "more blocks than the shape has");
        let hash = hash_of(&whole_block(block));
        let place = self.shape.leaf(self.pushed);
        self.put(place.block, place.index, hash);
        self.pushed += 1;
    }

    /// Returns the tree and its root.
    ///
    /// # Panics
    /// If blocks of the data are missing.
    pub fn finish(mut self) -> (Vec<u8>, Hash) {
        assert_eq!(self.pushed, self.shape.data_blocks(), "blocks are missing");
        let blocks = self.shape.tree_bytes() / BLOCK_BYTES as u64;
        // Level for level: the hash of each block is in a later one.
        for block in 0..blocks.saturating_sub(1) {
            let place = self.shape.parent(block).expect("only the last block has no parent");
            let hash = hash_of(self.block(block));
            self.put(place.block, place.index, hash);
        }
        let root = match blocks {
            0 => hash_of(&[]),
            _ => hash_of(self.block(blocks - 1)),
        };
        (self.tree, root)
    }

    fn block(&self, block: u64) -> &[u8] {
        &self.tree[block as usize * BLOCK_BYTES..][..BLOCK_BYTES]
    }

    fn put(&mut self, block: u64, index: usize, hash: Hash) {
        let start = block as usize * BLOCK_BYTES + index * Hash::LEN_BYTES;
        self.tree[start..][..Hash::LEN_BYTES].copy_from_slice(&hash.0);
    }
}

/// Returns a block filled up with zeros.
fn whole_block(block: &[u8]) -> [u8; BLOCK_BYTES] {
    let mut whole = [0; BLOCK_BYTES];
    whole[..block.len()].copy_from_slice(block);
    whole
}
