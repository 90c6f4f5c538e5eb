//! A flush that is due, and the tables that wait for it.

use core::fmt;
use core::marker::PhantomData;

use x86_64::{PhysAddr, VirtAddr};

use crate::geometry::{PagingMetaData, span_bytes};
use crate::scope::FlushScope;
use crate::tables::{Detached, PagingHandler};

/// What an operation has changed so far.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    scope: FlushScope,
    detached: Detached,
}

impl Changes {
    /// Notes that an entry of a table of `level`, for the addresses from `vaddr`
    /// on, was present and is another now.
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

    /// Takes over an empty table that no entry points to any more.
    pub(crate) fn detach(&mut self, handler: &impl PagingHandler, frame: PhysAddr) {
        self.detached.push(handler, frame);
    }
}

/// A flush that is due. Dropping it flushes as [`PagingMetaData::flush`] does.
///
/// It holds the tables that the operation has emptied: the processor may walk
/// them until it has flushed, and only then are they freed.
#[must_use = "dropping it flushes at once; take it by name to say so"]
pub struct Flush<'a, M: PagingMetaData, H: PagingHandler> {
    handler: &'a H,
    changes: Changes,
    metadata: PhantomData<M>,
}

impl<'a, M: PagingMetaData, H: PagingHandler> Flush<'a, M, H> {
    #[inline]
    pub(crate) fn new(handler: &'a H, changes: Changes) -> Self {
        Self { handler, changes, metadata: PhantomData }
    }

    /// Returns what is to be flushed.
    #[inline]
    pub fn scope(&self) -> FlushScope {
        self.changes.scope
    }

    /// Flushes as [`PagingMetaData::flush`] does, and frees the emptied tables.
    #[inline]
    pub fn flush(self) {
        drop(self);
    }

    /// Lets `everywhere` flush, on each processor that may hold what was changed,
    /// and frees the emptied tables when it is back. For a page table that no
    /// processor has loaded it may do nothing.
    pub fn flush_by(mut self, everywhere: impl FnOnce(FlushScope)) {
        everywhere(core::mem::take(&mut self.changes.scope));
    }
}

impl<M: PagingMetaData, H: PagingHandler> Drop for Flush<'_, M, H> {
    #[inline]
    fn drop(&mut self) {
        if self.changes.scope != FlushScope::Nothing {
            M::flush(self.changes.scope);
        }
        self.changes.detached.free(self.handler);
    }
}

impl<M: PagingMetaData, H: PagingHandler> fmt::Debug for Flush<'_, M, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.fmt(f)
    }
}
