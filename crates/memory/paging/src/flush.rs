//! A pending flush, and the tables that are freed after it.

use core::fmt;

use x86_64::{PhysAddr, VirtAddr};

use crate::geometry::span_bytes;
use crate::scope::FlushScope;
use crate::tables::{Detached, PagingHandler};

/// The changes that an operation has made so far.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    scope: FlushScope,
    detached: Detached,
}

impl Changes {
    /// Returns the record of one entry that was present and has changed: in a table of
    /// `level`, for the addresses from `vaddr` on.
    #[inline]
    pub(crate) fn of_page(vaddr: u64, level: usize) -> Self {
        let page = VirtAddr::new_truncate(vaddr);
        let scope = FlushScope::Pages { first: page, last: page, step_bytes: span_bytes(level) };
        Self { scope, ..Self::default() }
    }

    /// Records that an entry that was present has changed: in a table of `level`, for the
    /// addresses from `vaddr` on.
    #[inline]
    pub(crate) fn note(&mut self, vaddr: u64, level: usize) {
        let page = VirtAddr::new_truncate(vaddr);
        self.scope = match self.scope {
            FlushScope::Nothing => {
                FlushScope::Pages { first: page, last: page, step_bytes: span_bytes(level) }
            }
            FlushScope::Pages { first, last, step_bytes } => FlushScope::Pages {
                first: first.min(page),
                last: last.max(page),
                step_bytes: step_bytes.min(span_bytes(level)),
            },
        };
    }

    /// Records that the entries of `span` in a table of `level` have changed.
    #[inline]
    pub(crate) fn note_span(&mut self, span: Span, level: usize) {
        if span.first <= span.last {
            self.note(span.first, level);
            self.note(span.last, level);
        }
    }

    /// Stores empty tables that no entry points to any more.
    #[inline]
    pub(crate) fn set_detached(&mut self, detached: Detached) {
        self.detached = detached;
    }

    /// Adds an empty table that no entry points to any more.
    pub(crate) fn detach(&mut self, handler: &impl PagingHandler, frame: PhysAddr) {
        self.detached.push(handler, frame);
    }
}

/// The first and the last changed page of a table.
pub(crate) struct Span {
    first: u64,
    last: u64,
}

impl Span {
    /// Returns a span without pages.
    #[inline]
    pub(crate) fn new() -> Self {
        Self { first: u64::MAX, last: 0 }
    }

    /// Adds a page, which is above all others.
    #[inline]
    pub(crate) fn push(&mut self, page: u64) {
        self.first = self.first.min(page);
        self.last = page;
    }
}

/// A pending flush. Dropping it flushes by [`PagingHandler::flush`].
///
/// It holds the tables that the operation has emptied. They are freed after the flush,
/// because a CPU may walk them until then.
#[must_use = "dropping it flushes at once; call `flush` to say so"]
pub struct Flush<'a, H: PagingHandler> {
    handler: &'a H,
    changes: Changes,
}

impl<'a, H: PagingHandler> Flush<'a, H> {
    #[inline]
    pub(crate) fn new(handler: &'a H, changes: Changes) -> Self {
        Self { handler, changes }
    }

    /// Returns the TLB entries to flush.
    #[inline]
    pub fn scope(&self) -> FlushScope {
        self.changes.scope
    }

    /// Flushes by [`PagingHandler::flush`], and frees the emptied tables.
    #[inline]
    pub fn flush(self) {
        drop(self);
    }

    /// Calls `flush` in place of [`PagingHandler::flush`], and then frees the emptied
    /// tables. `flush` has to flush each CPU that may hold the changed entries; if no CPU
    /// has loaded the page table, it may do nothing.
    pub fn flush_by(mut self, flush: impl FnOnce(FlushScope)) {
        flush(core::mem::take(&mut self.changes.scope));
    }
}

impl<H: PagingHandler> Drop for Flush<'_, H> {
    #[inline]
    fn drop(&mut self) {
        if self.changes.scope != FlushScope::Nothing {
            self.handler.flush(self.changes.scope);
        }
        self.changes.detached.free(self.handler);
    }
}

impl<H: PagingHandler> fmt::Debug for Flush<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.fmt(f)
    }
}
