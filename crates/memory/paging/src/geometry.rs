//! The geometry of an address space.

use x86_64::PhysAddr;

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

    /// Returns the size of the pages that tables of `level`, 1 to 3, hold.
    #[inline]
    pub(crate) const fn of_level(level: usize) -> Self {
        match level {
            1 => Self::Size4K,
            2 => Self::Size2M,
            _ => Self::Size1G,
        }
    }
}

/// The geometry of an address space.
pub trait PagingMetaData {
    /// The number of levels of tables.
    const LEVELS: usize;
    /// The width of a physical address, in bits.
    const PA_MAX_BITS: usize;
    /// The width of a virtual address, in bits.
    const VA_MAX_BITS: usize;

    /// Returns whether the physical address is within the CPU's address width.
    #[inline]
    fn paddr_is_valid(paddr: PhysAddr) -> bool {
        paddr.as_u64() >> Self::PA_MAX_BITS == 0
    }

    /// Returns whether the address is canonical: bit `VA_MAX_BITS` - 1 and all higher
    /// bits are equal.
    #[inline]
    fn vaddr_is_valid(vaddr: u64) -> bool {
        matches!(Self::high_bits(vaddr), 0 | -1)
    }

    /// Returns bit `VA_MAX_BITS` - 1 and all higher bits as a number: 0 for the lower
    /// half, -1 for the upper half.
    #[inline]
    fn high_bits(vaddr: u64) -> i64 {
        vaddr as i64 >> (Self::VA_MAX_BITS - 1)
    }
}

/// x86_64 with 4 levels.
#[derive(Clone, Copy, Debug)]
pub struct X64PagingMetaData;

impl PagingMetaData for X64PagingMetaData {
    const LEVELS: usize = 4;
    const PA_MAX_BITS: usize = 52;
    const VA_MAX_BITS: usize = 48;
}

/// The number of address bits that a level translates.
pub(crate) const INDEX_BITS: usize = 9;
/// The number of entries of a table.
pub(crate) const ENTRIES: usize = 1 << INDEX_BITS;
/// The number of address bits below the lowest level.
const OFFSET_BITS: usize = 12;

/// Returns the index of an address into a table of `level`.
#[inline]
pub(crate) const fn index(vaddr: u64, level: usize) -> usize {
    (vaddr >> (OFFSET_BITS + INDEX_BITS * (level - 1))) as usize % ENTRIES
}

/// Returns the number of bytes that an entry of a table of `level` spans.
#[inline]
pub(crate) const fn span_bytes(level: usize) -> u64 {
    1 << (OFFSET_BITS + INDEX_BITS * (level - 1))
}
