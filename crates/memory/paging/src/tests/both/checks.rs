//! Comparison of the page table with the model.

use std::vec::Vec;

use x86_64::VirtAddr;

use super::Both;
use crate::tests::model::What;
use crate::tests::simulation::check_frames;
use crate::{Leaf, Mapping, PagingError, PagingMetaData, X64PTE, X64PagingMetaData};

impl Both {
    pub(in crate::tests) fn check_frames(&self) {
        let tables: Vec<_> = self.upper.iter().chain([&self.table]).collect();
        check_frames(&tables, &self.memory);
    }

    /// Checks that the page table and the model translate the edges of all ranges alike.
    pub(in crate::tests) fn check_translations(&self) {
        for vaddr in self.model.edges() {
            if X64PagingMetaData::vaddr_is_valid(vaddr) {
                let expected = self.model.translate(vaddr);
                let mapped = self.table.query(VirtAddr::new(vaddr));
                if let Ok(mapping) = mapped {
                    // The CPU requires the frame of a large page to be aligned.
                    let size = mapping.size.bytes();
                    assert_eq!(mapping.paddr.as_u64() % size, vaddr % size, "{vaddr:#x}");
                    assert_eq!(Some(page(mapping)), expected, "{vaddr:#x}");
                    continue;
                }
                let leaf = self.table.lookup(VirtAddr::new(vaddr)).ok();
                assert_eq!(leaf.map(what), expected, "{vaddr:#x}");
                let is_software = mapped == Err(PagingError::NotPresent);
                assert_eq!(is_software, expected.is_some());
            }
        }
    }

    /// Checks that the page table lists exactly the mapped ranges, in rising order.
    pub(in crate::tests) fn check_ranges(&self) {
        let (mut bytes, mut from) = (0, Some(VirtAddr::zero()));
        while let Some(range) = from.and_then(|from| self.table.next_range(from)) {
            assert!(Some(range.start) >= from, "{range:?}");
            for vaddr in [range.start, range.last()] {
                let expected = range.mapping.paddr.as_u64() + (vaddr - range.start);
                let Some(What::Page { paddr, flags, .. }) = self.model.translate(vaddr.as_u64())
                else {
                    panic!("{range:?} isn't completely mapped");
                };
                assert_eq!((paddr, flags), (expected, range.mapping.flags), "{range:?}");
            }
            bytes += range.len_bytes();
            from = range.next();
        }
        assert_eq!(bytes, self.model.mapped_bytes());
    }
}

/// Converts a mapping to the model's type.
fn page(mapping: Mapping) -> What {
    let Mapping { paddr, flags, is_accessed, is_dirty, .. } = mapping;
    What::Page { paddr: paddr.as_u64(), flags, is_accessed, is_dirty }
}

/// Converts a leaf to the model's type.
pub(super) fn what(leaf: Leaf<X64PTE>) -> What {
    match (leaf.mapping(), leaf.software()) {
        (Some(mapping), None) => page(mapping),
        (None, Some(payload)) => What::Software(payload.get()),
        both => panic!("{both:?}"),
    }
}
