//! Page tables: the project's compared with page_table_multiarch and `OffsetPageTable`.
//!
//! [`crate::candidates`] describes how they differ.

use crate::candidates::{Answer, Mapper, Multiarch, Offset, Ours, PageSize, Region};
use crate::measure::{Candidate, Sample, Table};
use crate::memory::{self, FRAME_BYTES};
use crate::random::Random;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The first virtual address that is mapped.
const VADDR: u64 = 64 * GIB;
/// The first physical address that pages are mapped to.
const PADDR: u64 = 4 * GIB;

/// The number of pages of a row with single pages.
const PAGES: u64 = 4096;

/// Whether the CPU has set ACCESSED and DIRTY in the pages before they are changed. Ours
/// keeps these bits, even those that the CPU sets during the change; the others lose them.
#[derive(Clone, Copy)]
enum Noted {
    Nothing,
    AccessedAndDirty,
}

/// Pages and their frames, in the order in which they are mapped.
type Pages = Vec<(u64, u64)>;

/// Makes the candidates of a row by one generic function.
macro_rules! of_each {
    ($row:ident, $($argument:expr),*) => {
        [
            $row::<Ours>($($argument),*),
            $row::<Multiarch>($($argument),*),
            $row::<Offset>($($argument),*),
        ]
    };
}

/// Measures and prints all rows.
pub fn run() {
    memory::set_up();
    let table = Table::new(
        "Mapper",
        "time of crates/memory/paging divided by the time of the other; below 1: ours is faster",
        "4 KiB pages are mapped one at a time, except in regions",
        &["page_table_multiarch", "OffsetPageTable"],
    );
    let all_pages = [
        ("4096 consecutive", consecutive()),
        ("4096 scattered over 1 GiB", scattered(GIB)),
        ("4096 scattered over 16 GiB", scattered(16 * GIB)),
    ];
    for (label, pages) in &all_pages {
        rows_with_pages(&table, label, pages);
    }
    let label = "map and unmap a page alone in its tables, 1000 times";
    table.row(label, of_each!(map_and_unmap_alone, 1000));
    let dense = Region { start: VADDR, paddr: PADDR, len_bytes: GIB, page_size: PageSize::Size4K };
    let middle = Region { paddr: PADDR + 2 * MIB, page_size: PageSize::Size2M, ..dense };
    let large = Region { page_size: PageSize::Size1G, ..dense };
    rows_with_regions(&table, "1 GiB by 4 KiB pages", &[dense]);
    rows_with_regions(&table, "1 GiB by 2 MiB pages", &side_by_side(middle, 8));
    rows_with_regions(&table, "1 GiB by a page of 1 GiB", &side_by_side(large, 64));
}

fn consecutive() -> Pages {
    (0..PAGES).map(|page| (VADDR + page * FRAME_BYTES, PADDR + page * FRAME_BYTES)).collect()
}

/// Returns different pages at random places within `len_bytes`.
fn scattered(len_bytes: u64) -> Pages {
    let mut random = Random::new(len_bytes);
    // One page in each part of equal length.
    let stretch = len_bytes / FRAME_BYTES / PAGES;
    let mut pages: Pages = (0..PAGES)
        .map(|page| page * stretch + random.below(stretch))
        .map(|page| (VADDR + page * FRAME_BYTES, PADDR + page * FRAME_BYTES))
        .collect();
    random.shuffle(&mut pages);
    pages
}

/// Returns `count` adjacent regions.
fn side_by_side(first: Region, count: u64) -> Vec<Region> {
    (0..count)
        .map(|nth| nth * first.len_bytes)
        .map(|shift| Region { start: first.start + shift, paddr: first.paddr + shift, ..first })
        .collect()
}

fn rows_with_pages(table: &Table, label: &str, pages: &Pages) {
    table.row(&format!("map {label}"), of_each!(map_pages, pages));
    table.row(&format!("query {label}"), of_each!(query_pages, pages));
    table.row(&format!("unmap {label}"), of_each!(unmap_pages, pages));
    let label = format!("unmap {label}, free all tables");
    table.row(&label, of_each!(unmap_and_free_all, pages));
}

fn rows_with_regions(table: &Table, label: &str, regions: &[Region]) {
    table.row(&format!("map_region {label}"), of_each!(map_regions, regions));
    table.row(&format!("query at random in {label}"), of_each!(query_regions, regions));
    table.row(
        &format!("protect_region {label}"),
        of_each!(protect_regions, regions, Noted::Nothing),
    );
    let used = format!("protect_region {label}, used before");
    table.row(&used, of_each!(protect_regions, regions, Noted::AccessedAndDirty));
    table.row(&format!("unmap_region {label}"), of_each!(unmap_regions, regions));
}

/// Converts pages to the type of `M`.
fn converted<M: Mapper>(pages: &Pages) -> Vec<M::Page> {
    pages.iter().map(|&(vaddr, paddr)| M::page(vaddr, paddr)).collect()
}

/// Makes an empty page table in memory without allocated frames.
fn new_table<M: Mapper>() -> M {
    memory::reset();
    M::new()
}

/// Asserts that `vaddr` is mapped to `expected`, or not mapped.
fn assert_mapped<M: Mapper>(table: &M, vaddr: u64, expected: Option<Answer>) {
    assert_eq!(table.query(M::address(vaddr)), expected, "{vaddr:#x}");
}

/// Asserts that some of the pages are mapped, or that they are not.
fn assert_pages<M: Mapper>(table: &M, pages: &Pages, are_mapped: bool) {
    for &(vaddr, paddr) in pages.iter().step_by(500) {
        let page = Answer { paddr: paddr + 5, size_bytes: FRAME_BYTES, is_writable: true };
        assert_mapped(table, vaddr + 5, are_mapped.then_some(page));
    }
}

fn map_pages<M: Mapper>(pages: &Pages) -> Candidate<'_> {
    let input = converted::<M>(pages);
    Box::new(move || {
        let mut table: M = new_table();
        let sample = Sample::of(|| {
            table.map_pages(&input);
            0
        });
        assert_pages(&table, pages, true);
        table.unmap_pages(&input);
        table.free_all();
        sample
    })
}

fn query_pages<M: Mapper>(pages: &Pages) -> Candidate<'_> {
    let input = converted::<M>(pages);
    let addresses: Vec<_> = pages.iter().map(|&(vaddr, _)| M::address(vaddr + 5)).collect();
    Box::new(move || {
        let mut table: M = new_table();
        table.map_pages(&input);
        let sample = Sample::of(|| query_all(&table, &addresses));
        table.unmap_pages(&input);
        table.free_all();
        sample
    })
}

/// Queries all addresses; returns a sum over all answers.
fn query_all<M: Mapper>(table: &M, addresses: &[M::Address]) -> u64 {
    let mut sum: u64 = 0;
    for &address in addresses {
        let answer = table.query(address).expect("it is mapped");
        sum = sum.rotate_left(1) ^ answer.paddr ^ answer.size_bytes ^ u64::from(answer.is_writable);
    }
    sum
}

fn unmap_pages<M: Mapper>(pages: &Pages) -> Candidate<'_> {
    let input = converted::<M>(pages);
    Box::new(move || {
        let mut table: M = new_table();
        table.map_pages(&input);
        let sample = Sample::of(|| table.unmap_pages(&input));
        assert_pages(&table, pages, false);
        table.free_all();
        sample
    })
}

fn unmap_and_free_all<M: Mapper>(pages: &Pages) -> Candidate<'_> {
    let input = converted::<M>(pages);
    Box::new(move || {
        let mut table: M = new_table();
        table.map_pages(&input);
        Sample::of(|| {
            let sum = table.unmap_pages(&input);
            table.free_all();
            sum
        })
    })
}

/// Maps and unmaps one page repeatedly. Ours makes and frees three tables each time, the
/// others only once.
fn map_and_unmap_alone<M: Mapper>(times: u64) -> Candidate<'static> {
    let page = [M::page(VADDR, PADDR)];
    Box::new(move || {
        let mut table: M = new_table();
        let sample = Sample::of(|| {
            (0..times).fold(0, |sum, _| {
                table.map_pages(&page);
                sum + table.unmap_pages(&page)
            })
        });
        table.free_all();
        sample
    })
}

/// Asserts that some pages of the regions are mapped by pages of the right size, or that
/// they are not mapped.
fn assert_regions<M: Mapper>(table: &M, regions: &[Region], is_writable: Option<bool>) {
    for region in regions {
        for offset in [0, 123_456_789, region.len_bytes - 1] {
            let size_bytes = region.page_size.bytes();
            let paddr = region.paddr + offset;
            let page = is_writable.map(|is_writable| Answer { paddr, size_bytes, is_writable });
            assert_mapped(table, region.start + offset, page);
        }
    }
}

fn map_regions<M: Mapper>(regions: &[Region]) -> Candidate<'_> {
    Box::new(move || {
        let mut table: M = new_table();
        let sample = Sample::of(|| {
            regions.iter().for_each(|&region| table.map_region(region));
            0
        });
        assert_regions(&table, regions, Some(true));
        regions.iter().for_each(|&region| table.unmap_region(region));
        table.free_all();
        sample
    })
}

fn query_regions<M: Mapper>(regions: &[Region]) -> Candidate<'_> {
    let mut random = Random::new(7);
    let addresses: Vec<_> = (0..PAGES)
        .map(|nth| regions[nth as usize % regions.len()])
        .map(|region| M::address(region.start + random.below(region.len_bytes)))
        .collect();
    Box::new(move || {
        let mut table: M = new_table();
        regions.iter().for_each(|&region| table.map_region(region));
        let sample = Sample::of(|| query_all(&table, &addresses));
        regions.iter().for_each(|&region| table.unmap_region(region));
        table.free_all();
        sample
    })
}

fn protect_regions<M: Mapper>(regions: &[Region], noted: Noted) -> Candidate<'_> {
    Box::new(move || {
        let mut table: M = new_table();
        regions.iter().for_each(|&region| table.map_region(region));
        if let Noted::AccessedAndDirty = noted {
            // SAFETY: only the page table uses the memory. Ours and that of
            // page_table_multiarch hold no references, OffsetPageTable only one to the
            // root.
            unsafe { memory::note_all_used() };
        }
        let sample = Sample::of(|| {
            regions.iter().for_each(|&region| table.protect_region(region));
            0
        });
        assert_regions(&table, regions, Some(false));
        regions.iter().for_each(|&region| table.unmap_region(region));
        table.free_all();
        sample
    })
}

fn unmap_regions<M: Mapper>(regions: &[Region]) -> Candidate<'_> {
    Box::new(move || {
        let mut table: M = new_table();
        regions.iter().for_each(|&region| table.map_region(region));
        let sample = Sample::of(|| {
            regions.iter().for_each(|&region| table.unmap_region(region));
            0
        });
        assert_regions(&table, regions, None);
        table.free_all();
        sample
    })
}
