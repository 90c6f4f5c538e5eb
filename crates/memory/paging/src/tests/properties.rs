//! Random sequences of operations, with frames running out at random.

use proptest::prelude::*;
use std::vec::Vec;

use x86_64::{PhysAddr, VirtAddr};

use super::model::Model;
use super::simulation::{G1, K4, M2, Memory, TestTable, check_frames, check_tlb, touch};
use crate::{
    Capabilities, HugePages, MappingFlags, PageSize, PagingError, PagingMetaData, X64PagingMetaData,
};

/// Where the operations play: so near to each other that they meet, at both ends
/// of both halves of the address space.
const WINDOWS: [u64; 4] = [0, 0x0000_7FFF_0000_0000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_0000_0000];

#[derive(Clone, Debug)]
enum Operation {
    Map(u64, u64, PageSize, MappingFlags),
    Unmap(u64),
    Remap(u64, u64, MappingFlags),
    Protect(u64, MappingFlags),
    MapRegion(u64, u64, u64, MappingFlags, HugePages),
    UnmapRegion(u64, u64),
    ProtectRegion(u64, u64, MappingFlags),
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
            // Large pages fit only where both addresses are alike below them. A
            // region without has at most some MiB, or tests take hours.
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
        2 => (aligned_address(), length()).prop_map(|(vaddr, len)| Operation::UnmapRegion(vaddr, len)),
        2 => (aligned_address(), length(), flags())
            .prop_map(|(vaddr, len, flags)| Operation::ProtectRegion(vaddr, len, flags)),
    ]
}

/// The mapper and the model, side by side.
struct Both {
    memory: Memory,
    table: TestTable,
    model: Model,
    capabilities: Capabilities,
    are_frames_limited: bool,
}

impl Both {
    fn new(capabilities: Capabilities) -> Self {
        let memory = Memory::new(capabilities);
        let table = TestTable::try_new(memory.clone()).expect("there is memory");
        Self { memory, table, model: Model::default(), capabilities, are_frames_limited: false }
    }

    /// What an entry keeps of `flags`.
    fn kept(&self, flags: MappingFlags) -> MappingFlags {
        let always = if self.capabilities.has_no_execute {
            MappingFlags::empty()
        } else {
            MappingFlags::EXECUTE
        };
        (flags | always).normalized()
    }

    /// Returns the page that begins at `vaddr`, by the mapper's own account, which
    /// has to agree with the model.
    fn page_at(&self, vaddr: u64) -> Result<PageSize, PagingError> {
        let mapping = self.table.query(VirtAddr::new(vaddr));
        assert_eq!(mapping.is_ok(), self.model.translate(vaddr).is_some());
        let size = mapping?.size;
        if vaddr.is_multiple_of(size.bytes()) {
            Ok(size)
        } else {
            Err(PagingError::MappedToHugePage)
        }
    }

    fn apply(&mut self, operation: &Operation) {
        match *operation {
            Operation::Map(vaddr, frame, size, flags) => {
                let result =
                    self.table.map(VirtAddr::new(vaddr), PhysAddr::new(frame), size, flags);
                let expected = self.expected_of_map(vaddr, frame, size, flags);
                self.judge(result, expected, |both| {
                    let kept = both.kept(flags);
                    both.model.map(vaddr, size.bytes(), frame, kept);
                });
            }
            Operation::Unmap(vaddr) => {
                let size = self.page_at(vaddr);
                let result = self.table.unmap(VirtAddr::new(vaddr)).map(|(mapping, flush)| {
                    flush.flush();
                    mapping.size
                });
                assert_eq!(result, size);
                if let Ok(size) = size {
                    self.model.cut(vaddr, size.bytes());
                }
            }
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
                    .map(|(size, flush)| {
                        flush.flush();
                        size
                    });
                assert_eq!(result, expected);
                if let Ok(size) = expected {
                    self.model.cut(vaddr, size.bytes());
                    if !flags.is_empty() {
                        let kept = self.kept(flags);
                        self.model.map(vaddr, size.bytes(), frame, kept);
                    }
                }
            }
            Operation::Protect(vaddr, flags) => {
                let expected = self.page_at(vaddr);
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
                    both.model.map(vaddr, len, frame, kept);
                });
            }
            Operation::UnmapRegion(vaddr, len) => {
                let result =
                    self.table.unmap_region(VirtAddr::new(vaddr), len).map(|flush| flush.flush());
                let expected = range_error(vaddr, len).map_or(Ok(()), Err);
                self.judge(result, expected, |both| {
                    if len > 0 {
                        both.model.cut(vaddr, len);
                    }
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
            // Nothing is mapped, which `judge` can't tell from success.
            return Err(PagingError::NotMapped);
        }
        if self.model.is_any_mapped(vaddr, size.bytes()) {
            return Err(PagingError::AlreadyMapped);
        }
        Ok(())
    }

    /// Holds a result against what is expected of an operation for which frames
    /// may run out; `apply` brings the model up to date.
    fn judge(
        &mut self,
        result: Result<(), PagingError>,
        expected: Result<(), PagingError>,
        apply: impl FnOnce(&mut Self),
    ) {
        match (result, expected) {
            (Ok(()), Ok(())) => apply(self),
            (Ok(()), Err(PagingError::NotMapped)) => {}
            // Out of frames before the obstacle was met, or without one.
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

    /// Checks that all edges translate alike.
    fn check_translations(&self) {
        for vaddr in self.model.edges() {
            if X64PagingMetaData::vaddr_is_valid(vaddr) {
                let mapped = self.table.query(VirtAddr::new(vaddr)).ok();
                if let Some(mapping) = mapped {
                    // The processor wants a large page's frame aligned.
                    let size = mapping.size.bytes();
                    assert_eq!(mapping.paddr.as_u64() % size, vaddr % size, "{vaddr:#x}");
                }
                let mapped = mapped.map(|mapping| (mapping.paddr.as_u64(), mapping.flags));
                assert_eq!(mapped, self.model.translate(vaddr), "{vaddr:#x}");
            }
        }
    }

    /// Checks that the ranges are all that is mapped, in rising order.
    fn check_ranges(&self) {
        let (mut bytes, mut from) = (0, Some(VirtAddr::zero()));
        while let Some(range) = from.and_then(|from| self.table.next_range(from)) {
            assert!(Some(range.start) >= from, "{range:?}");
            for vaddr in [range.start, range.last()] {
                let offset = vaddr - range.start;
                let paddr = range.mapping.paddr.as_u64() + offset;
                let expected = Some((paddr, range.mapping.flags));
                assert_eq!(self.model.translate(vaddr.as_u64()), expected, "{range:?}");
            }
            bytes += range.len_bytes();
            from = range.next();
        }
        assert_eq!(bytes, self.model.mapped_bytes());
    }
}

fn range_error(vaddr: u64, len: u64) -> Option<PagingError> {
    // Only the low window's end can be run over into addresses that aren't
    // canonical, and the high window's end into nothing.
    let is_over =
        len > 0 && vaddr.checked_add(len - 1).is_none_or(|last| (vaddr ^ last) >> 47 != 0);
    is_over.then_some(PagingError::InvalidAddress)
}

fn run(capabilities: Capabilities, steps: &[(Operation, Option<u8>, u64)]) {
    let mut both = Both::new(capabilities);
    for (number, (operation, frames_left, touched)) in steps.iter().enumerate() {
        touch(&both.table, VirtAddr::new(*touched));
        both.memory.set_left(frames_left.map_or(usize::MAX, usize::from));
        both.are_frames_limited = frames_left.is_some();
        both.apply(operation);
        check_tlb(&both.table);
        both.check_translations();
        if number % 20 == 0 {
            check_frames(&both.table, &both.memory);
            both.check_ranges();
        }
    }
    check_frames(&both.table, &both.memory);
    drop(both.table);
    assert_eq!(both.memory.used(), 0, "frames are lost");
}

fn steps() -> impl Strategy<Value = Vec<(Operation, Option<u8>, u64)>> {
    // In a fourth of the steps frames run out after 0 to 5.
    let frames_left = prop_oneof![3 => Just(None), 1 => (0_u8..6).prop_map(Some)];
    prop::collection::vec((operation(), frames_left, address()), 200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn random_sequences_translate_as_the_model_does(
        steps in steps(),
        has_1gib_pages: bool,
        has_no_execute: bool,
    ) {
        run(Capabilities { has_1gib_pages, has_no_execute }, &steps);
    }
}
