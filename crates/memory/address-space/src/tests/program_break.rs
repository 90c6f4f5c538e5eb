//! brk(2).

use std::rc::Rc;

use super::*;

fn heap(before: &str, first: u64) -> Regions<TestBacking> {
    let mut regions = parse(before);
    regions.start_heap(addr(first), 0).expect("it is within the bounds");
    regions
}

fn set(
    regions: &mut Regions<TestBacking>,
    end: u64,
    limits: &Limits,
) -> Result<String, RegionError> {
    let zeros = TestBacking::new(None, &Rc::new(()));
    let before = (regions.heap_end(), text(regions));
    let result = regions.set_program_break(end, zeros, limits, |_| true);
    regions.assert_consistent();
    match &result {
        Ok(_) => assert_eq!(regions.heap_end().as_u64(), end),
        Err(_) => assert_eq!((regions.heap_end(), text(regions)), before),
    }
    Ok(text_of(&result?.regions))
}

#[test]
fn program_break_moves_by_bytes() {
    let mut regions = heap("16-20 r", 30);
    let at = |page: u64, byte: u64| page * PAGE_BYTES + byte;
    let table = [
        (at(30, 0), "16-20 r", ""),
        (at(30, 1), "16-20 r, 30-31 rw", ""),
        (at(31, 0), "16-20 r, 30-31 rw", ""),
        (at(31, 1), "16-20 r, 30-32 rw", ""),
        (at(40, 0), "16-20 r, 30-40 rw", ""),
        (at(35, 7), "16-20 r, 30-36 rw", "36-40 rw"),
        (at(35, 0), "16-20 r, 30-35 rw", "35-36 rw"),
        (at(30, 0), "16-20 r", "30-35 rw"),
    ];
    for (end, after, removed) in table {
        assert_eq!(set(&mut regions, end, &Limits::UNLIMITED).as_deref(), Ok(removed));
        assert_eq!(text(&regions), after);
    }
    assert_eq!(set(&mut regions, at(30, 0) - 1, &Limits::UNLIMITED), Err(RegionError::TooLow));
    assert_eq!(regions.heap_start(), addr(30));
}

#[test]
fn heap_keeps_a_page_below_the_next_region() {
    use RegionError::*;
    let table = [
        ("40-41 r", 39, Ok("30-39 rw, 40-41 r")),
        ("40-41 r", 40, Err(Occupied)),
        ("40-41 r", 45, Err(Occupied)),
        ("400-401 rw down", 143, Ok("30-143 rw, 400-401 rw down")),
        ("400-401 rw down", 144, Err(Occupied)),
        ("", 1200, Ok("30-1200 rw")),
        ("", 1201, Err(OutOfBounds)),
        ("", u64::MAX / PAGE_BYTES, Err(OutOfBounds)),
    ];
    for (before, end, expected) in table {
        let mut regions = heap(before, 30);
        let result = set(&mut regions, end * PAGE_BYTES, &Limits::UNLIMITED);
        assert_result(&regions, before, result, expected, "brk");
    }
    let mut regions = heap("", 30);
    assert_eq!(set(&mut regions, u64::MAX, &Limits::UNLIMITED), Err(OutOfBounds));
}

#[test]
fn heap_obeys_limits() {
    let mut regions = parse("20-22 rw");
    regions.start_heap(addr(30), 2 * PAGE_BYTES - 5).expect("it is within the bounds");
    // The limit of heap and image is exact to the byte, that of all data to the page.
    let limits = Limits { data_bytes: 10 * PAGE_BYTES, ..Limits::UNLIMITED };
    assert_eq!(set(&mut regions, 38 * PAGE_BYTES + 6, &limits), Err(RegionError::DataLimit));
    assert_eq!(set(&mut regions, 38 * PAGE_BYTES + 5, &limits), Err(RegionError::DataLimit));
    assert_eq!(set(&mut regions, 38 * PAGE_BYTES, &limits).as_deref(), Ok(""));
    let limits = Limits { address_space_bytes: 10 * PAGE_BYTES, ..Limits::UNLIMITED };
    let too_large = set(&mut regions, 39 * PAGE_BYTES, &limits);
    assert_eq!(too_large, Err(RegionError::AddressSpaceLimit));
    let zeros = TestBacking::new(None, &Rc::new(()));
    let end = 39 * PAGE_BYTES;
    let result = regions.set_program_break(end, zeros, &Limits::UNLIMITED, |_| false);
    assert_eq!(result.err(), Some(RegionError::CommitLimit));
    assert_eq!(regions.heap_end(), addr(38));
}

#[test]
fn heap_with_a_hole_shrinks() {
    let mut regions = heap("", 30);
    assert!(set(&mut regions, 40 * PAGE_BYTES, &Limits::UNLIMITED).is_ok());
    assert!(regions.unmap(pages(33, 36), &Limits::UNLIMITED).is_ok());
    assert_eq!(set(&mut regions, 34 * PAGE_BYTES, &Limits::UNLIMITED).as_deref(), Ok("36-40 rw"));
    assert_eq!(text(&regions), "30-33 rw");
}

#[test]
fn heap_begins_within_the_bounds() {
    let mut regions = parse("");
    let before_exec = set(&mut regions, 30 * PAGE_BYTES, &Limits::UNLIMITED);
    assert_eq!(before_exec, Err(RegionError::TooLow));
    assert_eq!(regions.start_heap(addr(15), 0), Err(RegionError::TooLow));
    assert_eq!(regions.start_heap(addr(1201), 0), Err(RegionError::OutOfBounds));
    assert_eq!(regions.start_heap(addr(1200), 0), Ok(()));
    let no_room = set(&mut regions, 1200 * PAGE_BYTES + 1, &Limits::UNLIMITED);
    assert_eq!(no_room, Err(RegionError::OutOfBounds));
}
