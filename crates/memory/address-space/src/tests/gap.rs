//! The places of mappings.

use super::*;
use crate::{GapRequest, Order};

fn find(
    regions: &Regions<TestBacking>,
    count: u64,
    align: u64,
    (low, high): (u64, u64),
    order: Order,
) -> Option<u64> {
    let (low, high) = (addr(low), addr(high));
    let (len_bytes, align_bytes) = (count * PAGE_BYTES, align * PAGE_BYTES);
    let found = regions.find_gap(&GapRequest { len_bytes, align_bytes, low, high, order })?;
    assert_eq!(found.pages(), count);
    Some(page_of(found.start()))
}

#[test]
fn gaps_are_found_from_both_ends() {
    let all = (0, 2000);
    let table = [
        // Pages, alignment, window, highest, lowest.
        ("", 1, 1, all, Some(1199), Some(16)),
        ("", 1184, 1, all, Some(16), Some(16)),
        ("", 1185, 1, all, None, None),
        ("", 2, 1, (100, 200), Some(198), Some(100)),
        ("", 100, 1, (100, 200), Some(100), Some(100)),
        ("", 101, 1, (100, 200), None, None),
        ("16-1200 r", 1, 1, all, None, None),
        ("16-1199 r", 1, 1, all, Some(1199), Some(1199)),
        ("17-1200 r", 1, 1, all, Some(16), Some(16)),
        ("20-30 r, 32-40 r, 43-1200 r", 2, 1, all, Some(41), Some(16)),
        ("20-30 r, 32-40 r, 43-1200 r", 3, 1, all, Some(40), Some(16)),
        ("20-30 r, 32-40 r, 43-1200 r", 4, 1, all, Some(16), Some(16)),
        ("16-30 r, 32-40 r, 43-1200 r", 2, 1, all, Some(41), Some(30)),
        ("16-30 r, 32-40 r, 43-1200 r", 3, 1, all, Some(40), Some(40)),
        ("16-30 r, 32-40 r, 43-1200 r", 4, 1, all, None, None),
        // A window that cuts gaps and regions.
        ("20-30 r, 50-60 r", 5, 1, (25, 55), Some(45), Some(30)),
        ("20-30 r, 50-60 r", 20, 1, (25, 55), Some(30), Some(30)),
        ("20-30 r, 50-60 r", 21, 1, (25, 55), None, None),
        ("20-30 r, 50-60 r", 5, 1, (35, 45), Some(40), Some(35)),
        ("20-30 r, 50-60 r", 5, 1, (40, 44), None, None),
        ("20-30 r, 50-60 r", 5, 1, (52, 58), None, None),
        ("20-30 r", 5, 1, (60, 50), None, None),
        // A guard gap, and one that another region cuts.
        ("400-410 r down", 1, 1, (16, 400), Some(143), Some(16)),
        ("400-410 r down", 128, 1, (16, 400), Some(16), Some(16)),
        ("400-410 r down", 129, 1, (16, 400), None, None),
        ("300-310 r, 400-410 r down", 1, 1, (200, 400), Some(299), Some(200)),
        ("300-310 r, 400-410 r down", 1, 1, (300, 400), None, None),
        ("20-24 r down", 1, 1, (16, 24), None, None),
        ("20-24 r down, 24-30 r", 1, 1, (16, 30), None, None),
        // A guard gap that reaches below another region has no effect there.
        ("30-31 r, 32-40 r down, 50-51 r", 1, 1, (16, 45), Some(44), Some(16)),
        ("30-31 r, 32-40 r down, 50-51 r", 1, 1, (16, 32), Some(29), Some(16)),
        ("30-31 r, 32-40 r down, 50-51 r", 1, 1, (16, 17), Some(16), Some(16)),
        ("30-31 r, 32-40 r down, 50-51 r", 15, 1, (16, 40), None, None),
        // Alignment needs additional room, as on Linux.
        ("", 4, 8, (100, 200), Some(192), Some(104)),
        ("", 8, 8, (104, 112), None, None),
        ("", 8, 8, (97, 112), Some(104), Some(104)),
        ("", 1, 1024, (16, 1100), Some(1024), Some(1024)),
    ];
    for (text, count, align, window, highest, lowest) in table {
        let regions = parse(text);
        let found = |order| find(&regions, count, align, window, order);
        let what = std::format!("{count} pages by {align} in {window:?} of {text:?}");
        assert_eq!(found(Order::TopDown), highest, "highest, {what}");
        assert_eq!(found(Order::BottomUp), lowest, "lowest, {what}");
    }
}

#[test]
fn requests_without_an_answer() {
    let regions = parse("");
    let request = |len_bytes, align_bytes| {
        let (low, high, order) = (addr(0), addr(2000), Order::TopDown);
        regions.find_gap(&GapRequest { len_bytes, align_bytes, low, high, order })
    };
    assert_eq!(request(0, PAGE_BYTES), None);
    assert_eq!(request(u64::MAX, PAGE_BYTES), None);
    assert_eq!(request(PAGE_BYTES, 3 * PAGE_BYTES), None);
    assert_eq!(request(PAGE_BYTES, 1 << 63), None);
    assert_eq!(request(1 << 63, 1 << 63), None);
    assert_eq!(request(1, 1), Some(pages(1199, 1200)));
}

#[test]
fn place_takes_the_hint_or_looks_below_the_base() {
    let table = [
        // The hint in bytes, the place.
        ("", 0, 2, Ok(998)),
        ("", 1, 2, Ok(998)),
        ("", 15 * PAGE_BYTES + 1, 2, Ok(16)),
        ("", 20 * PAGE_BYTES, 2, Ok(20)),
        ("", 20 * PAGE_BYTES + 5, 2, Ok(20)),
        ("", 1198 * PAGE_BYTES, 2, Ok(1198)),
        ("", 1199 * PAGE_BYTES, 2, Ok(998)),
        ("", u64::MAX, 2, Ok(998)),
        ("", 0x8000_0000_0000, 2, Ok(998)),
        ("20-30 r", 18 * PAGE_BYTES, 2, Ok(18)),
        ("20-30 r", 19 * PAGE_BYTES, 2, Ok(998)),
        ("20-30 r", 29 * PAGE_BYTES, 2, Ok(998)),
        ("20-30 r", 30 * PAGE_BYTES, 2, Ok(30)),
        ("400-410 r down", 142 * PAGE_BYTES, 2, Ok(142)),
        ("400-410 r down", 143 * PAGE_BYTES, 2, Ok(998)),
        ("998-1000 r", 0, 2, Ok(996)),
        // No gap below the base: the lowest gap of all.
        ("16-999 r", 0, 1, Ok(999)),
        ("16-999 r", 0, 2, Ok(999)),
        ("16-1000 r", 0, 200, Ok(1000)),
        ("16-1000 r", 0, 201, Err(RegionError::NoGap)),
        ("", 0, 1185, Err(RegionError::NoGap)),
        ("", 0, 0, Err(RegionError::Invalid)),
    ];
    for (text, hint, count, expected) in table {
        let placed = parse(text).place(hint, count * PAGE_BYTES, PAGE_BYTES);
        let start = placed.map(|range| page_of(range.start()));
        assert_eq!(start, expected, "{count} pages at {hint:#x} of {text:?}");
    }
}

#[test]
fn place_prefers_an_aligned_address() {
    let regions = parse("990-1000 r");
    let placed = regions.place(0, 16 * PAGE_BYTES, 64 * PAGE_BYTES);
    assert_eq!(placed, Ok(pages(960, 976)));
}
