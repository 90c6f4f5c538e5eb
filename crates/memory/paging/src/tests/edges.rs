//! Single cases that a random walk may miss.

use core::ops::ControlFlow;

use x86_64::{PhysAddr, VirtAddr};

use super::simulation::{G1, K4, M2, Memory, RW, TestTable, check_frames};
use crate::{
    FlushScope, GenericPTE, HugePages, MappingFlags, PageSize, PagingError, X64PTE,
    X64PagingMetaData, walk_tables,
};

fn new() -> (TestTable, Memory) {
    let memory = Memory::full();
    (TestTable::try_new(memory.clone()).expect("there is memory"), memory)
}

fn at(vaddr: u64) -> VirtAddr {
    VirtAddr::new(vaddr)
}

fn frame(paddr: u64) -> PhysAddr {
    PhysAddr::new(paddr)
}

#[test]
fn unaligned_addresses_are_rejected() {
    let (mut table, memory) = new();
    let size = PageSize::Size4K;
    assert_eq!(table.map(at(1), frame(0), size, RW), Err(PagingError::NotAligned));
    assert_eq!(table.map(at(0), frame(K4 / 2), size, RW), Err(PagingError::NotAligned));
    assert_eq!(table.map(at(K4), frame(0), PageSize::Size2M, RW), Err(PagingError::NotAligned));
    assert_eq!(table.unmap(at(5)).err(), Some(PagingError::NotAligned));
    assert_eq!(table.unmap_region(at(0), 5).err(), Some(PagingError::NotAligned));
    assert_eq!(memory.used(), 1);
}

#[test]
fn addresses_beyond_the_geometry_are_rejected() {
    let (mut table, _) = new();
    // SAFETY: the address is only compared.
    #[expect(unsafe_code, reason = "the safe constructor rejects it")]
    let hole = unsafe { VirtAddr::new_unsafe(0x8000_0000_0000) };
    // SAFETY: as above.
    #[expect(unsafe_code, reason = "the safe constructor rejects it")]
    let wide = unsafe { PhysAddr::new_unsafe(1 << 52) };
    let size = PageSize::Size4K;
    assert_eq!(table.map(hole, frame(0), size, RW), Err(PagingError::InvalidAddress));
    assert_eq!(table.map(at(0), wide, size, RW), Err(PagingError::InvalidAddress));
    assert_eq!(table.query(hole), Err(PagingError::InvalidAddress));
    let region = table.map_region(at(0), frame((1 << 52) - K4), 2 * K4, RW, HugePages::Allowed);
    assert_eq!(region, Err(PagingError::InvalidAddress));
}

#[test]
fn range_over_both_halves_is_rejected() {
    let (mut table, _) = new();
    table.map(at(0), frame(0), PageSize::Size4K, RW).expect("it is free");
    let error = table.unmap_region(at(0), 0xFFFF_8000_0000_1000).err();
    assert_eq!(error, Some(PagingError::InvalidAddress));
    assert!(table.query(at(0)).is_ok());
}

#[test]
fn mapping_anew_flushes_nothing() {
    let (mut table, memory) = new();
    table.map(at(0), frame(0), PageSize::Size4K, RW).expect("it is free");
    table.map_region(at(G1), frame(G1), 2 * G1, RW, HugePages::Allowed).expect("it is free");
    assert_eq!(memory.flushes(), (0, 0));
    assert_eq!(
        table.unmap_region(at(4 * G1), G1).map(|flush| flush.scope()),
        Ok(FlushScope::Nothing)
    );
    assert_eq!(memory.flushes(), (0, 0));
}

#[test]
fn few_pages_are_flushed_singly_and_many_by_a_full_flush() {
    let (mut table, memory) = new();
    table.map_region(at(0), frame(0), 2 * M2, RW, HugePages::Forbidden).expect("it is free");
    table.unmap_region(at(0), 32 * K4).expect("no page is split").flush();
    assert_eq!(memory.flushes(), (32, 0));
    table.unmap_region(at(M2), 33 * K4).expect("no page is split").flush();
    assert_eq!(memory.flushes(), (32, 1));
}

#[test]
fn caller_can_flush_in_place_of_the_handler() {
    let (mut table, memory) = new();
    table.map(at(M2), frame(0), PageSize::Size4K, RW).expect("it is free");
    let (_, flush) = table.unmap(at(M2)).expect("it is mapped");
    assert_eq!(memory.used(), 4, "tables are freed after the flush");
    flush.flush_by(|scope| {
        assert_eq!(scope, FlushScope::Pages { first: at(M2), last: at(M2), step_bytes: K4 });
        assert_eq!(memory.used(), 4);
    });
    assert_eq!((memory.used(), memory.flushes()), (1, (0, 0)));
}

#[test]
fn part_of_a_gib_is_split_twice_and_no_more() {
    let (mut table, memory) = new();
    table.map(at(G1), frame(G1), PageSize::Size1G, RW).expect("it is free");
    assert_eq!(memory.used(), 2);
    let flags = MappingFlags::READ;
    table.protect_region(at(G1 + M2 + K4), K4, flags).expect("there is memory").flush();
    // One table with 512 pages of 2 MiB, one with 512 pages of 4 KiB.
    assert_eq!(memory.used(), 4);
    let size = |vaddr| table.query(at(vaddr)).expect("it is mapped").size;
    assert_eq!(size(G1), PageSize::Size2M);
    assert_eq!(size(G1 + M2), PageSize::Size4K);
    let changed = table.query(at(G1 + M2 + K4 + 5)).expect("it is mapped");
    assert_eq!((changed.paddr, changed.flags), (frame(G1 + M2 + K4 + 5), flags));
    check_frames(&[&table], &memory);
}

#[test]
fn split_without_memory_leaves_the_page_whole() {
    let (mut table, memory) = new();
    table.map(at(0), frame(0), PageSize::Size1G, RW).expect("it is free");
    for frames_left in 0..2 {
        memory.set_left(frames_left);
        assert_eq!(table.unmap_region(at(K4), K4).err(), Some(PagingError::NoMemory));
        assert_eq!(table.query(at(0)).map(|mapping| mapping.size), Ok(PageSize::Size1G));
        assert_eq!(memory.used(), 2);
    }
    memory.set_left(2);
    table.unmap_region(at(K4), K4).expect("two tables suffice").flush();
}

#[test]
fn map_region_that_fails_leaves_nothing_mapped() {
    let (mut table, memory) = new();
    table.map(at(3 * M2), frame(0), PageSize::Size4K, RW).expect("it is free");
    let before = memory.used();
    let result = table.map_region(at(K4), frame(K4), 3 * M2, RW, HugePages::Forbidden);
    assert_eq!(result, Err(PagingError::AlreadyMapped));
    assert_eq!(table.query(at(K4)), Err(PagingError::NotMapped));
    assert_eq!(memory.used(), before);
    check_frames(&[&table], &memory);
}

#[test]
fn large_page_can_replace_unmapped_small_ones() {
    let (mut table, _) = new();
    table.map(at(M2), frame(0), PageSize::Size4K, RW).expect("it is free");
    table.unmap(at(M2)).expect("it is mapped").1.flush();
    table.map(at(M2), frame(M2), PageSize::Size2M, RW).expect("the table below is gone");
}

#[test]
fn top_of_the_address_space_can_be_mapped() {
    let (mut table, memory) = new();
    let start = at(0xFFFF_FFFF_C000_0000);
    table.map_region(start, frame(0), G1, RW, HugePages::Allowed).expect("it is free");
    assert_eq!(table.query(at(u64::MAX)).map(|m| m.paddr), Ok(frame(G1 - 1)));
    let over = table.map_region(start + M2, frame(0), G1, RW, HugePages::Allowed);
    assert_eq!(over, Err(PagingError::InvalidAddress));
    table.unmap_region(start + M2, G1 - M2).expect("there is memory").flush();
    assert_eq!(table.query(at(u64::MAX)), Err(PagingError::NotMapped));
    check_frames(&[&table], &memory);
}

#[test]
fn walk_and_listing_show_what_is_there() {
    let (mut table, _) = new();
    table.map(at(M2), frame(0x5000), PageSize::Size4K, RW).expect("it is free");
    table.map(at(0xFFFF_8000_0000_0000), frame(G1), PageSize::Size1G, RW).expect("it is free");
    let mut levels = std::vec::Vec::new();
    table.walk(at(M2), |step| levels.push((step.level, step.index)));
    assert_eq!(levels, [(4, 0), (3, 0), (2, 1), (1, 0)]);
    levels.clear();
    table.walk(at(0xFFFF_8000_0000_5000), |step| levels.push((step.level, step.index)));
    assert_eq!(levels, [(4, 256), (3, 0)], "a large page ends the walk");
    let mut pages = std::vec::Vec::new();
    table.for_each_mapping(at(0), |page, mapping| {
        pages.push((page.as_u64(), mapping.paddr.as_u64()));
        ControlFlow::Continue(())
    });
    assert_eq!(pages, [(M2, 0x5000), (0xFFFF_8000_0000_0000, G1)]);
}

#[test]
fn walk_ends_where_a_table_cannot_be_read() {
    let mut seen = 0;
    let entry = X64PTE::new_table(frame(0x1000)).bits();
    let read = |table: PhysAddr, _| (table.as_u64() == 0).then_some(entry);
    walk_tables::<X64PagingMetaData, X64PTE>(frame(0), at(0), read, |_| seen += 1);
    assert_eq!(seen, 1);
}

#[test]
fn adjacent_pages_with_equal_flags_are_one_range() {
    let (mut table, _) = new();
    let high = 0xFFFF_FFFF_FFFF_E000;
    for (page, to, flags) in [
        (0x1000, 0x9000, RW),
        (0x2000, 0xA000, RW),
        (0x3000, 0xC000, RW),
        (0x4000, 0xD000, MappingFlags::READ),
        (0x6000, 0xF000, MappingFlags::READ),
        (high, 0, RW),
        (high + K4, K4, RW),
    ] {
        table.map(at(page), frame(to), PageSize::Size4K, flags).expect("it is free");
    }
    let mut ranges = std::vec::Vec::new();
    let mut from = Some(at(0));
    while let Some(range) = from.and_then(|from| table.next_range(from)) {
        ranges.push((range.start.as_u64(), range.pages, range.mapping.paddr.as_u64()));
        from = range.next();
    }
    assert_eq!(
        ranges,
        [
            (0x1000, 2, 0x9000),
            (0x3000, 1, 0xC000),
            (0x4000, 1, 0xD000),
            (0x6000, 1, 0xF000),
            (high, 2, 0)
        ]
    );
    assert_eq!(table.next_range(at(0x2FFF)).map(|range| range.start), Some(at(0x2000)));
}

#[test]
fn each_page_table_flushes_by_its_own_handler() {
    let (mut one, ones_memory) = new();
    let (mut other, others_memory) = new();
    for table in [&mut one, &mut other] {
        table.map(at(M2), frame(0), PageSize::Size4K, RW).expect("it is free");
    }
    one.unmap(at(M2)).expect("it is mapped").1.flush();
    assert_eq!((ones_memory.flushes(), others_memory.flushes()), ((1, 0), (0, 0)));
}
