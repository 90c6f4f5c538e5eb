//! The regions of a child.

use std::rc::Rc;

use super::*;
use crate::{Limits, Overlap};

#[test]
fn child_has_copies() {
    let parent =
        parse("20-22 rw, 22-24 rw dontfork, 24-26 rw wipe, 30-32 r shared f2+0, 40-41 r committed");
    let mut asked = 0;
    let commit = |pages| {
        asked += pages;
        true
    };
    let mut child = parent.try_clone(commit).expect("it may commit");
    let expected = "20-22 rw, 24-26 rw wipe, 30-32 r shared f2+0, 40-41 r committed";
    assert_eq!(text(&child), expected);
    assert_eq!((asked, child.usage().committed_pages), (5, 5));
    child.assert_consistent();
    // The regions are copies.
    assert!(child.unmap(pages(16, 1200), &Limits::UNLIMITED).is_ok());
    assert_eq!((child.len(), parent.len()), (0, 5));
    parent.assert_consistent();
}

#[test]
fn child_keeps_the_program_break() {
    let mut parent = parse("");
    parent.start_heap(addr(30), 0).expect("it is within the bounds");
    let zeros = TestBacking::new(None, &Rc::new(()));
    let end = 32 * PAGE_BYTES;
    assert!(parent.set_program_break(end, zeros, &Limits::UNLIMITED, |_| true).is_ok());
    let child = parent.try_clone(|_| true).expect("it may commit");
    assert_eq!((child.heap_start(), child.heap_end()), (addr(30), addr(32)));
}

#[test]
fn child_without_memory_is_none() {
    let live = Rc::new(());
    let mut parent = parse("");
    let new = notation::region("20-30 rw", &live);
    assert!(parent.map(new, Overlap::Refused, &Limits::UNLIMITED, |_| true).is_ok());
    assert_eq!(Rc::strong_count(&live), 2);
    let child = parent.try_clone(|pages| pages < 10);
    assert_eq!(child.err(), Some(RegionError::CommitLimit));
    assert_eq!(Rc::strong_count(&live), 2);
    // `commit` isn't called for 0 pages.
    assert!(parse("20-30 r").try_clone(no_commit).is_ok());
    assert!(parse("20-30 rw dontfork").try_clone(no_commit).is_ok());
}
