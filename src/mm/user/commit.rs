//! The amount of memory that is promised to programs.
//!
//! As by default on Linux (vm.overcommit_memory=0, the heuristic), a promise is refused only if it
//! is larger than all of the memory. Pages are allocated at the first access, when there may be no
//! memory left.
//!
//! Source: Linux, Documentation/mm/overcommit-accounting.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::mm::kernel::frames;

/// The number of promised pages: Committed_AS of proc(5).
static COMMITTED_PAGES: AtomicU64 = AtomicU64::new(0);

/// Promises `pages` pages. Returns whether the memory has that many.
pub fn try_commit(pages: u64) -> bool {
    let is_possible = pages <= frames::managed() as u64;
    if is_possible {
        COMMITTED_PAGES.fetch_add(pages, Ordering::Relaxed);
    }
    is_possible
}

/// Withdraws a promise of `pages` pages.
pub fn uncommit(pages: u64) {
    COMMITTED_PAGES.fetch_sub(pages, Ordering::Relaxed);
}

/// Returns the number of promised pages.
pub fn committed_pages() -> u64 {
    COMMITTED_PAGES.load(Ordering::Relaxed)
}
