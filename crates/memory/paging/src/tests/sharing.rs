//! Upper halves that page tables share, and clones of lower halves.

use std::vec::Vec;

use x86_64::{PhysAddr, VirtAddr};

use super::simulation::{K4, M2, Memory, RW, TestTable, check_frames, touch};
use crate::{
    FlushScope, GenericPTE, HugePages, MappingFlags, OnClone, PageSize, PagingError,
    SoftwarePayload, X64PTE, X64PagingMetaData, walk_tables,
};

/// An address in the upper half.
const KERNELS: VirtAddr = VirtAddr::new(0xFFFF_C000_0000_0000);
const PROGRAMS: VirtAddr = VirtAddr::new(0x40_0000);
const FRAME: PhysAddr = PhysAddr::new(0x5000);
const USER: MappingFlags = RW.union(MappingFlags::USER);

fn with_upper_half() -> (TestTable, Memory) {
    let memory = Memory::full();
    (TestTable::try_new_with_upper_half(memory.clone()).expect("there is memory"), memory)
}

/// Walks as the CPU does, without regard to the owner of the tables; returns the page's
/// frame.
fn walk(table: &TestTable, vaddr: VirtAddr) -> Option<PhysAddr> {
    let mut last = None;
    let read = |frame: PhysAddr, index: usize| {
        let word = (frame.as_u64() as *const u64).wrapping_add(index);
        // SAFETY: the frame is one of a table that is in use, of 512 words.
        #[expect(unsafe_code, reason = "simulates the CPU")]
        Some(unsafe { word.read() })
    };
    walk_tables::<X64PagingMetaData, X64PTE>(table.root_paddr(), vaddr, read, |step| {
        last = Some(step.entry);
    });
    last.filter(|entry| entry.is_present()).map(GenericPTE::paddr)
}

#[test]
fn tables_of_the_upper_half_exist_from_the_start_and_stay() {
    let (mut table, memory) = with_upper_half();
    assert_eq!(memory.used(), 257);
    let before = table.upper_half().expect("it has one");
    for _ in 0..2 {
        table.map(KERNELS, FRAME, PageSize::Size4K, RW).expect("it is free");
        assert_eq!(memory.used(), 259);
        table.unmap(KERNELS).expect("it is mapped").1.flush();
        assert_eq!(memory.used(), 257, "the tables below are freed");
    }
    let len_bytes = 1 << 42;
    table
        .map_region(KERNELS, PhysAddr::zero(), len_bytes, RW, HugePages::Allowed)
        .expect("it is free");
    table.unmap_region(KERNELS, len_bytes).expect("nothing is split").flush();
    let after = table.upper_half().expect("it has one");
    assert_eq!(std::format!("{before:?}"), std::format!("{after:?}"));
    check_frames(&[&table], &memory);
    drop(table);
    assert_eq!(memory.used(), 0);
}

#[test]
fn region_that_fails_in_an_empty_upper_half_frees_no_table_of_it() {
    let (mut table, memory) = with_upper_half();
    memory.set_left(1);
    let result = table.map_region(KERNELS, FRAME, 2 * K4, RW, HugePages::Forbidden);
    assert_eq!(result, Err(PagingError::NoMemory));
    check_frames(&[&table], &memory);
    assert_eq!(memory.used(), 257);
}

#[test]
fn upper_half_without_memory_leaves_no_frame() {
    let memory = Memory::full();
    for frames in [0, 1, 100, 256] {
        memory.set_left(frames);
        let result = TestTable::try_new_with_upper_half(memory.clone());
        assert_eq!(result.err(), Some(PagingError::NoMemory));
        assert_eq!(memory.used(), 0);
    }
}

#[test]
fn upper_half_that_may_lose_tables_is_not_shared() {
    let table = TestTable::try_new(Memory::full()).expect("there is memory");
    assert!(table.upper_half().is_none());
}

#[test]
fn sharing_page_table_maps_what_the_owner_maps_later() {
    let (mut owner, memory) = with_upper_half();
    let half = owner.upper_half().expect("it has one");
    let mut sharing = TestTable::try_new_sharing(memory.clone(), &half).expect("there is memory");
    assert_eq!(memory.used(), 258, "it has only a root");
    owner.map(KERNELS, FRAME, PageSize::Size4K, RW).expect("it is free");
    assert_eq!(walk(&sharing, KERNELS), Some(FRAME));
    let mut steps = 0;
    sharing.walk(KERNELS, |_| steps += 1);
    assert_eq!(steps, 1, "a walk ends at the root, which it owns");
    assert!(sharing.next_range(VirtAddr::zero()).is_none());
    assert_eq!(sharing.map(KERNELS, FRAME, PageSize::Size4K, RW), Err(PagingError::NotOwned));
    sharing.map(PROGRAMS, FRAME, PageSize::Size4K, USER).expect("it is free");
    check_frames(&[&owner, &sharing], &memory);
    owner.unmap(KERNELS).expect("it is mapped").1.flush();
    assert_eq!(walk(&sharing, KERNELS), None);
    drop(sharing);
    check_frames(&[&owner], &memory);
}

/// Makes a page table with all kinds of pages of a program; the fourth one is large.
fn program() -> (TestTable, Memory) {
    let memory = Memory::full();
    let mut table = TestTable::try_new(memory.clone()).expect("there is memory");
    let page = |number: u64| PROGRAMS + number * K4;
    table.map(page(0), FRAME, PageSize::Size4K, USER).expect("it is free");
    table.map(page(1), FRAME, PageSize::Size4K, USER - MappingFlags::WRITE).expect("it is free");
    let payload = SoftwarePayload::truncated(7);
    table.set_software(page(2), payload).expect("it is free").1.flush();
    let large = VirtAddr::new(0x7000_0000_0000);
    table.map(large, PhysAddr::new(M2), PageSize::Size2M, USER).expect("it is free");
    (table, memory)
}

#[test]
fn clone_shares_frames_and_removes_write_from_both() {
    let (mut table, memory) = program();
    touch(&table, PROGRAMS, true);
    let copy_on_write = (USER - MappingFlags::WRITE) | MappingFlags::COPY_ON_WRITE;
    let (clone, flush) = table
        .try_clone_lower_half(memory.clone(), |_, _| OnClone::CopyOnWrite)
        .expect("there is memory");
    let (first, last) = (PROGRAMS, VirtAddr::new(0x7000_0000_0000));
    assert_eq!(flush.scope(), FlushScope::Pages { first, last, step_bytes: K4 });
    flush.flush();
    assert_eq!(memory.flushes(), (0, 1), "one flush for all");
    for vaddr in [PROGRAMS, last] {
        let (ours, its) = (table.query(vaddr), clone.query(vaddr));
        let (ours, its) = (ours.expect("it is mapped"), its.expect("it is mapped"));
        assert_eq!((ours.flags, its.flags), (copy_on_write, copy_on_write));
        assert_eq!((ours.paddr, ours.size), (its.paddr, its.size));
    }
    assert!(table.query(PROGRAMS).is_ok_and(|mapping| mapping.is_dirty));
    assert!(clone.query(PROGRAMS).is_ok_and(|mapping| !mapping.is_dirty && !mapping.is_accessed));
    let read_only = clone.query(PROGRAMS + K4).expect("it is mapped").flags;
    assert_eq!(read_only, USER - MappingFlags::WRITE, "nothing to copy");
    let leaf = clone.lookup(PROGRAMS + 2 * K4).expect("it is used");
    assert_eq!(leaf.software(), Some(SoftwarePayload::truncated(7)));
    check_frames(&[&table, &clone], &memory);
}

#[test]
fn clone_has_the_selected_pages_and_no_empty_tables() {
    let (mut table, memory) = program();
    let before = memory.used();
    let mut seen = Vec::new();
    let (clone, flush) = table
        .try_clone_lower_half(memory.clone(), |page, _| {
            seen.push(page.as_u64());
            if page == PROGRAMS { OnClone::Share } else { OnClone::Skip }
        })
        .expect("there is memory");
    assert_eq!(flush.scope(), FlushScope::Nothing, "no page has lost WRITE");
    drop(flush);
    let small = PROGRAMS.as_u64();
    assert_eq!(seen, [small, small + K4, small + 2 * K4, 0x7000_0000_0000]);
    assert_eq!(clone.query(PROGRAMS).map(|mapping| mapping.flags), Ok(USER));
    assert_eq!(clone.next_range(PROGRAMS + K4), None);
    assert_eq!(memory.used() - before, 4, "a root, and three tables on the way to a page");
    check_frames(&[&table, &clone], &memory);
}

#[test]
fn clone_without_memory_changes_nothing() {
    let (mut table, memory) = program();
    let before = memory.used();
    for frames in 0..before {
        memory.set_left(frames);
        let result = table.try_clone_lower_half(memory.clone(), |_, _| {
            panic!("`decide` is called before all tables are made")
        });
        assert_eq!(result.err(), Some(PagingError::NoMemory), "{frames} frames");
        assert_eq!(memory.used(), before);
    }
    assert_eq!(table.query(PROGRAMS).map(|mapping| mapping.flags), Ok(USER));
    memory.set_left(before);
    drop(table.try_clone_lower_half(memory.clone(), |_, _| OnClone::Share).expect("it suffices"));
}

#[test]
fn clone_of_a_sharing_page_table_shares_the_upper_half() {
    let (mut owner, memory) = with_upper_half();
    owner.map(KERNELS, FRAME, PageSize::Size4K, RW).expect("it is free");
    let half = owner.upper_half().expect("it has one");
    let mut sharing = TestTable::try_new_sharing(memory.clone(), &half).expect("there is memory");
    let (clone, flush) = sharing
        .try_clone_lower_half(memory.clone(), |_, _| OnClone::Share)
        .expect("there is memory");
    flush.flush();
    assert_eq!(walk(&clone, KERNELS), Some(FRAME));
    assert_eq!(clone.query(KERNELS), Err(PagingError::NotOwned));
}
