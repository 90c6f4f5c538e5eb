//! The geometry of an address space.

use core::marker::PhantomData;

use x86_64::{PhysAddr, VirtAddr};

use crate::scope::FlushScope;

/// The size of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PageSize {
    /// 4 KiB.
    Size4K,
    /// 2 MiB.
    Size2M,
    /// 1 GiB.
    Size1G,
}

impl PageSize {
    /// Returns the size in bytes.
    #[inline]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Size4K => 4 << 10,
            Self::Size2M => 2 << 20,
            Self::Size1G => 1 << 30,
        }
    }

    /// Returns the level of the tables that hold such pages; the lowest is 1.
    #[inline]
    pub(crate) const fn level(self) -> usize {
        match self {
            Self::Size4K => 1,
            Self::Size2M => 2,
            Self::Size1G => 3,
        }
    }

    /// Returns the size of the pages that tables of `level` hold, if they hold
    /// any.
    #[inline]
    pub(crate) const fn of_level(level: usize) -> Option<Self> {
        match level {
            1 => Some(Self::Size4K),
            2 => Some(Self::Size2M),
            3 => Some(Self::Size1G),
            _ => None,
        }
    }
}

/// The geometry of an address space, and how its TLB is flushed.
///
/// # Safety
/// [`flush_tlb`](Self::flush_tlb) flushes what it says, and with it what the
/// processor remembers of the tables on the way: emptied tables are freed behind
/// it.
#[expect(unsafe_code, reason = "memory is freed when the TLB was flushed")]
pub unsafe trait PagingMetaData {
    /// How many levels of tables there are.
    const LEVELS: usize;
    /// The width of a physical address, in bits.
    const PA_MAX_BITS: usize;
    /// The width of a virtual address, in bits.
    const VA_MAX_BITS: usize;

    /// Tells whether the processor can have such a physical address.
    #[inline]
    fn paddr_is_valid(paddr: PhysAddr) -> bool {
        paddr.as_u64() >> Self::PA_MAX_BITS == 0
    }

    /// Tells whether the address is canonical: all bits from the highest one of
    /// the width on are alike.
    #[inline]
    fn vaddr_is_valid(vaddr: u64) -> bool {
        let high = vaddr as i64 >> (Self::VA_MAX_BITS - 1);
        high == 0 || high == -1
    }

    /// Flushes one page, or all, from this processor's TLB; global pages too.
    fn flush_tlb(vaddr: Option<VirtAddr>);

    /// Flushes what `scope` says, wherever a TLB may hold it: from this processor's, if
    /// nobody else uses the page table.
    #[inline]
    fn flush(scope: FlushScope) {
        scope.flush_by(Self::flush_tlb);
    }
}

/// How a processor's TLB is flushed.
///
/// # Safety
/// That of [`PagingMetaData`].
#[expect(unsafe_code, reason = "memory is freed when the TLB was flushed")]
pub unsafe trait FlushTlb {
    /// Flushes one page, or all, from this processor's TLB; global pages too.
    fn flush_tlb(vaddr: Option<VirtAddr>);

    /// Flushes what `scope` says, wherever a TLB may hold it: from this processor's, if
    /// nobody else uses the page table.
    #[inline]
    fn flush(scope: FlushScope) {
        scope.flush_by(Self::flush_tlb);
    }
}

/// x86_64 with 4 levels; `F` knows the instructions that flush.
#[derive(Clone, Copy, Debug)]
pub struct X64PagingMetaData<F>(PhantomData<F>);

// SAFETY: it flushes as `F` does.
#[expect(unsafe_code, reason = "the trait is")]
unsafe impl<F: FlushTlb> PagingMetaData for X64PagingMetaData<F> {
    const LEVELS: usize = 4;
    const PA_MAX_BITS: usize = 52;
    const VA_MAX_BITS: usize = 48;

    #[inline]
    fn flush_tlb(vaddr: Option<VirtAddr>) {
        F::flush_tlb(vaddr);
    }

    #[inline]
    fn flush(scope: FlushScope) {
        F::flush(scope);
    }
}

/// How many address bits a level takes.
pub(crate) const INDEX_BITS: usize = 9;
/// How many entries a table has.
pub(crate) const ENTRIES: usize = 1 << INDEX_BITS;
/// How many address bits lie below the lowest level.
const OFFSET_BITS: usize = 12;

/// Returns the index of an address into a table of `level`.
#[inline]
pub(crate) const fn index(vaddr: u64, level: usize) -> usize {
    (vaddr >> (OFFSET_BITS + INDEX_BITS * (level - 1))) as usize % ENTRIES
}

/// Returns how many bytes an entry of a table of `level` spans.
#[inline]
pub(crate) const fn span_bytes(level: usize) -> u64 {
    1 << (OFFSET_BITS + INDEX_BITS * (level - 1))
}
