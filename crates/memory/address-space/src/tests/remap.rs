//! mremap(2).

use super::*;
use crate::{RemapRequest, RemapSource, RemapTarget, Remapped};

const IN_PLACE: RemapTarget = RemapTarget::InPlace;
const ANYWHERE: RemapTarget = RemapTarget::Anywhere { hint: 0 };

fn at(page: u64) -> RemapTarget {
    RemapTarget::At(page * PAGE_BYTES)
}

fn request(start: u64, old: u64, new: u64, target: RemapTarget) -> RemapRequest {
    RemapRequest {
        start: start * PAGE_BYTES,
        old_len_bytes: old * PAGE_BYTES,
        new_len_bytes: new * PAGE_BYTES,
        target,
        source: RemapSource::Unmap,
    }
}

fn remap(
    regions: &mut Regions<TestBacking>,
    request: &RemapRequest,
) -> Result<Remapped<TestBacking>, RegionError> {
    regions.remap(request, &Limits::UNLIMITED, |_| true)
}

/// The regions afterwards, the removed regions, the pages that are moved, and their new first
/// page.
type Outcome = Result<(&'static str, &'static str, Option<(u64, u64)>, u64), RegionError>;

fn check(before: &str, request: &RemapRequest, expected: Outcome) {
    let mut regions = parse(before);
    let result = remap(&mut regions, request);
    let what = std::format!("{request:?}");
    if let (Ok(result), Ok((_, removed, moved_from, start))) = (&result, &expected) {
        assert_eq!(text_of(&result.removed.regions), *removed, "{what} on {before}");
        let moved_from = moved_from.map(|(start, end)| pages(start, end));
        assert_eq!(result.moved_from, moved_from, "{what} on {before}");
        let new_pages = request.new_len_bytes.div_ceil(PAGE_BYTES);
        assert_eq!(result.range, pages(*start, start + new_pages), "{what} on {before}");
    }
    let after = expected.map(|(after, ..)| after);
    assert_result(&regions, before, result, after, &what);
}

#[test]
fn remap_in_place() {
    use RegionError::*;
    let table: &[(&str, (u64, u64, u64), Outcome)] = &[
        // Shorter, over holes and several regions too.
        ("20-30 rw", (20, 10, 4), Ok(("20-24 rw", "24-30 rw", None, 20))),
        ("20-30 rw", (22, 4, 2), Ok(("20-24 rw, 26-30 rw", "24-26 rw", None, 22))),
        ("20-30 rw", (20, 10, 10), Ok(("20-30 rw", "", None, 20))),
        ("20-30 rw", (20, 20, 20), Ok(("20-30 rw", "", None, 20))),
        ("20-24 rw, 26-30 r", (20, 8, 2), Ok(("20-22 rw, 28-30 r", "22-24 rw, 26-28 r", None, 20))),
        // Longer, from the end of a region.
        ("20-30 rw", (20, 10, 15), Ok(("20-35 rw", "", None, 20))),
        ("20-30 rw", (28, 2, 7), Ok(("20-35 rw", "", None, 28))),
        ("20-30 rw", (20, 10, 1180), Ok(("20-1200 rw", "", None, 20))),
        ("20-30 rw", (20, 10, 1181), Err(NoGap)),
        ("20-30 rw, 35-36 r", (20, 10, 15), Ok(("20-35 rw, 35-36 r", "", None, 20))),
        ("20-30 rw, 35-36 r", (20, 10, 16), Err(NoGap)),
        ("20-30 rw, 35-36 rw", (20, 10, 15), Ok(("20-36 rw", "", None, 20))),
        ("20-30 rw, 30-36 r", (20, 10, 11), Err(NoGap)),
        ("20-30 rw", (20, 5, 8), Err(NoGap)),
        ("20-30 rw, 60-70 rw down", (20, 10, 40), Ok(("20-60 rw, 60-70 rw down", "", None, 20))),
        ("20-30 r f2+3", (20, 10, 12), Ok(("20-32 r f2+3", "", None, 20))),
        // Sources that are not within one region.
        ("20-30 rw", (30, 1, 2), Err(BadAddress)),
        ("20-30 rw", (19, 1, 1), Err(BadAddress)),
        ("20-30 rw", (20, 11, 12), Err(BadAddress)),
        ("20-30 rw, 30-40 r", (20, 15, 25), Err(BadAddress)),
        // A region that can't be made longer.
        ("20-30 r fixed-size", (20, 10, 11), Err(NotExpandable)),
        (
            "20-30 r fixed-size",
            (20, 10, 9),
            Ok(("20-29 r fixed-size", "29-30 r fixed-size", None, 20)),
        ),
        ("20-30 r f2+268435446", (20, 10, 11), Err(OffsetOverflow)),
        ("20-30 r f2+268435445", (20, 10, 11), Ok(("20-31 r f2+268435445", "", None, 20))),
        // Lengths of 0.
        ("20-30 rw", (20, 10, 0), Err(Invalid)),
        ("20-30 rw", (20, 0, 10), Err(Invalid)),
        ("20-30 r shared", (20, 0, 10), Err(NoGap)),
    ];
    for (before, (start, old, new), expected) in table {
        check(before, &request(*start, *old, *new, IN_PLACE), *expected);
    }
}

#[test]
fn remap_anywhere() {
    use RegionError::*;
    let table: &[(&str, (u64, u64, u64), Outcome)] = &[
        // In place, if that is possible.
        ("20-30 rw", (20, 10, 15), Ok(("20-35 rw", "", None, 20))),
        ("20-30 rw", (20, 10, 5), Ok(("20-25 rw", "25-30 rw", None, 20))),
        // Otherwise to the highest gap.
        ("20-30 rw, 30-31 r", (20, 10, 15), Ok(("30-31 r, 985-1000 rw", "", Some((20, 30)), 985))),
        ("20-30 rw", (20, 5, 8), Ok(("25-30 rw, 992-1000 rw", "", Some((20, 25)), 992))),
        (
            "20-30 r f2+3",
            (22, 3, 8),
            Ok(("20-22 r f2+3, 25-30 r f2+8, 992-1000 r f2+5", "", Some((22, 25)), 992)),
        ),
        (
            "20-30 rw, 30-31 r, 1000-1001 rw",
            (20, 10, 15),
            Ok(("30-31 r, 985-1001 rw", "", Some((20, 30)), 985)),
        ),
        (
            "20-30 r committed, 30-31 r",
            (20, 10, 11),
            Ok(("30-31 r, 989-1000 r committed", "", Some((20, 30)), 989)),
        ),
        ("20-30 rw, 30-31 r", (20, 10, 1170), Err(NoGap)),
        // The pages of a shared region a second time.
        (
            "20-30 r shared f2+3",
            (22, 0, 3),
            Ok(("20-30 r shared f2+3, 997-1000 r shared f2+5", "", None, 997)),
        ),
        ("20-30 rw", (22, 0, 3), Err(Invalid)),
    ];
    for (before, (start, old, new), expected) in table {
        check(before, &request(*start, *old, *new, ANYWHERE), *expected);
    }
}

#[test]
fn remap_to_an_address() {
    use RegionError::*;
    let table = [
        ("20-30 rw", [20, 10, 10], 40, Ok(("40-50 rw", "", Some((20, 30)), 40))),
        ("20-30 rw", [20, 10, 15], 40, Ok(("40-55 rw", "", Some((20, 30)), 40))),
        ("20-30 rw", [20, 10, 5], 40, Ok(("40-45 rw", "25-30 rw", Some((20, 25)), 40))),
        ("20-30 rw", [20, 10, 5], 18, Err(Invalid)),
        ("20-30 rw", [22, 2, 2], 40, Ok(("20-22 rw, 24-30 rw, 40-42 rw", "", Some((22, 24)), 40))),
        // The target replaces other regions, and part of the source's own region.
        ("20-30 rw, 40-50 r", [20, 10, 10], 40, Ok(("40-50 rw", "40-50 r", Some((20, 30)), 40))),
        (
            "20-30 rw, 38-52 r",
            [20, 10, 10],
            40,
            Ok(("38-40 r, 40-50 rw, 50-52 r", "40-50 r", Some((20, 30)), 40)),
        ),
        ("20-30 rw", [20, 2, 2], 26, Ok(("22-30 rw", "26-28 rw", Some((20, 22)), 26))),
        (
            "20-30 r f2+0",
            [20, 2, 2],
            26,
            Ok(("22-26 r f2+2, 26-28 r f2+0, 28-30 r f2+8", "26-28 r f2+6", Some((20, 22)), 26)),
        ),
        (
            "20-30 rw, 40-50 r",
            [20, 10, 5],
            42,
            Ok(("40-42 r, 42-47 rw, 47-50 r", "25-30 rw, 42-47 r", Some((20, 25)), 42)),
        ),
        // The end that is cut off may be in several regions; the rest may not.
        ("30-35 rw, 35-40 r", [30, 10, 5], 20, Ok(("20-25 rw", "35-40 r", Some((30, 35)), 20))),
        ("30-35 rw, 35-40 r", [30, 10, 6], 20, Err(BadAddress)),
        ("30-35 rw", [30, 20, 5], 20, Ok(("20-25 rw", "", Some((30, 35)), 20))),
        ("20-21 r, 30-35 rw", [30, 1 << 40, 5], 40, Err(Invalid)),
        // The pages are merged with their neighbours.
        ("20-25 rw, 30-35 rw", [20, 5, 5], 35, Ok(("30-40 rw", "", Some((20, 25)), 35))),
        (
            "20-25 r f2+5, 30-35 r f2+0",
            [20, 5, 5],
            35,
            Ok(("30-40 r f2+0", "", Some((20, 25)), 35)),
        ),
        // The target is the source.
        ("20-30 rw", [20, 10, 10], 20, Err(Invalid)),
        ("20-30 rw", [20, 10, 10], 29, Err(Invalid)),
        ("20-30 rw", [20, 10, 10], 11, Err(Invalid)),
        ("20-30 rw", [20, 10, 10], 30, Ok(("30-40 rw", "", Some((20, 30)), 30))),
        // Bounds.
        ("20-30 rw", [20, 10, 10], 5, Err(TooLow)),
        ("20-30 rw", [20, 10, 10], 1190, Ok(("1190-1200 rw", "", Some((20, 30)), 1190))),
        ("20-30 rw", [20, 10, 10], 1191, Err(Invalid)),
        ("20-30 rw", [20, 10, 10], u64::MAX / PAGE_BYTES, Err(Invalid)),
        (
            "20-30 r fixed-size",
            [20, 10, 10],
            40,
            Ok(("40-50 r fixed-size", "", Some((20, 30)), 40)),
        ),
        ("20-30 r fixed-size", [20, 10, 11], 40, Err(NotExpandable)),
        ("20-30 r f2+268435446", [20, 10, 11], 40, Err(OffsetOverflow)),
        // The pages of a shared region a second time.
        ("20-30 r shared", [20, 0, 2], 40, Ok(("20-30 r shared, 40-42 r shared", "", None, 40))),
        (
            "20-30 r shared f2+0",
            [20, 0, 2],
            25,
            Ok((
                "20-25 r shared f2+0, 25-27 r shared f2+0, 27-30 r shared f2+7",
                "25-27 r shared f2+5",
                None,
                25,
            )),
        ),
    ];
    for (before, [start, old, new], target, expected) in table {
        check(before, &request(start, old, new, at(target)), expected);
    }
}

#[test]
fn remap_keeps_the_source() {
    use RegionError::*;
    let moved = Some((20, 30));
    let table: &[(&str, u64, RemapTarget, Outcome)] = &[
        ("20-30 rw", 10, ANYWHERE, Ok(("20-30 rw, 990-1000 rw", "", moved, 990))),
        ("20-30 rw", 10, at(40), Ok(("20-30 rw, 40-50 rw", "", moved, 40))),
        ("20-30 rw", 10, at(30), Ok(("20-40 rw", "", moved, 30))),
        (
            "20-30 rw",
            10,
            RemapTarget::Anywhere { hint: 50 * PAGE_BYTES },
            Ok(("20-30 rw, 50-60 rw", "", moved, 50)),
        ),
        ("20-30 r f2+3", 10, at(40), Ok(("20-30 r f2+3, 40-50 r f2+3", "", moved, 40))),
        ("20-30 rw", 10, IN_PLACE, Err(Invalid)),
        ("20-30 rw", 9, ANYWHERE, Err(Invalid)),
        ("20-30 rw", 11, ANYWHERE, Err(Invalid)),
        ("20-30 r fixed-size", 10, ANYWHERE, Err(Invalid)),
        ("20-29 rw", 10, ANYWHERE, Err(BadAddress)),
    ];
    for (before, new, target, expected) in table {
        let request = RemapRequest { source: RemapSource::Keep, ..request(20, 10, *new, *target) };
        check(before, &request, *expected);
    }
}

#[test]
fn remap_checks_its_arguments() {
    let whole = request(20, 10, 10, ANYWHERE);
    let bad = [
        RemapRequest { start: 20 * PAGE_BYTES + 1, ..whole },
        RemapRequest { old_len_bytes: u64::MAX, ..whole },
        RemapRequest { new_len_bytes: u64::MAX, ..whole },
        RemapRequest { target: RemapTarget::At(40 * PAGE_BYTES + 8), ..whole },
    ];
    for request in bad {
        check("20-30 rw", &request, Err(RegionError::Invalid));
    }
    let bytes = RemapRequest { old_len_bytes: 9 * PAGE_BYTES + 1, new_len_bytes: 1, ..whole };
    check("20-30 rw", &bytes, Ok(("20-21 rw", "21-30 rw", None, 20)));
    let no_region = RemapRequest { start: u64::MAX - 0xFFF, ..whole };
    check("20-30 rw", &no_region, Err(RegionError::BadAddress));
    let too_long = RemapRequest { new_len_bytes: 1 << 62, ..whole };
    check("20-30 rw", &too_long, Err(RegionError::NoGap));
    let too_long = RemapRequest { new_len_bytes: !0 << 12, ..whole };
    check("20-30 r f2+3", &too_long, Err(RegionError::OffsetOverflow));
}

#[test]
fn remap_obeys_limits_and_commits() {
    use RegionError::*;
    let pages = |count: u64| count * PAGE_BYTES;
    let before = "20-30 rw, 30-34 r, 40-50 rw";
    let keep = |request| RemapRequest { source: RemapSource::Keep, ..request };
    let table = [
        // The address space, the data, the system, the pages that are committed.
        (pages(27), pages(99), 99, request(40, 10, 13, IN_PLACE), Ok(3)),
        (pages(26), pages(99), 99, request(40, 10, 13, IN_PLACE), Err(AddressSpaceLimit)),
        (pages(99), pages(22), 99, request(40, 10, 13, IN_PLACE), Err(DataLimit)),
        (pages(99), pages(99), 2, request(40, 10, 13, IN_PLACE), Err(CommitLimit)),
        (pages(27), pages(23), 3, request(20, 10, 13, ANYWHERE), Ok(3)),
        (pages(26), pages(99), 99, request(20, 10, 13, ANYWHERE), Err(AddressSpaceLimit)),
        (pages(99), pages(22), 99, request(20, 10, 13, ANYWHERE), Err(DataLimit)),
        (pages(99), pages(99), 2, request(20, 10, 13, ANYWHERE), Err(CommitLimit)),
        // A move to other addresses adds no pages, so it is allowed even if the limits are
        // lower by now.
        (0, 0, 0, request(20, 10, 10, at(60)), Ok(0)),
        (0, 0, 0, request(20, 10, 5, IN_PLACE), Ok(0)),
        // The target replaces other pages, so their number falls.
        (pages(24), pages(20), 0, request(20, 10, 13, at(40)), Ok(0)),
        (pages(17), pages(13), 0, request(20, 10, 13, at(40)), Ok(0)),
        (pages(16), pages(99), 0, request(20, 10, 13, at(40)), Err(AddressSpaceLimit)),
        // The source stays mapped, so its pages count twice.
        (pages(34), pages(30), 10, keep(request(20, 10, 10, at(60))), Ok(10)),
        (pages(33), pages(99), 99, keep(request(20, 10, 10, at(60))), Err(AddressSpaceLimit)),
        (pages(99), pages(99), 9, keep(request(20, 10, 10, at(60))), Err(CommitLimit)),
    ];
    for (address_space_bytes, data_bytes, available, request, expected) in table {
        let mut regions = parse(before);
        let limits = Limits { address_space_bytes, data_bytes, ..Limits::UNLIMITED };
        let mut committed = 0;
        let commit = |pages| {
            committed = pages;
            pages <= available
        };
        let result = regions.remap(&request, &limits, commit);
        let what = std::format!("{request:?} {limits:?}");
        match result {
            Ok(remapped) => {
                assert_eq!(expected, Ok(committed), "{what}");
                let total = 20 + committed - remapped.removed.uncommitted_pages;
                assert_eq!(regions.usage().committed_pages, total, "{what}");
            }
            Err(error) => {
                assert_eq!(Err(error), expected, "{what}");
                assert_eq!(text(&regions), before, "{what}");
            }
        }
        regions.assert_consistent();
    }
}

#[test]
fn remap_leaves_a_reserve_of_regions() {
    let before = "20-30 rw, 40-50 rw";
    let table = [
        (6, request(20, 10, 10, at(60)), Ok("40-50 rw, 60-70 rw")),
        (5, request(20, 10, 10, at(60)), Err(RegionError::TooManyRegions)),
        (0, request(20, 10, 12, IN_PLACE), Ok("20-32 rw, 40-50 rw")),
        (2, request(22, 4, 2, IN_PLACE), Err(RegionError::TooManyRegions)),
        (3, request(22, 4, 2, IN_PLACE), Ok("20-24 rw, 26-30 rw, 40-50 rw")),
    ];
    for (most, request, expected) in table {
        let mut regions = parse(before);
        let result = regions.remap(&request, &regions_max(most), |_| true);
        assert_result(&regions, before, result, expected, &std::format!("{request:?}"));
    }
}
