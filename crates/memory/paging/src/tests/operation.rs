//! The operations of the random sequences.

use proptest::prelude::*;

use super::simulation::{G1, K4, M2};
use crate::{HugePages, MappingFlags, PageSize, SoftwarePayload};

/// The addresses of the operations: at both ends of both halves of the address space. There
/// are few, so that operations often overlap.
pub(super) const WINDOWS: [u64; 4] =
    [0, 0x0000_7FFF_0000_0000, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_0000_0000];

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Map(u64, u64, PageSize, MappingFlags),
    Unmap(u64),
    Remap(u64, u64, MappingFlags),
    Protect(u64, MappingFlags),
    MapRegion(u64, u64, u64, MappingFlags, HugePages),
    /// The third number is how many pages are unmapped before each flush.
    UnmapRegion(u64, u64, usize),
    ProtectRegion(u64, u64, MappingFlags),
    SetSoftware(u64, u64),
    /// The number selects the pages that are shared and skipped. The flag is whether the
    /// test continues with the clone.
    Clone(u64, bool),
}

/// Addresses near the edges of pages of all sizes.
pub(super) fn address() -> impl Strategy<Value = u64> {
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

pub(super) fn operation() -> impl Strategy<Value = Operation> {
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
