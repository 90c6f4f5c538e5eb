//! mprotect(2).

use super::*;
use crate::Progress;

fn protect(
    before: &str,
    (start, end): (u64, u64),
    access: &str,
    limits: &Limits,
    available: u64,
) -> (Regions<TestBacking>, Progress, u64) {
    let mut regions = parse(before);
    let mut left = available;
    let commit = |pages| match left.checked_sub(pages) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let access = notation::access(access);
    let progress = regions.protect(pages(start, end), access, limits, commit);
    regions.assert_consistent();
    (regions, progress, available - left)
}

#[test]
fn protect_changes_pages() {
    let table = [
        ("20-30 rw", (20, 30), "r", "20-30 r committed"),
        ("20-30 rw", (20, 30), "rw", "20-30 rw"),
        ("20-30 r", (20, 22), "x", "20-22 x, 22-30 r"),
        ("20-30 r", (28, 30), "x", "20-28 r, 28-30 x"),
        ("20-30 r f2+3", (24, 25), "x", "20-24 r f2+3, 24-25 x f2+7, 25-30 r f2+8"),
        // A part is merged with its neighbours again.
        ("20-24 r f2+3, 24-25 x f2+7, 25-30 r f2+8", (24, 25), "r", "20-30 r f2+3"),
        ("20-24 x, 24-30 r", (24, 26), "x", "20-26 x, 26-30 r"),
        ("20-24 r, 24-30 x", (22, 24), "x", "20-22 r, 22-30 x"),
        ("20-22 r, 22-24 x, 24-26 rx", (20, 26), "r", "20-26 r"),
        // Committed memory stays committed.
        ("20-24 rw, 24-30 r", (20, 24), "r", "20-24 r committed, 24-30 r"),
        ("20-24 r committed, 24-30 rw", (20, 24), "rw", "20-30 rw"),
        ("1190-1200 r", (1199, 1200), "x", "1190-1199 r, 1199-1200 x"),
    ];
    for (before, range, access, after) in table {
        let (regions, progress, _) = protect(before, range, access, &Limits::UNLIMITED, 100);
        let reached = addr(range.1);
        assert_eq!(progress, Progress { reached, result: Ok(()) }, "{range:?} of {before}");
        assert_eq!(text(&regions), after, "{range:?} {access} of {before}");
    }
}

#[test]
fn protect_ends_at_the_first_error_as_linux_does() {
    use RegionError::*;
    let table = [
        // The pages below a hole have changed.
        ("", (20, 22), "r", 20, Unmapped, ""),
        ("20-22 r, 24-26 r", (20, 26), "x", 22, Unmapped, "20-22 x, 24-26 r"),
        ("20-22 r", (19, 22), "x", 19, Unmapped, "20-22 r"),
        ("20-22 r", (20, 23), "x", 22, Unmapped, "20-22 x"),
        // Regions of a file that can't be written.
        (
            "20-22 r, 22-24 r shared f1+0, 24-26 r",
            (20, 26),
            "rw",
            22,
            Forbidden,
            "20-22 rw, 22-24 r shared f1+0, 24-26 r",
        ),
    ];
    for (before, range, access, reached, error, after) in table {
        let (regions, progress, _) = protect(before, range, access, &Limits::UNLIMITED, 100);
        let expected = Progress { reached: addr(reached), result: Err(error) };
        assert_eq!(progress, expected, "{range:?} of {before}");
        assert_eq!(text(&regions), after);
    }
}

#[test]
fn protect_commits_what_can_be_written_from_now_on() {
    let table = [
        ("20-30 r", (20, 30), 10, Ok("20-30 rw")),
        ("20-30 r", (20, 24), 4, Ok("20-24 rw, 24-30 r")),
        ("20-30 r committed", (20, 30), 0, Ok("20-30 rw")),
        ("20-30 r noreserve", (20, 30), 0, Ok("20-30 rw noreserve")),
        ("20-30 r shared", (20, 30), 0, Ok("20-30 rw shared")),
        ("20-24 r, 24-30 x", (20, 30), 10, Ok("20-30 rw")),
        ("20-40 r", (20, 40), 0, Err("20-40 r")),
        ("20-26 r, 26-40 x", (20, 40), 6, Err("20-26 rw, 26-40 x")),
    ];
    for (before, range, expected_pages, expected) in table {
        let (regions, progress, committed) = protect(before, range, "rw", &Limits::UNLIMITED, 10);
        let after = expected.unwrap_or_else(|after| after);
        assert_eq!(text(&regions), after, "{before}");
        assert_eq!(committed, expected_pages, "{before}");
        let result = if expected.is_ok() { Ok(()) } else { Err(RegionError::CommitLimit) };
        assert_eq!(progress.result, result, "{before}");
    }
}

#[test]
fn protect_obeys_the_number_of_regions_unless_a_boundary_moves() {
    let before = "20-30 r, 30-40 x, 40-50 r";
    let table = [
        (3, (22, 24), None),
        (4, (22, 24), None),
        (5, (22, 24), Some("20-22 r, 22-24 x, 24-30 r, 30-40 x, 40-50 r")),
        (3, (20, 24), None),
        (4, (20, 24), Some("20-24 x, 24-30 r, 30-40 x, 40-50 r")),
        (3, (26, 30), Some("20-26 r, 26-40 x, 40-50 r")),
        (3, (40, 42), Some("20-30 r, 30-42 x, 42-50 r")),
        (3, (20, 30), Some("20-40 x, 40-50 r")),
    ];
    for (most, range, after) in table {
        let (regions, progress, _) = protect(before, range, "x", &regions_max(most), 0);
        let result = if after.is_some() { Ok(()) } else { Err(RegionError::TooManyRegions) };
        assert_eq!(progress.result, result, "{range:?} with {most}");
        assert_eq!(text(&regions), after.unwrap_or(before), "{range:?} with {most}");
    }
}

#[test]
fn protect_obeys_the_limit_of_data() {
    let limits = Limits { data_bytes: 10 * PAGE_BYTES, ..Limits::UNLIMITED };
    let before = "20-26 rw, 30-40 r";
    let (regions, progress, _) = protect(before, (30, 34), "rw", &limits, 100);
    assert_eq!((progress.result, regions.usage().data_pages), (Ok(()), 10));
    let (regions, progress, _) = protect(before, (30, 35), "rw", &limits, 100);
    assert_eq!(progress.result, Err(RegionError::DataLimit));
    assert_eq!(text(&regions), before);
    // Pages that are already data don't count again.
    let none = Limits { data_bytes: 0, ..Limits::UNLIMITED };
    let (_, progress, _) = protect(before, (20, 26), "rwx", &none, 100);
    assert_eq!(progress.result, Ok(()));
}
