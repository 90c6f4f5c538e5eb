//! Clones of the page table and of the model.

use std::vec::Vec;

use super::Both;
use super::checks::what;
use crate::tests::model::{Model, What};
use crate::tests::simulation::{K4, check_frames, check_tlb};
use crate::{MappingFlags, OnClone, PagingError};

impl Both {
    /// Clones the lower half, and compares the original and the clone with models. The
    /// test continues with the clone if `goes_on`, otherwise with the original.
    pub(super) fn clone(&mut self, seed: u64, goes_on: bool) {
        let decide = |page: u64| match (page / K4).wrapping_mul(seed | 1) >> 61 {
            0 => OnClone::Skip,
            1..4 => OnClone::Share,
            _ => OnClone::CopyOnWrite,
        };
        let (mut original, mut copy) = (self.model.clone(), Model::default());
        let mut last = None;
        let memory = self.memory.clone();
        let result = self
            .table
            .try_clone_lower_half(memory, |page, leaf| {
                let (page, len) = (page.as_u64(), leaf.size().bytes());
                assert!(last < Some(page), "each page once, in rising order");
                last = Some(page);
                assert_eq!(Some(what(leaf)), original.translate(page));
                let on_clone = decide(page);
                let mut whats = original.translate(page);
                if let (OnClone::CopyOnWrite, Some(What::Page { flags, .. })) = (on_clone, whats)
                    && flags.contains(MappingFlags::WRITE)
                {
                    let flags = (flags - MappingFlags::WRITE) | MappingFlags::COPY_ON_WRITE;
                    original.protect(page, len, flags);
                    whats = original.translate(page);
                }
                match whats {
                    _ if on_clone == OnClone::Skip => {}
                    Some(What::Page { paddr, flags, .. }) => {
                        copy.put(page, len, What::page(paddr, flags));
                    }
                    Some(software) => copy.put(page, len, software),
                    None => unreachable!("its presence was checked above"),
                }
                on_clone
            })
            .map(|(clone, flush)| {
                flush.flush();
                clone
            });
        let clone = match result {
            Ok(clone) => clone,
            Err(error) => {
                assert!(self.are_frames_limited && error == PagingError::NoMemory);
                assert_eq!(last, None, "every decision was for a mapped page");
                return;
            }
        };
        let lower_bytes = |model: &Model| {
            let mut lower = model.clone();
            lower.cut(1 << 63, 1 << 63);
            lower.mapped_bytes()
        };
        assert!(lower_bytes(&copy) <= lower_bytes(&original), "each page was visited");
        self.model = original;
        check_tlb(&self.table);
        let tables: Vec<_> = self.upper.iter().chain([&self.table, &clone]).collect();
        check_frames(&tables, &self.memory);
        self.check_ranges();
        // The clone of a page table whose upper half can be shared shares it.
        if goes_on && (self.table.upper_half().is_none() || self.upper.is_some()) {
            self.memory.forget_tlb();
            (self.table, self.model) = (clone, copy);
            self.check_ranges();
        } else {
            let original = core::mem::replace(&mut self.table, clone);
            let model = core::mem::replace(&mut self.model, copy);
            self.check_translations();
            self.check_ranges();
            (self.table, self.model) = (original, model);
        }
    }
}
