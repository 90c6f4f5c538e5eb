//! Random sequences of operations, while memory runs out at random times.

use core::ops::ControlFlow;
use proptest::prelude::*;
use std::vec::Vec;

use x86_64::{PhysAddr, VirtAddr};

use super::model::{Model, What};
use super::simulation::{G1, K4, M2, Memory, RW, TestTable, check_frames, check_tlb, touch};
use crate::{
    Capabilities, HugePages, Leaf, Mapping, MappingFlags, OnClone, PageSize, PagingError,
    PagingMetaData, SoftwarePayload, X64PTE, X64PagingMetaData,
};

/// The addresses of the operations: at both ends of both halves of the address space, and
/// so few that operations often overlap.
const WINDOWS: [u64; 4] = [0, 0x0000_7FFF_0000_0000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_0000_0000];

#[derive(Clone, Debug)]
enum Operation {
    Map(u64, u64, PageSize, MappingFlags),
    Unmap(u64),
    Remap(u64, u64, MappingFlags),
    Protect(u64, MappingFlags),
    MapRegion(u64, u64, u64, MappingFlags, HugePages),
    /// The third number is how many pages are unmapped at a time, with a flush after
    /// them.
    UnmapRegion(u64, u64, usize),
    ProtectRegion(u64, u64, MappingFlags),
    SetSoftware(u64, u64),
    /// The number selects the pages that are shared and skipped. The flag is whether the
    /// test continues with the clone.
    Clone(u64, bool),
}

/// Addresses near the edges of pages of all sizes.
fn address() -> impl Strategy<Value = u64> {
    let near = prop_oneof![0_u64..4, 508_u64..512];
    (0..WINDOWS.len(), 0_u64..4, near.clone(), near)
        .prop_map(|(window, giga, mega, page)| WINDOWS[window] + giga * G1 + mega * M2 + page * K4)
}

fn aligned_address() -> impl Strategy<Value = u64> {
    (address(), prop_oneof![Just(K4), Just(M2), Just(G1)])
        .prop_map(|(vaddr, size)| vaddr & !(size - 1))
}

fn frame() -> impl Strategy<Value = u64> {
    (0_u64..1 << 20, prop_oneof![Just(K4), Just(M2), Just(G1)])
        .prop_map(|(number, size)| (number * K4 + (1 << 40)) & !(size - 1))
}

fn length() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (1_u64..8).prop_map(|pages| pages * K4),
        4 => (1_u64..4, 0_u64..3).prop_map(|(megas, pages)| megas * M2 + pages * K4),
        1 => (0_u64..3, 0_u64..3).prop_map(|(gigas, pages)| gigas * G1 + pages * K4),
    ]
}

fn flags() -> impl Strategy<Value = MappingFlags> {
    any::<u16>().prop_map(|bits| MappingFlags::from_bits_truncate(bits).normalized())
}

fn size() -> impl Strategy<Value = PageSize> {
    prop_oneof![
        4 => Just(PageSize::Size4K),
        2 => Just(PageSize::Size2M),
        1 => Just(PageSize::Size1G)
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let huge = prop_oneof![1 => Just(HugePages::Forbidden), 3 => Just(HugePages::Allowed)];
    let region = (aligned_address(), frame(), length(), flags(), huge, 0..4).prop_map(
        |(vaddr, frame, len, flags, huge, fit)| {
            // Large pages fit only where both addresses are equal modulo their size. A
            // region without large pages has at most some MiB, so that tests don't take
            // hours.
            let (frame, len) = match (huge, fit) {
                (HugePages::Allowed, 1..) => (frame - frame % G1 + vaddr % G1, len),
                _ => (frame, len.min(4 * M2)),
            };
            Operation::MapRegion(vaddr, frame, len, flags, huge)
        },
    );
    prop_oneof![
        4 => (aligned_address(), frame(), size(), flags())
            .prop_map(|(vaddr, frame, size, flags)| Operation::Map(vaddr, frame, size, flags)),
        3 => aligned_address().prop_map(Operation::Unmap),
        1 => (aligned_address(), frame(), flags())
            .prop_map(|(vaddr, frame, flags)| Operation::Remap(vaddr, frame, flags)),
        1 => (aligned_address(), flags()).prop_map(|(vaddr, flags)| Operation::Protect(vaddr, flags)),
        3 => region,
        2 => (aligned_address(), length(), 1_usize..2000)
            .prop_map(|(vaddr, len, batch)| Operation::UnmapRegion(vaddr, len, batch)),
        2 => (aligned_address(), 0_u64..1 << SoftwarePayload::BITS)
            .prop_map(|(vaddr, payload)| Operation::SetSoftware(vaddr, payload)),
        1 => (any::<u64>(), any::<bool>()).prop_map(|(seed, goes_on)| Operation::Clone(seed, goes_on)),
        2 => (aligned_address(), length(), flags())
            .prop_map(|(vaddr, len, flags)| Operation::ProtectRegion(vaddr, len, flags)),
    ]
}

/// A page table and the model, which do the same operations.
struct Both {
    memory: Memory,
    table: TestTable,
    model: Model,
    /// The page table that owns the upper half, if it is another one.
    upper: Option<TestTable>,
    capabilities: Capabilities,
    are_frames_limited: bool,
}

/// The owner of the upper half.
#[derive(Clone, Copy, Debug)]
enum Upper {
    Own,
    ForOthers,
    Anothers,
}

impl Both {
    fn new(capabilities: Capabilities, upper: Upper) -> Self {
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

    fn check_frames(&self) {
        let tables: Vec<_> = self.upper.iter().chain([&self.table]).collect();
        check_frames(&tables, &self.memory);
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

    fn apply(&mut self, operation: &Operation) {
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
                // The pages have been removed from the model already.
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

    /// Clones the lower half, and compares the original and the clone with models. The
    /// test continues with the clone if `goes_on`, otherwise with the original.
    fn clone(&mut self, seed: u64, goes_on: bool) {
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
            // It ran out of frames, possibly before it could find the expected error.
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

    /// Checks that both translate the edges of all ranges alike.
    fn check_translations(&self) {
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
    fn check_ranges(&self) {
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

fn range_error(vaddr: u64, len: u64) -> Option<PagingError> {
    // Only a range over the low window's end reaches addresses that aren't canonical, and
    // only one over the high window's end exceeds the address space.
    let is_over =
        len > 0 && vaddr.checked_add(len - 1).is_none_or(|last| (vaddr ^ last) >> 47 != 0);
    is_over.then_some(PagingError::InvalidAddress)
}

/// Converts a mapping to the model's type.
fn page(mapping: Mapping) -> What {
    let Mapping { paddr, flags, is_accessed, is_dirty, .. } = mapping;
    What::Page { paddr: paddr.as_u64(), flags, is_accessed, is_dirty }
}

/// Converts a leaf to the model's type.
fn what(leaf: Leaf<X64PTE>) -> What {
    match (leaf.mapping(), leaf.software()) {
        (Some(mapping), None) => page(mapping),
        (None, Some(payload)) => What::Software(payload.get()),
        both => panic!("{both:?}"),
    }
}

fn run(capabilities: Capabilities, upper: Upper, steps: &[(Operation, Option<u8>, u64)]) {
    let mut both = Both::new(capabilities, upper);
    for (number, (operation, frames_left, touched)) in steps.iter().enumerate() {
        let is_write = number % 2 == 0;
        if let Some((page, len)) = touch(&both.table, VirtAddr::new(*touched), is_write) {
            both.model.note(page, len, is_write);
        }
        both.memory.set_left(frames_left.map_or(usize::MAX, usize::from));
        both.are_frames_limited = frames_left.is_some();
        both.apply(operation);
        check_tlb(&both.table);
        both.check_translations();
        if number % 20 == 0 {
            both.check_frames();
            both.check_ranges();
        }
    }
    both.check_frames();
    drop(both.table);
    drop(both.upper);
    assert_eq!(both.memory.used(), 0, "frames are lost");
}

fn steps() -> impl Strategy<Value = Vec<(Operation, Option<u8>, u64)>> {
    // In a quarter of the steps only 0 to 5 frames are left.
    let frames_left = prop_oneof![3 => Just(None), 1 => (0_u8..6).prop_map(Some)];
    prop::collection::vec((operation(), frames_left, address()), 200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_sequences_translate_as_the_model_does(
        steps in steps(),
        has_1gib_pages: bool,
        has_no_execute: bool,
        has_write_combining: bool,
        upper in prop_oneof![
            2 => Just(Upper::Own),
            1 => Just(Upper::ForOthers),
            1 => Just(Upper::Anothers),
        ],
    ) {
        run(Capabilities { has_1gib_pages, has_no_execute, has_write_combining }, upper, &steps);
    }
}
