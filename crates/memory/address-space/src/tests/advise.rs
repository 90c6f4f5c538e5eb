//! madvise(2).

use super::*;
use crate::{Advice, Progress};

#[test]
fn advice_is_kept() {
    use Advice::*;
    let table = [
        ("20-30 rw", DontFork, "20-30 rw dontfork"),
        ("20-30 rw dontfork", DoFork, "20-30 rw"),
        ("20-30 rw", WipeOnFork, "20-30 rw wipe"),
        ("20-30 rw wipe", KeepOnFork, "20-30 rw"),
        ("20-30 r shared f2+1", KeepOnFork, "20-30 r shared f2+1"),
        ("20-30 rw", DontDump, "20-30 rw dontdump"),
        ("20-30 rw dontdump", DoDump, "20-30 rw"),
        ("20-30 rw nohuge", HugePage, "20-30 rw huge"),
        ("20-30 rw huge", NoHugePage, "20-30 rw nohuge"),
        ("20-30 rw random", Sequential, "20-30 rw sequential"),
        ("20-30 rw sequential", Random, "20-30 rw random"),
        ("20-30 rw random", Normal, "20-30 rw"),
        ("20-30 rw dontdump huge", Normal, "20-30 rw dontdump huge"),
    ];
    for (before, advice, after) in table {
        let mut regions = parse(before);
        let progress = regions.advise(pages(20, 30), advice, &Limits::UNLIMITED);
        assert_eq!(progress, Progress { reached: addr(30), result: Ok(()) }, "{advice:?}");
        assert_eq!(text(&regions), after, "{advice:?} on {before}");
    }
}

#[test]
fn advice_splits_and_merges() {
    let mut regions = parse("20-30 r f2+3");
    let progress = regions.advise(pages(24, 26), Advice::DontDump, &Limits::UNLIMITED);
    assert_eq!(progress.result, Ok(()));
    assert_eq!(text(&regions), "20-24 r f2+3, 24-26 r dontdump f2+7, 26-30 r f2+9");
    let progress = regions.advise(pages(20, 30), Advice::DoDump, &Limits::UNLIMITED);
    assert_eq!(progress.result, Ok(()));
    assert_eq!(text(&regions), "20-30 r f2+3");
}

#[test]
fn advice_skips_holes_and_reports_them() {
    let unmapped = Err(RegionError::Unmapped);
    let table = [
        ("20-22 r, 24-26 r", (20, 26), 26, unmapped, "20-22 r random, 24-26 r random"),
        ("20-22 r", (19, 22), 22, unmapped, "20-22 r random"),
        ("20-22 r", (20, 30), 30, unmapped, "20-22 r random"),
        ("20-22 r", (24, 30), 30, unmapped, "20-22 r"),
        (
            "20-22 r, 22-24 x",
            (21, 23),
            23,
            Ok(()),
            "20-21 r, 21-22 r random, 22-23 x random, 23-24 x",
        ),
    ];
    for (before, (start, end), reached, result, after) in table {
        let mut regions = parse(before);
        let progress = regions.advise(pages(start, end), Advice::Random, &Limits::UNLIMITED);
        assert_eq!(progress, Progress { reached: addr(reached), result }, "{before}");
        assert_eq!(text(&regions), after);
        regions.assert_consistent();
    }
}

#[test]
fn only_private_anonymous_memory_is_wiped() {
    for other in ["22-24 rw f2+0", "22-24 rw shared", "22-24 rw shared f2+0"] {
        let before = std::format!("20-22 rw, {other}, 24-26 rw");
        let mut regions = parse(&before);
        let progress = regions.advise(pages(20, 26), Advice::WipeOnFork, &Limits::UNLIMITED);
        let result = Err(RegionError::Invalid);
        assert_eq!(progress, Progress { reached: addr(22), result });
        assert_eq!(text(&regions), std::format!("20-22 rw wipe, {other}, 24-26 rw"));
    }
}

#[test]
fn advice_obeys_the_number_of_regions() {
    let mut regions = parse("20-22 r, 30-40 r");
    let progress = regions.advise(pages(20, 35), Advice::Random, &regions_max(2));
    let result = Err(RegionError::TooManyRegions);
    assert_eq!(progress, Progress { reached: addr(30), result });
    assert_eq!(text(&regions), "20-22 r random, 30-40 r");
}
