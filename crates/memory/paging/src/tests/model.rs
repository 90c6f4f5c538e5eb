//! The naive model: a list of address ranges and their contents, without tables.

use std::collections::BTreeMap;

use crate::MappingFlags;

/// The content of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Page {
        paddr: u64,
        flags: MappingFlags,
        is_accessed: bool,
        is_dirty: bool,
    },
    /// A software payload in place of a page of 4 KiB.
    Software(u64),
}

impl What {
    /// Returns a page that has just been mapped.
    pub(super) fn page(paddr: u64, flags: MappingFlags) -> Self {
        let is_kernels = !flags.contains(MappingFlags::USER);
        Self::Page {
            paddr,
            flags,
            is_accessed: is_kernels,
            is_dirty: is_kernels && flags.contains(MappingFlags::WRITE),
        }
    }

    pub(super) fn is_page(self) -> bool {
        matches!(self, Self::Page { .. })
    }

    fn after(self, offset: u64) -> Self {
        match self {
            Self::Page { paddr, flags, is_accessed, is_dirty } => {
                Self::Page { paddr: paddr + offset, flags, is_accessed, is_dirty }
            }
            software => software,
        }
    }

    fn recorded(self, accessed: bool, dirty: bool) -> Self {
        match self {
            Self::Page { paddr, flags, is_accessed, is_dirty } => Self::Page {
                paddr,
                flags,
                is_accessed: is_accessed || accessed,
                is_dirty: is_dirty || dirty,
            },
            software => software,
        }
    }
}

/// Disjoint ranges, by first address: length, and content at the start.
#[derive(Clone, Default)]
pub(super) struct Model {
    ranges: BTreeMap<u64, (u64, What)>,
}

impl Model {
    pub(super) fn translate(&self, vaddr: u64) -> Option<What> {
        let (first, (len, what)) = self.ranges.range(..=vaddr).next_back()?;
        let offset = vaddr - first;
        (offset < *len).then(|| what.after(offset))
    }

    pub(super) fn mapped_bytes(&self) -> u64 {
        self.ranges.values().filter(|(_, what)| what.is_page()).map(|(len, _)| len).sum()
    }

    /// Returns whether anything is mapped in the range.
    pub(super) fn is_any_mapped(&self, first: u64, len: u64) -> bool {
        self.translate(first).is_some()
            || self.ranges.range(first..=first + (len - 1)).next().is_some()
    }

    pub(super) fn put(&mut self, first: u64, len: u64, what: What) {
        self.ranges.insert(first, (len, what));
    }

    /// Removes the range and returns its content.
    pub(super) fn cut(&mut self, first: u64, len: u64) -> BTreeMap<u64, (u64, What)> {
        let last = first + (len - 1);
        for at in [Some(first), last.checked_add(1)].into_iter().flatten() {
            self.split(at);
        }
        let inside: BTreeMap<_, _> =
            self.ranges.range(first..=last).map(|(&k, &v)| (k, v)).collect();
        for key in inside.keys() {
            self.ranges.remove(key);
        }
        inside
    }

    /// Changes the flags of the pages; ACCESSED and DIRTY stay unchanged.
    pub(super) fn protect(&mut self, first: u64, len: u64, flags: MappingFlags) {
        for (start, (len, what)) in self.cut(first, len) {
            let what = match what {
                What::Page { paddr, is_accessed, is_dirty, .. } => {
                    What::page(paddr, flags).recorded(is_accessed, is_dirty)
                }
                software => software,
            };
            self.put(start, len, what);
        }
    }

    /// Records an access, or a write, to a page.
    pub(super) fn note(&mut self, first: u64, len: u64, is_write: bool) {
        for (start, (len, what)) in self.cut(first, len) {
            self.put(start, len, what.recorded(true, is_write));
        }
    }

    fn split(&mut self, at: u64) {
        let Some((&first, &(len, what))) = self.ranges.range(..at).next_back() else {
            return;
        };
        let offset = at - first;
        if offset < len {
            self.put(first, offset, what);
            self.put(at, len - offset, what.after(offset));
        }
    }

    /// Returns addresses at the edges of all ranges, and beside them.
    pub(super) fn edges(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().flat_map(|(&first, &(len, _))| {
            [
                first.saturating_sub(1),
                first,
                first + (len - 1),
                (first + (len - 1)).saturating_add(1),
            ]
        })
    }
}
