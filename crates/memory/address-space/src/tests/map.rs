//! mmap(2) at an address.

use std::rc::Rc;

use super::notation::region;
use super::*;
use crate::{Overlap, REGIONS_MAX, USER_END};

fn map(
    regions: &mut Regions<TestBacking>,
    new: &str,
    overlap: Overlap,
    limits: &Limits,
) -> Result<String, RegionError> {
    let removed = regions.map(region(new, &Rc::new(())), overlap, limits, |_| true)?;
    Ok(text_of(&removed.regions))
}

#[test]
fn map_without_overlap() {
    use RegionError::*;
    let table = [
        ("", "16-17 rw", Ok("16-17 rw")),
        ("", "16-1200 rw", Ok("16-1200 rw")),
        ("", "1199-1200 rw", Ok("1199-1200 rw")),
        ("", "15-17 rw", Err(TooLow)),
        ("", "1199-1201 rw", Err(OutOfBounds)),
        // With equal and different attributes.
        ("20-22 rw", "22-24 rw", Ok("20-24 rw")),
        ("20-22 rw", "18-20 rw", Ok("18-22 rw")),
        ("20-22 rw, 24-26 rw", "22-24 rw", Ok("20-26 rw")),
        ("20-22 rw, 24-26 r", "22-24 rw", Ok("20-24 rw, 24-26 r")),
        ("20-22 rw", "22-24 rw shared", Ok("20-22 rw, 22-24 rw shared")),
        ("20-22 rw", "22-24 rw noreserve", Ok("20-22 rw, 22-24 rw noreserve")),
        ("20-22 rw", "23-24 rw", Ok("20-22 rw, 23-24 rw")),
        ("20-22 r committed", "22-24 r", Ok("20-22 r committed, 22-24 r")),
        // Files.
        ("20-22 r f2+5", "22-24 r f2+7", Ok("20-24 r f2+5")),
        ("20-22 r f2+5", "18-20 r f2+3", Ok("18-22 r f2+3")),
        ("20-22 r f2+5", "22-24 r f2+8", Ok("20-22 r f2+5, 22-24 r f2+8")),
        ("20-22 r f2+5", "22-24 r f4+7", Ok("20-22 r f2+5, 22-24 r f4+7")),
        ("20-22 r f2+5", "22-24 r", Ok("20-22 r f2+5, 22-24 r")),
        // Overlaps by a page, at each end, and all.
        ("20-22 rw", "21-23 r", Err(Occupied)),
        ("20-22 rw", "19-21 r", Err(Occupied)),
        ("20-22 rw", "18-24 r", Err(Occupied)),
        ("20-30 rw", "24-25 r", Err(Occupied)),
        // Into a guard gap.
        ("400-410 rw down", "398-400 r", Ok("398-400 r, 400-410 rw down")),
        // The backing.
        ("", "20-22 rw shared f1+0", Err(Forbidden)),
        ("", "20-22 rw f1+0", Ok("20-22 rw f1+0")),
        ("", "20-22 rw shared f2+0", Ok("20-22 rw shared f2+0")),
        ("", "20-22 r f2+268435454", Ok("20-22 r f2+268435454")),
        ("", "20-22 r f2+268435455", Err(OffsetOverflow)),
        ("", "20-22 rw down f2+0", Err(Invalid)),
        ("", "20-22 rw shared down", Err(Invalid)),
    ];
    for (before, new, expected) in table {
        let mut regions = parse(before);
        let result = map(&mut regions, new, Overlap::Refused, &Limits::UNLIMITED);
        if let Ok(removed) = &result {
            assert_eq!(removed, "");
        }
        assert_result(&regions, before, result, expected, new);
    }
}

#[test]
fn map_replaces() {
    let table = [
        ("20-22 rw", "20-22 r", "20-22 r", "20-22 rw"),
        ("20-22 rw", "20-22 rw", "20-22 rw", "20-22 rw"),
        ("20-30 rw", "24-26 r", "20-24 rw, 24-26 r, 26-30 rw", "24-26 rw"),
        ("20-30 rw", "24-26 rw", "20-30 rw", "24-26 rw"),
        ("20-30 r f2+3", "24-26 r", "20-24 r f2+3, 24-26 r, 26-30 r f2+9", "24-26 r f2+7"),
        ("20-30 rw", "28-32 r", "20-28 rw, 28-32 r", "28-30 rw"),
        ("20-30 rw", "18-22 r", "18-22 r, 22-30 rw", "20-22 rw"),
        (
            "20-22 rw, 22-24 r, 26-28 x, 30-32 -",
            "21-31 rx",
            "20-21 rw, 21-31 rx, 31-32 -",
            "21-22 rw, 22-24 r, 26-28 x, 30-31 -",
        ),
        ("20-22 rw", "16-1200 -", "16-1200 -", "20-22 rw"),
    ];
    for (before, new, after, removed) in table {
        let mut regions = parse(before);
        let result = map(&mut regions, new, Overlap::Replaced, &Limits::UNLIMITED);
        assert_eq!(result.as_deref(), Ok(removed), "{new} on {before}");
        assert_result(&regions, before, result, Ok(after), new);
    }
}

#[test]
fn map_obeys_the_number_of_regions() {
    let before = "20-30 rw, 40-41 r";
    let table = [
        // As on Linux, one region more than the limit, but no more.
        (2, "50-51 r", Ok("20-30 rw, 40-41 r, 50-51 r")),
        (1, "50-51 r", Err(RegionError::TooManyRegions)),
        (2, "22-24 r", Err(RegionError::TooManyRegions)),
        (3, "22-24 r", Ok("20-22 rw, 22-24 r, 24-30 rw, 40-41 r")),
        (2, "28-35 r", Ok("20-28 rw, 28-35 r, 40-41 r")),
        (2, "30-31 rw", Ok("20-31 rw, 40-41 r")),
    ];
    for (most, new, expected) in table {
        let mut regions = parse(before);
        let result = map(&mut regions, new, Overlap::Replaced, &regions_max(most));
        assert_result(&regions, before, result, expected, new);
    }
}

#[test]
fn map_fills_all_regions_that_linux_allows() {
    let live = Rc::new(());
    let bounds = crate::Bounds::try_new(0x1_0000, USER_END, USER_END).expect("they rise");
    let mut regions = Regions::new(bounds);
    let mut add = |page: u64| {
        let new = crate::Region { range: pages(page, page + 1), ..region("16-17 r", &live) };
        regions.map(new, Overlap::Refused, &Limits::UNLIMITED, no_commit).map(drop)
    };
    for index in 0..=REGIONS_MAX as u64 {
        assert_eq!(add(100 + 2 * index), Ok(()));
    }
    assert_eq!(add(20), Err(RegionError::TooManyRegions));
    assert_eq!(regions.len(), REGIONS_MAX + 1);
    regions.assert_consistent();
    drop(regions);
    assert_eq!(Rc::strong_count(&live), 1);
}

#[test]
fn regions_are_found_by_address_and_by_range() {
    let regions = parse("20-22 rw, 22-24 r, 30-31 x");
    let found = |page| regions.find(addr(page)).map(|region| notation::join([region]));
    assert_eq!(found(19), None);
    assert_eq!(found(20).as_deref(), Some("20-22 rw"));
    assert_eq!(found(23).as_deref(), Some("22-24 r"));
    assert_eq!(found(24), None);
    assert_eq!(found(31), None);
    let last_byte = regions.find(addr(31) - 1).map(|region| region.range());
    assert_eq!(last_byte, Some(pages(30, 31)));
    let next = |page| regions.find_or_next(addr(page)).map(|region| page_of(region.range.start()));
    assert_eq!([next(0), next(21), next(24), next(31)], [Some(20), Some(20), Some(30), None]);
    let between = |start, end| notation::join(regions.iter_range(pages(start, end)));
    assert_eq!(between(16, 20), "");
    assert_eq!(between(16, 21), "20-22 rw");
    assert_eq!(between(21, 31), "20-22 rw, 22-24 r, 30-31 x");
    assert_eq!(between(22, 30), "22-24 r");
    assert_eq!(between(24, 30), "");
    let hole = |start, end| regions.first_hole(pages(start, end)).map(page_of);
    assert_eq!([hole(20, 24), hole(20, 25), hole(19, 24)], [None, Some(24), Some(19)]);
    assert_eq!([hole(23, 31), hole(30, 31), hole(40, 41)], [Some(24), None, Some(40)]);
}

#[test]
fn backing_of_a_page_has_its_offset() {
    let regions = parse("20-30 r f2+5");
    let region = regions.find(addr(23)).expect("it is mapped");
    assert_eq!(region.backing_at(addr(23) + 0x123).file_page(), Some((2, 8)));
    assert_eq!(region.backing_at(addr(20)).file_page(), Some((2, 5)));
}

#[test]
fn ranges_are_checked() {
    use crate::RangeError::*;
    let table = [
        (0, 1, Ok((0, 0x1000))),
        (0x1000, 0x1001, Ok((0x1000, 0x3000))),
        (USER_END - 0x1000, 0x1000, Ok((USER_END - 0x1000, USER_END))),
        (USER_END - 0x1000, 0x1001, Err(OutOfBounds)),
        (USER_END, 1, Err(OutOfBounds)),
        (0, u64::MAX, Err(OutOfBounds)),
        (u64::MAX - 0xFFF, 1, Err(OutOfBounds)),
        (u64::MAX - 0xFFF, u64::MAX, Err(OutOfBounds)),
        (1, 0, Err(NotAligned)),
        (0x1000, 0, Err(Empty)),
    ];
    for (start, len, expected) in table {
        let range = PageRange::try_new(start, len);
        assert_eq!(range.map(|range| (range.start, range.end)), expected, "{start:#x} {len:#x}");
    }
    use crate::Bounds;
    assert_eq!(Bounds::try_new(0x1000, 0x1800, 0x2000), Err(NotAligned));
    assert_eq!(Bounds::try_new(0x2000, 0x1000, 0x3000), Err(OutOfBounds));
    assert_eq!(Bounds::try_new(0x1000, 0x3000, 0x2000), Err(OutOfBounds));
    assert_eq!(Bounds::try_new(0x1000, 0x3000, USER_END + 0x1000), Err(OutOfBounds));
}
