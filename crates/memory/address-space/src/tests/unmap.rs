//! munmap(2).

use super::*;

#[test]
fn unmap_removes_pages() {
    let table = [
        ("", (20, 30), "", ""),
        ("20-30 rw", (10, 20), "20-30 rw", ""),
        ("20-30 rw", (30, 40), "20-30 rw", ""),
        ("20-30 rw", (20, 30), "", "20-30 rw"),
        ("20-30 rw", (0, 1200), "", "20-30 rw"),
        ("20-30 rw", (20, 22), "22-30 rw", "20-22 rw"),
        ("20-30 rw", (28, 30), "20-28 rw", "28-30 rw"),
        ("20-30 rw", (24, 25), "20-24 rw, 25-30 rw", "24-25 rw"),
        ("20-30 r f2+3", (24, 25), "20-24 r f2+3, 25-30 r f2+8", "24-25 r f2+7"),
        ("1199-1200 rw", (1199, 1200), "", "1199-1200 rw"),
        ("20-30 rw, 30-32 r, 40-50 x", (28, 42), "20-28 rw, 42-50 x", "28-30 rw, 30-32 r, 40-42 x"),
    ];
    for (before, (start, end), after, expected) in table {
        let mut regions = parse(before);
        let removed = regions.unmap(pages(start, end), &Limits::UNLIMITED).expect("no limit");
        assert_eq!(text_of(&removed.regions), expected, "{start} to {end} of {before}");
        assert_result(&regions, before, Ok(()), Ok(after), "unmap");
    }
}

#[test]
fn unmap_obeys_the_number_of_regions_where_it_splits_one() {
    let before = "20-30 rw, 40-50 rw";
    let table = [
        (2, (24, 25), Err(RegionError::TooManyRegions)),
        (3, (24, 25), Ok("20-24 rw, 25-30 rw, 40-50 rw")),
        (2, (24, 45), Ok("20-24 rw, 45-50 rw")),
        (1, (20, 25), Ok("25-30 rw, 40-50 rw")),
    ];
    for (most, (start, end), expected) in table {
        let mut regions = parse(before);
        let result = regions.unmap(pages(start, end), &regions_max(most));
        assert_result(&regions, before, result, expected, "unmap");
    }
}

#[test]
fn unmap_returns_what_is_committed_no_more() {
    let mut regions = parse("20-30 rw, 30-40 r, 40-50 rw noreserve, 50-60 r committed");
    let removed = regions.unmap(pages(25, 55), &Limits::UNLIMITED).expect("no limit");
    assert_eq!(removed.uncommitted_pages, 10);
    assert_eq!(regions.usage().committed_pages, 10);
}
