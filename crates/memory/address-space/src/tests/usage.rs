//! Pages counted by kind, and their limits.

use std::rc::Rc;

use super::*;
use crate::{Overlap, Usage};

#[test]
fn pages_are_counted_by_kind() {
    let table = [
        ("16-18 rw", (2, 2, 0, 0, 2)),
        ("16-18 w", (2, 2, 0, 0, 2)),
        ("16-18 rwx", (2, 2, 0, 0, 2)),
        ("16-18 r", (2, 0, 0, 0, 0)),
        ("16-18 -", (2, 0, 0, 0, 0)),
        ("16-18 rx", (2, 0, 0, 2, 0)),
        ("16-18 rw f2+0", (2, 2, 0, 0, 2)),
        ("16-18 rw noreserve", (2, 2, 0, 0, 0)),
        ("16-18 rw shared", (2, 0, 0, 0, 0)),
        ("16-18 rx shared f2+0", (2, 0, 0, 2, 0)),
        ("16-18 rw down", (2, 0, 2, 0, 2)),
        ("16-18 rx down", (2, 0, 2, 0, 0)),
        ("16-18 r committed", (2, 0, 0, 0, 2)),
    ];
    for (text, (total_pages, data_pages, stack_pages, code_pages, committed_pages)) in table {
        let locked_pages = 0;
        let expected = Usage {
            total_pages,
            data_pages,
            stack_pages,
            code_pages,
            committed_pages,
            locked_pages,
        };
        assert_eq!(parse(text).usage(), expected, "{text}");
    }
}

#[test]
fn map_obeys_limits_and_counts_what_it_replaces() {
    use RegionError::*;
    let before = "20-30 rw, 30-35 r";
    let pages = |count: u64| count * PAGE_BYTES;
    let table = [
        // The address space, the data, the system.
        (pages(20), u64::MAX, 100, "40-45 rw", Ok(())),
        (pages(20), u64::MAX, 100, "40-46 rw", Err(AddressSpaceLimit)),
        (pages(21) - 1, u64::MAX, 100, "40-46 rw", Err(AddressSpaceLimit)),
        (pages(20), u64::MAX, 100, "26-40 r", Ok(())),
        (pages(20), u64::MAX, 100, "26-41 r", Err(AddressSpaceLimit)),
        (u64::MAX, pages(12), 100, "40-42 rw", Ok(())),
        (u64::MAX, pages(12), 100, "40-43 rw", Err(DataLimit)),
        (u64::MAX, pages(12), 100, "40-43 r", Ok(())),
        (u64::MAX, pages(12), 100, "40-43 rw down", Ok(())),
        (u64::MAX, pages(12), 100, "28-32 rw", Ok(())),
        (u64::MAX, pages(12), 100, "28-33 rw", Err(DataLimit)),
        (u64::MAX, u64::MAX, 2, "40-42 rw", Ok(())),
        (u64::MAX, u64::MAX, 2, "40-43 rw", Err(CommitLimit)),
        (u64::MAX, u64::MAX, 2, "40-60 rw noreserve", Ok(())),
        (u64::MAX, u64::MAX, 2, "40-60 rw shared", Ok(())),
        (u64::MAX, u64::MAX, 2, "20-32 rw", Ok(())),
        (u64::MAX, u64::MAX, 2, "20-33 rw", Err(CommitLimit)),
    ];
    for (address_space_bytes, data_bytes, available, new, expected) in table {
        let mut regions = parse(before);
        let limits = Limits { address_space_bytes, data_bytes, ..Limits::UNLIMITED };
        let mut committed = 0;
        let commit = |pages| {
            committed = pages;
            pages <= available
        };
        let new_region = notation::region(new, &Rc::new(()));
        let result = regions.map(new_region, Overlap::Replaced, &limits, commit);
        match result {
            Ok(removed) => {
                let total = 10 + committed - removed.uncommitted_pages;
                assert_eq!(regions.usage().committed_pages, total, "{new}");
                assert_eq!(expected, Ok(()), "{new}");
            }
            Err(error) => {
                assert_eq!(Err(error), expected, "{new}");
                assert_eq!(text(&regions), before, "{new}");
            }
        }
    }
}

#[test]
fn map_that_replaces_committed_pages_uncommits_them() {
    let mut regions = parse("20-30 rw");
    let new = notation::region("22-28 r", &Rc::new(()));
    let removed = regions.map(new, Overlap::Replaced, &Limits::UNLIMITED, no_commit);
    assert_eq!(removed.map(|removed| removed.uncommitted_pages), Ok(6));
}
