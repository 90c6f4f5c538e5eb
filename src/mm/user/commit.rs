//! How much memory is promised to programs.
//!
//! As Linux does by default (vm.overcommit_memory=0, the heuristic): a promise is refused only if
//! it is larger than all of the memory. Pages are given when they are touched, and by then there may
//! be none.
//!
//! Source: Linux, Documentation/mm/overcommit-accounting.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::mm::kernel::frames;

/// How many pages are promised: Committed_AS of proc(5).
static COMMITTED_PAGES: AtomicU64 = AtomicU64::new(0);

/// Promises `pages` pages; returns whether there could be as many.
pub fn try_commit(pages: u64) -> bool {
    let is_possible = pages <= frames::counts().managed as u64;
    if is_possible {
        COMMITTED_PAGES.fetch_add(pages, Ordering::Relaxed);
    }
    is_possible
}

/// Takes a promise of `pages` pages back.
pub fn uncommit(pages: u64) {
    COMMITTED_PAGES.fetch_sub(pages, Ordering::Relaxed);
}

/// Returns how many pages are promised.
pub fn committed_pages() -> u64 {
    COMMITTED_PAGES.load(Ordering::Relaxed)
}
