//! The whole medium.

use core::ops::Range;

use hash_tree::{Hash, Shape};

/// What a manifest says of the medium on which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Medium {
    /// The length of the medium's sealed part, which begins with its first byte. A stick may be
    /// longer than the image on it.
    pub len_bytes: u64,
    /// The root of its hash tree.
    pub root: Hash,
    /// The place of the manifest's file, in bytes.
    pub manifest_start: u64,
    /// The length of the manifest's file.
    pub manifest_bytes: u64,
    /// The place of the hash tree, in bytes.
    pub tree_start: u64,
}

impl Medium {
    /// Returns the shape of the hash tree.
    pub fn shape(&self) -> Shape {
        Shape::new(self.len_bytes)
    }

    /// Returns the ranges that count as zeros in the hash tree: the manifest and the tree itself.
    pub(crate) fn left_out(&self) -> [Range<u64>; 2] {
        [
            self.manifest_start..self.manifest_start.saturating_add(self.manifest_bytes),
            self.tree_start..self.tree_start.saturating_add(self.shape().tree_bytes()),
        ]
    }

    /// Replaces by zeros what is left out of the hash tree in `bytes`, which are at `start` of the
    /// medium.
    pub fn leave_out(&self, start: u64, bytes: &mut [u8]) {
        let end = start.saturating_add(bytes.len() as u64);
        for range in self.left_out() {
            let (from, to) = (range.start.clamp(start, end), range.end.clamp(start, end));
            bytes[(from - start) as usize..(to - start) as usize].fill(0);
        }
    }

    /// Returns whether all parts lie within the medium.
    pub(crate) fn is_possible(&self) -> bool {
        let fits =
            |start: u64, len: u64| start.checked_add(len).is_some_and(|end| end <= self.len_bytes);
        // Its length before its shape, which is then small enough to be computed.
        fits(self.manifest_start, self.manifest_bytes)
            && fits(self.tree_start, self.shape().tree_bytes())
    }
}
