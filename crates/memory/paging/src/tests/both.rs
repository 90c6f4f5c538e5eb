//! A page table and the model, which do the same operations.

mod checks;
mod clone;

use core::ops::ControlFlow;
use std::vec::Vec;

use x86_64::{PhysAddr, VirtAddr};

use super::model::{Model, What};
use super::operation::{Operation, WINDOWS};
use super::simulation::{G1, K4, Memory, RW, TestTable};
use crate::{Capabilities, MappingFlags, PageSize, PagingError, SoftwarePayload};
use checks::what;

/// A page table and the model, which do the same operations.
pub(super) struct Both {
    pub(super) memory: Memory,
    pub(super) table: TestTable,
    pub(super) model: Model,
    /// The page table that owns the upper half, if it is another one.
    pub(super) upper: Option<TestTable>,
    capabilities: Capabilities,
    pub(super) are_frames_limited: bool,
}

/// The owner of the upper half.
#[derive(Clone, Copy, Debug)]
pub(super) enum Upper {
    Own,
    ForOthers,
    Anothers,
}

impl Both {
    pub(super) fn new(capabilities: Capabilities, upper: Upper) -> Self {
        let memory = Memory::new(capabilities);
        let with_upper_half =
            || TestTable::try_new_with_upper_half(memory.clone()).expect("there is memory");
        let (table, upper) = match upper {
            Upper::Own => (TestTable::try_new(memory.clone()).expect("there is memory"), None),
            Upper::ForOthers => (with_upper_half(), None),
            Upper::Anothers => {
                let mut upper = with_upper_half();
                let page = VirtAddr::new(WINDOWS[2]);
                upper.map(page, PhysAddr::new(G1), PageSize::Size1G, RW).unwrap_or_default();
                let half = upper.upper_half().expect("it has one");
                let table = TestTable::try_new_sharing(memory.clone(), &half);
                (table.expect("there is memory"), Some(upper))
            }
        };
        let (model, are_frames_limited) = (Model::default(), false);
        Self { memory, table, model, upper, capabilities, are_frames_limited }
    }

    /// Returns whether `vaddr` is in the half of another page table, where operations
    /// have to fail.
    fn is_refused(&self, vaddr: u64) -> bool {
        self.upper.is_some() && vaddr >> 63 != 0
    }

    /// Returns those of `flags` that an entry can hold.
    fn kept(&self, flags: MappingFlags) -> MappingFlags {
        let always = if self.capabilities.has_no_execute {
            MappingFlags::empty()
        } else {
            MappingFlags::EXECUTE
        };
        let mut kept = flags | always;
        if kept.contains(MappingFlags::WRITE_COMBINING) && !self.capabilities.has_write_combining {
            kept.remove(MappingFlags::WRITE_COMBINING);
            kept.insert(MappingFlags::UNCACHED);
        }
        kept.normalized()
    }

    /// Returns the size of the page, or software payload, that begins at `vaddr`. Asserts
    /// that the page table and the model agree on it.
    fn page_at(&self, vaddr: u64) -> Result<PageSize, PagingError> {
        let leaf = self.table.lookup(VirtAddr::new(vaddr));
        assert_eq!(leaf.is_ok(), self.model.translate(vaddr).is_some());
        let size = leaf?.size();
        if vaddr.is_multiple_of(size.bytes()) {
            Ok(size)
        } else {
            Err(PagingError::MappedToHugePage)
        }
    }

    /// Tries an operation on the half of another page table, which has to fail.
    fn apply_refused(&mut self, operation: &Operation) {
        let (page, frame) = (|vaddr| VirtAddr::new(vaddr), PhysAddr::new(G1));
        let table = &mut self.table;
        let error = match *operation {
            Operation::Map(vaddr, _, _, _) => {
                table.map(page(vaddr), frame, PageSize::Size4K, RW).err()
            }
            Operation::Unmap(vaddr) => table.unmap(page(vaddr)).err(),
            Operation::Remap(vaddr, _, flags) => table.remap(page(vaddr), frame, flags).err(),
            Operation::Protect(vaddr, flags) => table.protect(page(vaddr), flags).err(),
            Operation::MapRegion(vaddr, _, _, _, huge) => {
                table.map_region(page(vaddr), frame, K4, RW, huge).err()
            }
            Operation::UnmapRegion(vaddr, _, _) => table.unmap_region(page(vaddr), K4).err(),
            Operation::ProtectRegion(vaddr, _, flags) => {
                table.protect_region(page(vaddr), K4, flags).err()
            }
            Operation::SetSoftware(vaddr, _) => {
                table.set_software(page(vaddr), SoftwarePayload::truncated(0)).err()
            }
            Operation::Clone(..) => unreachable!("it has no address"),
        };
        assert_eq!(error, Some(PagingError::NotOwned));
        let address = page(WINDOWS[2] + K4);
        assert_eq!(table.query(address), Err(PagingError::NotOwned));
        let upper = self.upper.as_ref().expect("another page table owns it");
        assert!(upper.query(address).is_ok() || !self.capabilities.has_1gib_pages);
    }

    pub(super) fn apply(&mut self, operation: &Operation) {
        if let Operation::Map(vaddr, ..)
        | Operation::Unmap(vaddr)
        | Operation::Remap(vaddr, ..)
        | Operation::Protect(vaddr, ..)
        | Operation::MapRegion(vaddr, ..)
        | Operation::UnmapRegion(vaddr, ..)
        | Operation::ProtectRegion(vaddr, ..)
        | Operation::SetSoftware(vaddr, ..) = *operation
            && self.is_refused(vaddr)
        {
            return self.apply_refused(operation);
        }
        match *operation {
            Operation::Map(vaddr, frame, size, flags) => {
                let result =
                    self.table.map(VirtAddr::new(vaddr), PhysAddr::new(frame), size, flags);
                let expected = self.expected_of_map(vaddr, frame, size, flags);
                self.judge(result, expected, |both| {
                    let kept = both.kept(flags);
                    both.model.put(vaddr, size.bytes(), What::page(frame, kept));
                });
            }
            Operation::Unmap(vaddr) => {
                let expected = self.page_at(vaddr);
                let result = self.table.unmap(VirtAddr::new(vaddr)).map(|(leaf, flush)| {
                    flush.flush();
                    leaf
                });
                assert_eq!(result.map(|leaf| leaf.size()), expected);
                if let Ok(leaf) = result {
                    assert_eq!(Some(what(leaf)), self.model.translate(vaddr));
                    self.model.cut(vaddr, leaf.size().bytes());
                }
            }
            Operation::SetSoftware(vaddr, payload) => {
                let before = self.model.translate(vaddr);
                let expected = match self.table.lookup(VirtAddr::new(vaddr)) {
                    Ok(leaf) if leaf.size() != PageSize::Size4K => {
                        Err(PagingError::MappedToHugePage)
                    }
                    _ => Ok(()),
                };
                let value = SoftwarePayload::try_new(payload).expect("it has no more bits");
                let result =
                    self.table.set_software(VirtAddr::new(vaddr), value).map(|(old, flush)| {
                        flush.flush();
                        assert_eq!(old.map(what), before);
                    });
                if before.is_some() {
                    assert_eq!(result, expected);
                }
                self.judge(result, expected, |both| {
                    both.model.cut(vaddr, K4);
                    both.model.put(vaddr, K4, What::Software(payload));
                });
            }
            Operation::Clone(seed, goes_on) => self.clone(seed, goes_on),
            Operation::Remap(vaddr, frame, flags) => {
                let mut expected = self.page_at(vaddr);
                if let Ok(size) = expected
                    && !frame.is_multiple_of(size.bytes())
                {
                    expected = Err(PagingError::NotAligned);
                }
                let result = self
                    .table
                    .remap(VirtAddr::new(vaddr), PhysAddr::new(frame), flags)
                    .map(|(leaf, flush)| {
                        flush.flush();
                        leaf
                    });
                assert_eq!(result.map(|leaf| leaf.size()), expected);
                if let Ok(leaf) = result {
                    assert_eq!(Some(what(leaf)), self.model.translate(vaddr));
                    let len = leaf.size().bytes();
                    self.model.cut(vaddr, len);
                    if !flags.is_empty() {
                        let kept = self.kept(flags);
                        self.model.put(vaddr, len, What::page(frame, kept));
                    }
                }
            }
            Operation::Protect(vaddr, flags) => {
                let mut expected = self.page_at(vaddr);
                if self.model.translate(vaddr).is_some_and(|what| !what.is_page()) {
                    expected = Err(PagingError::NotPresent);
                }
                let result =
                    self.table.protect(VirtAddr::new(vaddr), flags).map(|(size, flush)| {
                        flush.flush();
                        size
                    });
                assert_eq!(result, expected);
                if let Ok(size) = expected {
                    self.protect_model(vaddr, size.bytes(), flags);
                }
            }
            Operation::MapRegion(vaddr, frame, len, flags, huge) => {
                let result = self.table.map_region(
                    VirtAddr::new(vaddr),
                    PhysAddr::new(frame),
                    len,
                    flags,
                    huge,
                );
                let expected = match range_error(vaddr, len) {
                    Some(error) => Err(error),
                    None if len == 0 || flags.is_empty() => Err(PagingError::NotMapped),
                    None if self.model.is_any_mapped(vaddr, len) => Err(PagingError::AlreadyMapped),
                    None => Ok(()),
                };
                if expected == Err(PagingError::NotMapped) {
                    return assert_eq!(result, Ok(()), "nothing to map");
                }
                self.judge(result, expected, |both| {
                    let kept = both.kept(flags);
                    both.model.put(vaddr, len, What::page(frame, kept));
                });
            }
            Operation::UnmapRegion(vaddr, len, batch) => {
                let result = self.unmap_region(vaddr, len, batch);
                let expected = range_error(vaddr, len).map_or(Ok(()), Err);
                // The model's pages have already been removed.
                self.judge(result, expected, |both| {
                    assert!(len == 0 || !both.model.is_any_mapped(vaddr, len));
                });
            }
            Operation::ProtectRegion(vaddr, len, flags) => {
                let result = self
                    .table
                    .protect_region(VirtAddr::new(vaddr), len, flags)
                    .map(|flush| flush.flush());
                let expected = range_error(vaddr, len).map_or(Ok(()), Err);
                self.judge(result, expected, |both| {
                    if len > 0 {
                        both.protect_model(vaddr, len, flags);
                    }
                });
            }
        }
    }

    /// Unmaps a range, at most `batch` pages at a time. Compares each unmapped page with
    /// the model, and removes it from the model.
    fn unmap_region(&mut self, vaddr: u64, len: u64, batch: usize) -> Result<(), PagingError> {
        let end = vaddr.wrapping_add(len);
        let mut next = Some(vaddr);
        while let Some(start) = next {
            let mut taken = Vec::new();
            let start = VirtAddr::new(start);
            let len = end.wrapping_sub(start.as_u64());
            let (rest, flush) = self.table.unmap_region_with(start, len, |page, leaf| {
                taken.push((page.as_u64(), leaf));
                if taken.len() < batch { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            flush.flush();
            assert!(taken.len() <= batch && taken.is_sorted_by_key(|(page, _)| *page));
            for (page, leaf) in taken {
                assert_eq!(Some(what(leaf)), self.model.translate(page), "{page:#x}");
                self.model.cut(page, leaf.size().bytes());
            }
            // After the first batch no end has to be split, so no frame is needed.
            next = rest.map(VirtAddr::as_u64);
        }
        Ok(())
    }

    fn expected_of_map(
        &self,
        vaddr: u64,
        frame: u64,
        size: PageSize,
        flags: MappingFlags,
    ) -> Result<(), PagingError> {
        if size == PageSize::Size1G && !self.capabilities.has_1gib_pages {
            return Err(PagingError::InvalidAddress);
        }
        if !vaddr.is_multiple_of(size.bytes()) || !frame.is_multiple_of(size.bytes()) {
            return Err(PagingError::NotAligned);
        }
        if flags.is_empty() {
            // `map` succeeds but maps nothing; `judge` accepts that for this error.
            return Err(PagingError::NotMapped);
        }
        if self.model.is_any_mapped(vaddr, size.bytes()) {
            return Err(PagingError::AlreadyMapped);
        }
        Ok(())
    }

    /// Compares the result of an operation, which may have run out of frames, with the
    /// expected one. On success `apply` updates the model.
    fn judge(
        &mut self,
        result: Result<(), PagingError>,
        expected: Result<(), PagingError>,
        apply: impl FnOnce(&mut Self),
    ) {
        match (result, expected) {
            (Ok(()), Ok(())) => apply(self),
            (Ok(()), Err(PagingError::NotMapped)) => {}
            // The operation ran out of frames, possibly before it could find the expected
            // error.
            (Err(PagingError::NoMemory), Ok(()) | Err(PagingError::AlreadyMapped))
                if self.are_frames_limited => {}
            (result, expected) => assert_eq!(result, expected),
        }
    }

    fn protect_model(&mut self, vaddr: u64, len: u64, flags: MappingFlags) {
        if flags.is_empty() {
            self.model.cut(vaddr, len);
        } else {
            let kept = self.kept(flags);
            self.model.protect(vaddr, len, kept);
        }
    }
}

fn range_error(vaddr: u64, len: u64) -> Option<PagingError> {
    // Only a range beyond the low window's end has addresses that aren't canonical, and
    // only a range beyond the high window's end exceeds the address space.
    let is_over =
        len > 0 && vaddr.checked_add(len - 1).is_none_or(|last| (vaddr ^ last) >> 47 != 0);
    is_over.then_some(PagingError::InvalidAddress)
}
