//! The kernel's address space.

use paging::GenericPTE;

use super::*;
use crate::arch::debug::probe;

#[test_case]
fn nothing_low_is_mapped() {
    let first = next_range(VirtAddr::zero()).expect("something is mapped");
    assert!(first.start >= layout::DIRECT_MAP);
    assert!(probe::read_u8(VirtAddr::new(0x10_0000)).is_err());
}

#[test_case]
fn page_table_that_shares_the_upper_half_maps_what_the_kernel_maps_later() {
    const HEAP_END: VirtAddr =
        VirtAddr::new(layout::HEAP.as_u64() + layout::HEAP_BYTES - FRAME_BYTES);
    let handler = KernelFrames(lock().table.handler().0);
    let shared = Table::try_new_sharing(handler, &upper_half()).expect("there is memory");
    let frame = AllocatedFrames::try_new(Purpose::Other).expect("there is memory");
    let start = frame.start();
    lock().table.map(HEAP_END, start, PageSize::Size4K, DATA).expect("it is free");
    // The walk of a CPU from the other root.
    let steps = walk::steps_from(shared.root_paddr(), HEAP_END);
    let page = walk::page(&steps).map(|(step, _)| step.entry.paddr());
    lock().table.unmap(HEAP_END).expect("it is mapped").1.flush();
    assert_eq!(page, Some(start));
    assert_eq!(walk::page(&walk::steps_from(shared.root_paddr(), HEAP_END)), None);
    drop(shared);
    assert!(query(VirtAddr::from_ptr(&raw const SPACE)).is_ok(), "the half isn't freed");
}

#[test_case]
fn direct_map_and_image_show_the_same_memory() {
    static WORD: core::sync::atomic::AtomicU64 =
        core::sync::atomic::AtomicU64::new(0x1234_5678_9ABC_DEF0);
    let address = VirtAddr::from_ptr(&raw const WORD);
    let alias = layout::direct(image::to_physical(address));
    assert_eq!(probe::read_u64(alias), probe::read_u64(address));
    assert_eq!(query(address).map(|mapping| mapping.paddr), Ok(image::to_physical(address)));
}
