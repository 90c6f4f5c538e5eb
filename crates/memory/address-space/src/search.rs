//! Searches in the tree: regions by address, in order.

use crate::Region;
use crate::tree::{HEIGHT_MAX, Link, RegionTree, Side};

impl<B> RegionTree<B> {
    /// Returns the lowest region that ends above `address`.
    pub(crate) fn first_above(&self, address: u64) -> Option<&Region<B>> {
        let mut found = None;
        let mut at = self.root();
        while let Some(link) = at {
            let node = self.node(link);
            if node.region.range.end > address {
                found = Some(&node.region);
                if node.region.range.start <= address {
                    break;
                }
                at = node.child(Side::Left);
            } else {
                at = node.child(Side::Right);
            }
        }
        found
    }

    /// Returns the highest region that begins below `address`.
    pub(crate) fn last_below(&self, address: u64) -> Option<&Region<B>> {
        let mut found = None;
        let mut at = self.root();
        while let Some(link) = at {
            let node = self.node(link);
            if node.region.range.start < address {
                found = Some(&node.region);
                at = node.child(Side::Right);
            } else {
                at = node.child(Side::Left);
            }
        }
        found
    }

    /// Returns the region that has the byte at `address`.
    pub(crate) fn containing(&self, address: u64) -> Option<&Region<B>> {
        self.first_above(address).filter(|region| region.range.start <= address)
    }

    /// Returns the regions that have a byte from `start` up to, not including, `end`.
    pub(crate) fn between(&self, start: u64, end: u64) -> Iter<'_, B> {
        let mut iter = Iter { tree: self, pending: [None; HEIGHT_MAX], depth: 0, end };
        let mut at = self.root();
        while let Some(link) = at {
            let node = self.node(link);
            let is_above = node.region.range.end > start;
            if is_above {
                iter.push(link);
            }
            at = node.child(if is_above { Side::Left } else { Side::Right });
        }
        iter
    }
}

/// Regions of an address space, lowest first.
pub struct Iter<'a, B> {
    tree: &'a RegionTree<B>,
    /// The nodes whose region and right subtree have not been visited.
    pending: [Option<Link>; HEIGHT_MAX],
    depth: usize,
    end: u64,
}

impl<B> Iter<'_, B> {
    fn push(&mut self, link: Link) {
        self.pending[self.depth] = Some(link);
        self.depth += 1;
    }
}

impl<'a, B> Iterator for Iter<'a, B> {
    type Item = &'a Region<B>;

    fn next(&mut self) -> Option<&'a Region<B>> {
        self.depth = self.depth.checked_sub(1)?;
        let node = self.tree.node(self.pending[self.depth]?);
        if node.region.range.start >= self.end {
            self.depth = 0;
            return None;
        }
        let mut at = node.child(Side::Right);
        while let Some(link) = at {
            self.push(link);
            at = self.tree.node(link).child(Side::Left);
        }
        Some(&node.region)
    }
}
