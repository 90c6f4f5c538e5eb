//! Tests of the heap through its public functions.

use super::end::TRIM_BYTES;
use super::*;
use crate::mm::debug::peek;
use crate::mm::kernel::frames::Purpose;
use crate::sync::IrqMutex;
use crate::sync::Rank;
use crate::testing::ShouldPanic;
use alloc::boxed::Box;
use alloc::vec::Vec;
use x86_64::VirtAddr;

#[test_case]
fn blocks_keep_their_content_and_alignment() {
    #[repr(align(8192))]
    struct Aligned(#[expect(dead_code, reason = "only its place matters")] u8);
    let before = statistics().allocated_bytes;
    let mut vectors: Vec<Vec<usize>> = Vec::new();
    for length in 0..200 {
        vectors.push((0..length).collect());
        let aligned = Box::new(Aligned(1));
        assert!(VirtAddr::from_ptr(&raw const *aligned).is_aligned(8192_u64));
    }
    for vector in &mut vectors {
        vector.extend(0..100);
        vector.shrink_to_fit();
    }
    for (length, vector) in vectors.iter().enumerate() {
        assert!(vector.iter().copied().eq((0..length).chain(0..100)), "{length}");
    }
    drop(vectors);
    assert_eq!(statistics().allocated_bytes, before);
}

#[test_case]
fn frames_are_mapped_on_demand_and_freed() {
    // The first page stays mapped for ever.
    drop(core::hint::black_box(Box::new(1_u8)));
    trim();
    let (before, frames) = (statistics().mapped_bytes, frames::counts());
    let large = alloc::vec![1_u8; 5 << 20];
    let grown = statistics().mapped_bytes;
    assert!(grown > 5 << 20 && grown < before + (6 << 20), "{before} {grown}");
    drop(large);
    // Up to twice TRIM_BYTES may stay mapped for later allocations.
    assert!(statistics().mapped_bytes <= before + 2 * TRIM_BYTES);
    assert!(statistics().tail_bytes >= statistics().mapped_bytes - before);
    trim();
    assert!(statistics().tail_bytes < FRAME_BYTES);
    assert!(statistics().mapped_peak_bytes >= grown);
    assert_eq!(statistics().mapped_bytes, before);
    assert_eq!(frames::counts().used_for(Purpose::Heap), frames.used_for(Purpose::Heap));
}

#[test_case]
fn too_much_is_an_error_for_callers_that_handle_it() {
    trim();
    let before = statistics();
    for bytes in [before.limit_bytes as usize + 1, 1 << 40, isize::MAX as usize] {
        assert!(Vec::<u8>::new().try_reserve_exact(bytes).is_err(), "{bytes}");
    }
    let after = statistics();
    assert_eq!(after.mapped_bytes, before.mapped_bytes, "nothing was mapped in vain");
    assert_eq!(after.failures, before.failures + 3);
}

#[test_case]
const OUT_OF_MEMORY_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "heap::out_of_memory_is_reported",
    "out of memory: no 1099511627776 bytes",
    || {
        drop(Vec::<u8>::with_capacity(1 << 40));
    },
);

#[test_case]
fn freed_memory_is_poisoned() {
    let block = Box::new([0x11_u8; 512]);
    let start = VirtAddr::from_ptr(&raw const *block);
    drop(block);
    // The allocator uses both ends of a free block for its lists.
    let poisoned = (32..480).filter(|offset| peek::read(start + *offset) == Some(POISON)).count();
    assert_eq!(poisoned, 448);
}

#[test_case]
const DEVICE_LOCK_FORBIDS_ALLOCATION: ShouldPanic = ShouldPanic::new(
    "heap::device_lock_forbids_allocation",
    "a lock of rank HeapCache is taken while",
    || {
        static DEVICE: IrqMutex<u8> = IrqMutex::new(Rank::Device, 0);
        let _held = DEVICE.lock();
        drop(core::hint::black_box(Box::new(5_u8)));
    },
);

#[test_case]
fn small_blocks_come_from_the_lists_of_the_cpu() {
    let before = statistics();
    drop(core::hint::black_box(Box::new([1_u8; 40])));
    let blocks: Vec<Box<[u8; 40]>> = (0..1000).map(|_| Box::new([1; 40])).collect();
    let during = statistics();
    assert_eq!(during.allocations, before.allocations + 1001);
    assert_eq!(during.allocated_bytes, before.allocated_bytes + 1000 * 48);
    drop(blocks);
    let after = statistics();
    assert_eq!(after.allocated_bytes, before.allocated_bytes);
    assert!(after.cached_bytes >= 32 * 48, "{after:?}");
    assert!(after.cached_bytes <= before.cached_bytes + 64 * 48, "no more than fit stay");
    assert!(after.peak_bytes >= during.allocated_bytes);
    trim();
    let trimmed = statistics();
    assert!(trimmed.cached_bytes < after.cached_bytes);
    assert_eq!(trimmed.allocated_bytes, before.allocated_bytes);
}

#[test_case]
fn block_keeps_its_content_when_its_size_changes() {
    for sizes in [[1, 16], [16, 17], [40, 2000], [2000, 40], [1024, 1025], [5000, 9000]] {
        let before = statistics();
        let mut bytes: Vec<u8> = Vec::with_capacity(sizes[0]);
        bytes.extend((0..sizes[0].min(sizes[1])).map(|index| index as u8));
        let expected = bytes.clone();
        if sizes[1] > sizes[0] {
            bytes.reserve_exact(sizes[1] - bytes.len());
        } else {
            bytes.shrink_to(sizes[1]);
        }
        assert_eq!(bytes, expected, "{sizes:?}");
        let during = statistics().allocated_bytes - before.allocated_bytes;
        assert_eq!(during, (bytes.capacity() + expected.capacity()) as u64, "{sizes:?}");
        drop((bytes, expected));
        assert_eq!(statistics().allocated_bytes, before.allocated_bytes);
    }
}
