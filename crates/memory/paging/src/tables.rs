//! Access to tables: the only module that converts a frame's address into memory.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::{PhysAddr, VirtAddr};

use crate::GenericPTE;
use crate::geometry::ENTRIES;
use crate::scope::FlushScope;

/// The CPU's capabilities; read once for each page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// It has pages of 1 GiB.
    pub has_1gib_pages: bool,
    /// It has no-execute pages, and they are enabled. Without this, every mapping has
    /// EXECUTE.
    pub has_no_execute: bool,
    /// Entry 1 of its page attribute table (selected by PWT alone) is write-combining.
    /// Without this, WRITE_COMBINING becomes UNCACHED.
    pub has_write_combining: bool,
}

/// The functions that a page table needs from the kernel. Each page table has an
/// instance, which can record the CPUs that use the page table.
///
/// # Safety
/// [`alloc_frame`](Self::alloc_frame) returns frames that nothing else uses until they are
/// freed, and [`phys_to_virt`](Self::phys_to_virt) returns, for each of them, the address
/// at which every thread can read and write its 4,096 bytes until then.
/// [`flush`](Self::flush) flushes as documented: emptied tables are freed after it.
pub unsafe trait PagingHandler {
    /// Allocates a frame of 4 KiB with any content. `None` if none is free.
    fn alloc_frame(&self) -> Option<PhysAddr>;
    /// Frees a frame.
    fn dealloc_frame(&self, frame: PhysAddr);
    /// Returns the address at which a frame is mapped.
    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr;
    /// Returns the CPU's capabilities.
    fn capabilities(&self) -> Capabilities;
    /// Flushes `scope`, global pages too, from the TLB and the paging-structure caches of
    /// each CPU that may hold entries of the page table. Returns when all have flushed.
    fn flush(&self, scope: FlushScope);
}

/// A table, as atomic words.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a>(&'a [AtomicU64; ENTRIES]);

impl<'a> Table<'a> {
    /// Returns the table in `frame`.
    ///
    /// # Safety
    /// `frame` comes from `handler`'s `alloc_frame`, has not been freed, and is not freed
    /// as long as the result lives.
    #[inline]
    unsafe fn new(handler: &'a impl PagingHandler, frame: PhysAddr) -> Self {
        let words: *const [AtomicU64; ENTRIES] = handler.phys_to_virt(frame).as_ptr();
        // SAFETY: the handler guarantees 4,096 bytes there, aligned as a frame is. They are
        // only ever accessed as atomic words.
        Self(unsafe { &*words })
    }

    /// Returns the entry at `index`.
    #[inline]
    pub(crate) fn load<PTE: GenericPTE>(self, index: usize) -> PTE {
        // A table that another thread has just made is complete before the entry points to it.
        PTE::from_bits(self.0[index].load(Ordering::Acquire))
    }

    /// Returns the first index in `indexes` whose entry isn't 0. Such an entry may be used.
    #[inline]
    pub(crate) fn next_used(self, indexes: Range<usize>) -> Option<usize> {
        let first = self.0.get(indexes.start)?;
        // In a table that is almost full, this is the only look.
        match first.load(Ordering::Relaxed) {
            _ if indexes.is_empty() => None,
            0 => self.next_used_after(indexes),
            _ => Some(indexes.start),
        }
    }

    fn next_used_after(self, indexes: Range<usize>) -> Option<usize> {
        /// The number of words that are checked together: most tables are almost empty.
        const STRIDE: usize = 16;
        let is_used = |word: &AtomicU64| word.load(Ordering::Relaxed) != 0;
        let words = self.0.get(indexes.clone())?;
        let any = |words: &[AtomicU64]| {
            words.iter().fold(0, |any, word| any | word.load(Ordering::Relaxed)) != 0
        };
        let (strides, rest) = words.as_chunks::<STRIDE>();
        let at = strides.iter().position(|stride| any(stride));
        let (start, words) = match at {
            Some(at) => (at * STRIDE, &strides[at][..]),
            None => (strides.len() * STRIDE, rest),
        };
        Some(indexes.start + start + words.iter().position(is_used)?)
    }

    /// Replaces the entry at `index`. Earlier stores become visible before this one.
    #[inline]
    pub(crate) fn store<PTE: GenericPTE>(self, index: usize, entry: PTE) {
        self.0[index].store(entry.bits(), Ordering::Release);
    }

    /// Replaces the entry at `index` by the result of `change`, without losing bits that
    /// the CPU sets in it meanwhile.
    #[inline]
    pub(crate) fn update<PTE: GenericPTE>(self, index: usize, change: impl Fn(PTE) -> PTE) {
        let old: PTE = self.load(index);
        if old.is_settled() {
            return self.store(index, change(old));
        }
        self.update_always(index, change);
    }

    /// Replaces the entry at `index` by the result of `change`, while other threads do the same.
    #[inline]
    pub(crate) fn update_always<PTE: GenericPTE>(self, index: usize, change: impl Fn(PTE) -> PTE) {
        let change = |bits| Some(change(PTE::from_bits(bits)).bits());
        // The closure never returns `None`, so this cannot fail.
        let _ = self.0[index].fetch_update(Ordering::Release, Ordering::Relaxed, change);
    }

    /// Replaces the entry at `index`, which was read as `old`; returns the entry as of that
    /// moment, so that bits that the CPU sets meanwhile aren't lost.
    #[inline]
    pub(crate) fn replace<PTE: GenericPTE>(self, index: usize, old: PTE, new: PTE) -> PTE {
        if old.is_settled() {
            self.store(index, new);
            return old;
        }
        self.swap_unsettled(index, new)
    }

    #[cold]
    fn swap_unsettled<PTE: GenericPTE>(self, index: usize, entry: PTE) -> PTE {
        self.swap(index, entry)
    }

    /// Replaces the entry at `index`; returns the entry as of that moment.
    #[inline]
    pub(crate) fn swap<PTE: GenericPTE>(self, index: usize, entry: PTE) -> PTE {
        PTE::from_bits(self.0[index].swap(entry.bits(), Ordering::AcqRel))
    }

    /// Replaces the entry at `index` if it is still `old`; returns whether it was.
    #[inline]
    pub(crate) fn exchange<PTE: GenericPTE>(self, index: usize, old: PTE, new: PTE) -> bool {
        let (old, new) = (old.bits(), new.bits());
        self.0[index].compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Sets `bits` in all entries.
    pub(crate) fn set_in_all(self, bits: u64) {
        for word in self.0 {
            word.fetch_or(bits, Ordering::Relaxed);
        }
    }
}

/// The tables of one page table: all frames that are reachable from its root.
///
/// Invariant: `root`, and each frame that an entry of a table points to as a table, comes
/// from `handler` and is freed only by [`Detached::free`], or when the page table is
/// dropped. Entries of the root that another page table owns are the exception;
/// [`child`](Self::child) is never called with them.
pub(crate) struct Tables<H> {
    pub(crate) handler: H,
    pub(crate) root: PhysAddr,
}

impl<H: PagingHandler> Tables<H> {
    /// Makes an empty root table.
    pub(crate) fn try_new(handler: H) -> Option<Self> {
        let root = new_table(&handler)?;
        Some(Self { handler, root })
    }

    /// Returns the root table.
    #[inline]
    pub(crate) fn root(&self) -> Table<'_> {
        // SAFETY: by the invariant; it is freed when `self` is dropped.
        unsafe { Table::new(&self.handler, self.root) }
    }

    /// Returns the table that `entry`, read from a table of this page table and owned
    /// by it, points to.
    #[inline]
    pub(crate) fn child<PTE: GenericPTE>(&self, entry: PTE) -> Table<'_> {
        // SAFETY: by the invariant; callers pass entries they have just read, and
        // tables are freed only by methods that take the page table by `&mut`.
        unsafe { Table::new(&self.handler, entry.paddr()) }
    }

    /// Allocates a frame for an empty table; returns the frame.
    #[inline]
    pub(crate) fn new_child(&self) -> Option<PhysAddr> {
        new_table(&self.handler)
    }
}

fn new_table(handler: &impl PagingHandler) -> Option<PhysAddr> {
    let frame = handler.alloc_frame()?;
    let words: *mut [AtomicU64; ENTRIES] = handler.phys_to_virt(frame).as_mut_ptr();
    // SAFETY: the handler guarantees 4,096 bytes there, and the frame was just allocated:
    // nothing else reads or writes them. Zeros are valid atomic words.
    unsafe { words.write_bytes(0, 1) };
    Some(frame)
}

/// Empty tables that no entry points to any more. They are freed after the flush, because
/// the CPU may walk them until then.
///
/// They are chained through their first word. A frame's address has bit 0 clear, so to a
/// CPU that still walks there the word is an entry that isn't present.
#[derive(Debug, Default)]
pub(crate) struct Detached {
    first: Option<PhysAddr>,
}

impl Detached {
    /// Adds an empty table to the list.
    pub(crate) fn push(&mut self, handler: &impl PagingHandler, frame: PhysAddr) {
        let next = self.first.map_or(0, PhysAddr::as_u64);
        // SAFETY: the frame was a table until now and isn't freed yet.
        unsafe { Table::new(handler, frame) }.0[0].store(next, Ordering::Relaxed);
        self.first = Some(frame);
    }

    /// Frees all tables of the list.
    pub(crate) fn free(&mut self, handler: &impl PagingHandler) {
        while let Some(frame) = self.first {
            // SAFETY: the frame was pushed and isn't freed yet.
            let next = unsafe { Table::new(handler, frame) }.0[0].load(Ordering::Relaxed);
            self.first = (next != 0).then(|| PhysAddr::new(next));
            handler.dealloc_frame(frame);
        }
    }
}
