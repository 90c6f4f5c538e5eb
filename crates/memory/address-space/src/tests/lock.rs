//! mlock(2).

use super::*;
use crate::{Advice, Lock, Overlap, Progress, RegionFlags};

fn locked_max(pages: u64) -> Limits {
    Limits { locked_bytes: pages * PAGE_BYTES, ..Limits::UNLIMITED }
}

#[test]
fn locks_are_counted_and_limited() {
    let mut regions = parse("20-30 rw, 40-50 r f2+0");
    let limits = locked_max(8);
    let progress = regions.lock(pages(22, 26), Lock::Now, &limits);
    assert_eq!(progress, Progress { reached: addr(26), result: Ok(()) });
    assert_eq!(regions.usage().locked_pages, 4);
    // Pages that are already locked count once.
    assert_eq!(regions.lock(pages(20, 28), Lock::Now, &limits).result, Ok(()));
    assert_eq!(regions.usage().locked_pages, 8);
    let error = Err(RegionError::LockLimit);
    assert_eq!(regions.lock(pages(28, 29), Lock::OnFault, &limits).result, error);
    assert_eq!(regions.lock_all(Lock::Now, &limits), error);
    assert_eq!(regions.lock(pages(20, 24), Lock::None, &limits).result, Ok(()));
    assert_eq!(regions.usage().locked_pages, 4);
    assert_eq!(regions.lock_all(Lock::Now, &Limits::UNLIMITED), Ok(()));
    assert_eq!(regions.usage().locked_pages, 20);
    assert_eq!(regions.lock_all(Lock::None, &limits), Ok(()));
    assert_eq!(regions.usage().locked_pages, 0);
    assert_eq!(text(&regions), "20-30 rw, 40-50 r f2+0");
}

#[test]
fn a_hole_ends_it() {
    let mut regions = parse("20-30 rw, 40-50 rw");
    let progress = regions.lock(pages(20, 50), Lock::Now, &Limits::UNLIMITED);
    assert_eq!(progress, Progress { reached: addr(30), result: Err(RegionError::Unmapped) });
    assert_eq!(regions.usage().locked_pages, 10);
}

#[test]
fn a_child_has_no_locks() {
    let mut regions = parse("20-30 rw, 30-40 r");
    regions.set_future_lock(Lock::Now);
    assert_eq!(regions.lock(pages(22, 35), Lock::Now, &Limits::UNLIMITED).result, Ok(()));
    let mut child = regions.try_clone(|_| true).unwrap();
    assert_eq!(text(&child), "20-30 rw, 30-40 r");
    assert_eq!(child.usage().locked_pages, 0);
    assert_eq!(child.lock_all(Lock::Now, &locked_max(20)), Ok(()));
    assert_eq!(regions.usage().locked_pages, 13);
    let progress = regions.advise(pages(22, 35), Advice::Normal, &Limits::UNLIMITED);
    assert_eq!(progress.result, Ok(()));
}

#[test]
fn new_regions_are_locked_if_that_was_asked_for() {
    let mut regions = parse("20-30 rw");
    regions.set_future_lock(Lock::OnFault);
    let region = parse("40-44 rw").iter().next().unwrap().clone();
    let limits = locked_max(4);
    let removed = regions.map(region.clone(), Overlap::Refused, &limits, |_| true).unwrap();
    assert!(removed.regions.is_empty());
    assert_eq!(regions.usage().locked_pages, 4);
    let flags = regions.find(addr(41)).unwrap().flags();
    assert_eq!(flags, RegionFlags::LOCKED | RegionFlags::LOCKED_ON_FAULT);
    let next = parse("50-51 rw").iter().next().unwrap().clone();
    let refused = regions.map(next, Overlap::Refused, &limits, |_| true);
    assert_eq!(refused.unwrap_err(), RegionError::LockLimit);
}
