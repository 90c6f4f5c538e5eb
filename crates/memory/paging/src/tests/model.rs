//! The naive model: ranges of mapped addresses, without tables.

use std::collections::BTreeMap;

use crate::MappingFlags;

/// Disjoint ranges: first address to (length, physical address, flags).
#[derive(Default)]
pub(super) struct Model {
    ranges: BTreeMap<u64, (u64, u64, MappingFlags)>,
}

impl Model {
    pub(super) fn translate(&self, vaddr: u64) -> Option<(u64, MappingFlags)> {
        let (first, (len, paddr, flags)) = self.ranges.range(..=vaddr).next_back()?;
        let offset = vaddr - first;
        (offset < *len).then(|| (paddr + offset, *flags))
    }

    pub(super) fn mapped_bytes(&self) -> u64 {
        self.ranges.values().map(|(len, ..)| len).sum()
    }

    /// Whether anything in the range is mapped.
    pub(super) fn is_any_mapped(&self, first: u64, len: u64) -> bool {
        self.translate(first).is_some()
            || self.ranges.range(first..=first + (len - 1)).next().is_some()
    }

    pub(super) fn map(&mut self, first: u64, len: u64, paddr: u64, flags: MappingFlags) {
        self.ranges.insert(first, (len, paddr, flags));
    }

    /// Cuts the range out and returns what was mapped in it.
    pub(super) fn cut(&mut self, first: u64, len: u64) -> BTreeMap<u64, (u64, u64, MappingFlags)> {
        let last = first + (len - 1);
        for at in [Some(first), last.checked_add(1)].into_iter().flatten() {
            self.split(at);
        }
        let inside: BTreeMap<_, _> =
            self.ranges.range(first..=last).map(|(&k, &v)| (k, v)).collect();
        self.ranges.retain(|key, _| !inside.contains_key(key));
        inside
    }

    pub(super) fn protect(&mut self, first: u64, len: u64, flags: MappingFlags) {
        for (start, (len, paddr, _)) in self.cut(first, len) {
            self.map(start, len, paddr, flags);
        }
    }

    fn split(&mut self, at: u64) {
        let Some((&first, &(len, paddr, flags))) = self.ranges.range(..at).next_back() else {
            return;
        };
        let offset = at - first;
        if offset < len {
            self.map(first, offset, paddr, flags);
            self.map(at, len - offset, paddr + offset, flags);
        }
    }

    /// Returns addresses at the edges of all ranges, and beside them.
    pub(super) fn edges(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().flat_map(|(&first, &(len, ..))| {
            [
                first.saturating_sub(1),
                first,
                first + (len - 1),
                (first + (len - 1)).saturating_add(1),
            ]
        })
    }
}
