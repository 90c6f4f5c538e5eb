//! These tests write regions as text with page numbers, such as `16-20 rw, 30-31 r shared
//! f1+4`: a region of pages 16 to 19, and one of page 30 that maps page 4 of file 1.
//! [`notation`] has the words.

mod advise;
mod backing;
mod fork;
mod gap;
mod layout;
mod lock;
mod map;
mod model;
mod notation;
mod program_break;
mod properties;
mod protect;
mod remap;
mod stack;
mod tree;
mod unmap;
mod usage;

use std::string::String;

use x86_64::VirtAddr;

use backing::TestBacking;
use notation::{BOUNDS, parse, text};

use crate::{Limits, PAGE_BYTES, PageRange, RegionError, Regions};

/// Returns the address of the page with that number.
fn addr(page: u64) -> VirtAddr {
    VirtAddr::new(page * PAGE_BYTES)
}

/// Returns the range of the pages from `start` up to, not including, `end`.
fn pages(start: u64, end: u64) -> PageRange {
    PageRange::try_new(start * PAGE_BYTES, (end - start) * PAGE_BYTES).expect("a valid range")
}

fn page_of(addr: VirtAddr) -> u64 {
    addr.as_u64() / PAGE_BYTES
}

/// Asserts that `result` is `expected`, or that it is an error and the regions are as
/// `before`.
fn assert_result<T: core::fmt::Debug>(
    regions: &Regions<TestBacking>,
    before: &str,
    result: Result<T, RegionError>,
    expected: Result<&str, RegionError>,
    what: &str,
) {
    let after = match (&result, expected) {
        (Ok(_), Ok(after)) => after,
        (Err(error), Err(expected)) if *error == expected => before,
        _ => panic!("{what} on {before}: {result:?}, not {expected:?}"),
    };
    assert_eq!(text(regions), after, "{what} on {before}");
    regions.assert_consistent();
}

/// Returns limits of `regions` regions, without other limits.
fn regions_max(regions: usize) -> Limits {
    Limits { regions, ..Limits::UNLIMITED }
}

/// Panics: a `commit` for calls that commit nothing.
fn no_commit(pages: u64) -> bool {
    panic!("{pages} pages were committed")
}

fn text_of(regions: &[crate::Region<TestBacking>]) -> String {
    notation::join(regions)
}
