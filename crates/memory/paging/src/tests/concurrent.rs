//! Pages that several threads map at once.

use std::boxed::Box;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::vec::Vec;

use x86_64::{PhysAddr, VirtAddr};

use super::simulation::{K4, M2, RW};
use crate::{
    Capabilities, FlushScope, MappingFlags, PageSize, PagingError, PagingHandler, X64PageTable,
};

const USER: MappingFlags = RW.union(MappingFlags::USER);
const READ: MappingFlags = MappingFlags::READ.union(MappingFlags::USER);

/// A table's memory, aligned as a frame.
#[repr(align(4096))]
struct Frame(#[expect(dead_code, reason = "it is reached by its address")] [u64; 512]);

/// Memory that several threads share; `before_alloc` runs once, before a frame is allocated.
#[derive(Default)]
struct SharedMemory {
    used: Mutex<BTreeSet<u64>>,
    flushes: AtomicUsize,
    before_alloc: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

// SAFETY: frames are boxes that are leaked until they are freed, at the same address. No CPU uses
// the tables.
#[expect(unsafe_code, reason = "the trait is")]
unsafe impl PagingHandler for SharedMemory {
    fn alloc_frame(&self) -> Option<PhysAddr> {
        let act = self.before_alloc.lock().expect("no test panics here").take();
        if let Some(act) = act {
            act();
        }
        let address = Box::into_raw(Box::new(Frame([0; 512]))) as u64;
        assert!(self.used.lock().expect("no test panics here").insert(address));
        Some(PhysAddr::new(address))
    }
    fn dealloc_frame(&self, frame: PhysAddr) {
        assert!(self.used.lock().expect("no test panics here").remove(&frame.as_u64()));
        // SAFETY: `alloc_frame` leaked the box, and nothing else uses it.
        drop(unsafe { Box::from_raw(frame.as_u64() as *mut Frame) });
    }
    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr {
        VirtAddr::new(frame.as_u64())
    }
    fn capabilities(&self) -> Capabilities {
        Capabilities { has_1gib_pages: true, has_no_execute: true, has_write_combining: true }
    }
    fn flush(&self, _: FlushScope) {
        self.flushes.fetch_add(1, Ordering::Relaxed);
    }
}

type Table = X64PageTable<SharedMemory>;

fn new_table() -> Table {
    Table::try_new(SharedMemory::default()).expect("there is memory")
}

fn frames_of(table: &Table) -> usize {
    table.handler().used.lock().expect("no test panics here").len()
}

/// Checks that the table has `pages` pages, and that unmapping them frees all tables except
/// the root, so that the numbers of entries in use are right.
fn expect_pages(mut table: Table, pages: usize) {
    let mut seen = 0;
    table.for_each_mapping(VirtAddr::zero(), |page, mapping| {
        assert_eq!(mapping.paddr.as_u64() & 0xFFFF_FFFF, page.as_u64() & 0xFFFF_FFFF);
        seen += 1;
        core::ops::ControlFlow::Continue(())
    });
    assert_eq!(seen, pages);
    table.unmap_region(VirtAddr::zero(), 1 << 46).expect("it is aligned").flush();
    assert_eq!(frames_of(&table), 1, "only the root is left");
}

#[test]
fn each_page_is_mapped_by_one_thread() {
    const THREADS: u64 = 4;
    const PAGES: u64 = 2048;
    let table = new_table();
    let won = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (table, won) = (&table, &won);
            scope.spawn(move || {
                for step in 0..PAGES {
                    // Each thread maps the pages in another order.
                    let number = step.wrapping_mul(2 * thread + 1) % PAGES;
                    let page = VirtAddr::new((number % 8) * 257 * M2 + number / 8 * K4 + M2);
                    let frame = PhysAddr::new(page.as_u64());
                    match table.map_concurrently(page, frame, PageSize::Size4K, USER) {
                        Ok(()) => _ = won.fetch_add(1, Ordering::Relaxed),
                        Err(error) => assert_eq!(error, PagingError::AlreadyMapped),
                    }
                }
            });
        }
    });
    assert_eq!(won.into_inner(), PAGES as usize);
    expect_pages(table, PAGES as usize);
}

#[test]
fn copy_on_write_happens_once() {
    const PAGES: u64 = 512;
    let copy = 1_u64 << 40;
    let mut table = new_table();
    table
        .map_region(
            VirtAddr::new(M2),
            PhysAddr::new(M2),
            PAGES * K4,
            READ,
            crate::HugePages::Forbidden,
        )
        .expect("it is free");
    let won = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            let (table, won) = (&table, &won);
            scope.spawn(move || {
                for page in (0..PAGES).map(|page| VirtAddr::new(M2 + page * K4)) {
                    let from = table.query(page).expect("it is mapped");
                    if from.flags.contains(MappingFlags::WRITE) {
                        continue;
                    }
                    let frame = from.paddr + copy;
                    match table.exchange(page, &from, frame, USER) {
                        Ok(_) => _ = won.fetch_add(1, Ordering::Relaxed),
                        Err(error) => assert_eq!(error, PagingError::Changed),
                    }
                }
            });
        }
    });
    assert_eq!(won.into_inner(), PAGES as usize);
    assert_eq!(table.handler().flushes.load(Ordering::Relaxed), PAGES as usize);
    expect_pages(table, PAGES as usize);
}

#[test]
fn page_that_changes_before_the_exchange_stays() {
    let table = new_table();
    let (page, frame) = (VirtAddr::new(M2), PhysAddr::new(M2));
    table.map_concurrently(page, frame, PageSize::Size4K, READ).expect("it is free");
    let from = table.query(page).expect("it is mapped");
    let exchange =
        |page, frame| table.exchange(page, &from, frame, USER).map(|(old, _)| old.mapping());
    assert_eq!(exchange(page, frame), Ok(Some(from)));
    assert_eq!(exchange(page, PhysAddr::new(K4)), Err(PagingError::Changed));
    assert_eq!(table.query(page).expect("it is mapped").flags, USER);
    assert_eq!(exchange(page + K4, frame), Err(PagingError::NotMapped));
}

/// Maps a page while another thread maps `other` at the worst time: after the walk has ended at an
/// unused entry, before a table is made for it.
fn race(other: (VirtAddr, PageSize)) -> (Result<(), PagingError>, Table) {
    let table: &'static Table = Box::leak(Box::new(new_table()));
    *table.handler().before_alloc.lock().expect("no test panics here") =
        Some(Box::new(move || {
            let (page, size) = other;
            let frame = PhysAddr::new(page.as_u64());
            table.map_concurrently(page, frame, size, USER).expect("it is free");
        }));
    let page = VirtAddr::new(M2);
    let result = table.map_concurrently(page, PhysAddr::new(M2), PageSize::Size4K, USER);
    // SAFETY: the table was leaked above, and no reference to it is left.
    #[expect(unsafe_code, reason = "frees the leaked table")]
    let table = unsafe { Box::from_raw(core::ptr::from_ref(table).cast_mut()) };
    (result, *table)
}

#[test]
fn tables_of_the_slower_thread_are_freed() {
    let cases: Vec<_> = [M2, M2 + K4, 2 * M2, M2 << 9, M2 << 18].into();
    for address in cases {
        let (result, table) = race((VirtAddr::new(address), PageSize::Size4K));
        let is_same = address == M2;
        assert_eq!(result, if is_same { Err(PagingError::AlreadyMapped) } else { Ok(()) });
        expect_pages(table, if is_same { 1 } else { 2 });
    }
    let (result, table) = race((VirtAddr::new(M2), PageSize::Size2M));
    assert_eq!(result, Err(PagingError::AlreadyMapped));
    expect_pages(table, 1);
}

#[test]
fn pages_beside_one_are_mapped_where_nothing_is() {
    let table = new_table();
    let page = |index: u64| VirtAddr::new(M2 + index * K4);
    let frame = |index: u64| PhysAddr::new(M2 + index * K4);
    let map = |frames: &[Option<PhysAddr>]| {
        let mut mapped = Vec::new();
        let result = table.map_beside_concurrently(page(0), frames.iter().copied(), READ, |at| {
            mapped.push(at);
        });
        result.map(|()| mapped)
    };
    // There is no table yet.
    assert_eq!(map(&[Some(frame(0))]), Ok(Vec::new()));
    table.map_concurrently(page(1), frame(1), PageSize::Size4K, USER).expect("it is free");
    let frames = [Some(frame(0)), Some(frame(1)), None, Some(frame(3))];
    assert_eq!(map(&frames), Ok([0, 3].to_vec()));
    assert_eq!(map(&frames), Ok(Vec::new()));
    assert_eq!(table.query(page(1)).expect("it is mapped").flags, USER);
    assert_eq!(table.query(page(3)).expect("it is mapped").flags, READ);
    assert!(table.query(page(2)).is_err());
    let unaligned = [Some(frame(2)), None, Some(PhysAddr::new(M2 + 1))];
    assert_eq!(map(&unaligned), Err(PagingError::NotAligned));
    expect_pages(table, 3);
}

#[test]
fn threads_map_pages_beside_each_other() {
    let table = new_table();
    let count = AtomicUsize::new(0);
    table
        .map_concurrently(VirtAddr::new(M2), PhysAddr::new(M2), PageSize::Size4K, READ)
        .expect("it is free");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let frames = (0..512).map(|index| Some(PhysAddr::new(M2 + index * K4)));
                let result = table.map_beside_concurrently(VirtAddr::new(M2), frames, READ, |_| {
                    count.fetch_add(1, Ordering::Relaxed);
                });
                assert_eq!(result, Ok(()));
            });
        }
    });
    assert_eq!(count.into_inner(), 511);
    expect_pages(table, 512);
}
