//! The format of x86_64's entries.

use core::fmt;

use x86_64::PhysAddr;
use x86_64::structures::paging::PageTableFlags;

use crate::entry::GenericPTE;
use crate::{MappingFlags, SoftwarePayload};

/// An entry of x86_64.
///
/// Source: Intel SDM volume 3A, "4-Level Paging", formats of paging-structure
/// entries.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct X64PTE(u64);

impl X64PTE {
    /// Bits 12 to 51.
    const PADDR_MASK: u64 = 0x000F_FFFF_FFFF_F000;
    /// One of the bits that the CPU ignores.
    const COPY_ON_WRITE: PageTableFlags = PageTableFlags::BIT_9;
    /// In an entry without PRESENT: it is a page nevertheless.
    const NO_ACCESS: PageTableFlags = PageTableFlags::BIT_10;
    /// In an entry without PRESENT: it is a software entry, with no other bit below the
    /// payload.
    const SOFTWARE: PageTableFlags = PageTableFlags::BIT_11;
    const PAYLOAD_SHIFT: u32 = 12;
    /// More ignored bits, in an entry that points to a table: the number of the table's
    /// entries in use.
    const USED_SHIFT: u32 = 52;
    const USED_MASK: u64 = 0x3FF << Self::USED_SHIFT;
    /// The bits that the CPU itself sets.
    const KEPT: PageTableFlags = PageTableFlags::ACCESSED.union(PageTableFlags::DIRTY);

    #[inline]
    fn encode(flags: MappingFlags, is_huge: bool) -> PageTableFlags {
        if flags.is_empty() {
            return PageTableFlags::empty();
        }
        let mut bits = if flags.contains(MappingFlags::NO_ACCESS) {
            Self::NO_ACCESS
        } else {
            PageTableFlags::PRESENT
        };
        let mut set = |wanted: bool, flag| bits.set(flag, wanted);
        set(flags.contains(MappingFlags::WRITE), PageTableFlags::WRITABLE);
        set(!flags.contains(MappingFlags::EXECUTE), PageTableFlags::NO_EXECUTE);
        set(flags.contains(MappingFlags::USER), PageTableFlags::USER_ACCESSIBLE);
        let is_uncached = flags.intersects(MappingFlags::UNCACHED | MappingFlags::DEVICE);
        set(is_uncached, PageTableFlags::NO_CACHE);
        set(
            flags.contains(MappingFlags::DEVICE)
                || flags.contains(MappingFlags::WRITE_COMBINING) && !is_uncached,
            PageTableFlags::WRITE_THROUGH,
        );
        set(flags.contains(MappingFlags::GLOBAL), PageTableFlags::GLOBAL);
        set(flags.contains(MappingFlags::COPY_ON_WRITE), Self::COPY_ON_WRITE);
        set(is_huge, PageTableFlags::HUGE_PAGE);
        // ACCESSED and DIRTY of the kernel's own pages are never read. They are set from
        // the start, so that the CPU doesn't write to the entry.
        let is_kernels = !flags.contains(MappingFlags::USER);
        set(is_kernels, PageTableFlags::ACCESSED);
        set(is_kernels && flags.contains(MappingFlags::WRITE), PageTableFlags::DIRTY);
        bits
    }

    /// Returns the entry's bits without the address.
    #[inline]
    pub fn table_flags(self) -> PageTableFlags {
        PageTableFlags::from_bits_truncate(self.0 & !Self::PADDR_MASK)
    }
}

// SAFETY: the format is the manual's; no field overlaps another.
#[expect(unsafe_code, reason = "the trait is")]
unsafe impl GenericPTE for X64PTE {
    #[inline]
    fn new_page(paddr: PhysAddr, flags: MappingFlags, is_huge: bool) -> Self {
        let bits = Self::encode(flags, is_huge).bits();
        if bits == 0 { Self(0) } else { Self(bits | paddr.as_u64() & Self::PADDR_MASK) }
    }

    #[inline]
    fn new_table(paddr: PhysAddr) -> Self {
        let flags =
            PageTableFlags::PRESENT | PageTableFlags::WRITABLE | PageTableFlags::USER_ACCESSIBLE;
        Self(flags.bits() | paddr.as_u64() & Self::PADDR_MASK)
    }

    /// The payload is stored inverted. A small payload then has address bits of memory that
    /// doesn't exist, so that a speculative access that ignores PRESENT reads nothing.
    /// Source: Intel, "Deep Dive: Intel Analysis of L1 Terminal Fault", "OS Mitigation".
    #[inline]
    fn new_software(payload: SoftwarePayload) -> Self {
        Self(!payload.get() << Self::PAYLOAD_SHIFT | Self::SOFTWARE.bits())
    }

    #[inline]
    fn software(self) -> Option<SoftwarePayload> {
        let kind = PageTableFlags::PRESENT | Self::NO_ACCESS | Self::SOFTWARE;
        let is_softwares = self.0 & kind.bits() == Self::SOFTWARE.bits();
        is_softwares.then(|| SoftwarePayload::truncated(!(self.0 >> Self::PAYLOAD_SHIFT)))
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    fn bits(self) -> u64 {
        self.0
    }

    #[inline]
    fn used(self) -> usize {
        ((self.0 & Self::USED_MASK) >> Self::USED_SHIFT) as usize
    }

    #[inline]
    fn set_used(&mut self, used: usize) {
        self.0 = self.0 & !Self::USED_MASK | (used as u64) << Self::USED_SHIFT;
    }

    #[inline]
    fn paddr(self) -> PhysAddr {
        PhysAddr::new_truncate(self.0 & Self::PADDR_MASK)
    }

    #[inline]
    fn flags(self) -> MappingFlags {
        let bits = self.table_flags();
        if !self.is_page() {
            return MappingFlags::empty();
        }
        let mut flags = MappingFlags::READ;
        let mut set = |flag, is_set: bool| flags.set(flag, is_set);
        set(MappingFlags::WRITE, bits.contains(PageTableFlags::WRITABLE));
        set(MappingFlags::EXECUTE, !bits.contains(PageTableFlags::NO_EXECUTE));
        set(MappingFlags::USER, bits.contains(PageTableFlags::USER_ACCESSIBLE));
        let is_write_through = bits.contains(PageTableFlags::WRITE_THROUGH);
        let is_uncached = bits.contains(PageTableFlags::NO_CACHE);
        set(MappingFlags::DEVICE, is_uncached && is_write_through);
        set(MappingFlags::UNCACHED, is_uncached && !is_write_through);
        set(MappingFlags::WRITE_COMBINING, !is_uncached && is_write_through);
        set(MappingFlags::GLOBAL, bits.contains(PageTableFlags::GLOBAL));
        set(MappingFlags::COPY_ON_WRITE, bits.contains(Self::COPY_ON_WRITE));
        set(MappingFlags::NO_ACCESS, !bits.contains(PageTableFlags::PRESENT));
        flags
    }

    #[inline]
    fn set_paddr(&mut self, paddr: PhysAddr) {
        self.0 = self.0 & !Self::PADDR_MASK | paddr.as_u64() & Self::PADDR_MASK;
    }

    #[inline]
    fn set_flags_of(&mut self, other: Self) {
        let kept = self.0 & (Self::PADDR_MASK | Self::KEPT.bits());
        self.0 = other.0 & !Self::PADDR_MASK | kept;
    }

    #[inline]
    fn is_writable(self) -> bool {
        self.is_page() && self.table_flags().contains(PageTableFlags::WRITABLE)
    }

    #[inline]
    fn set_copy_on_write(&mut self, _is_huge: bool) {
        self.0 = self.0 & !PageTableFlags::WRITABLE.bits() | Self::COPY_ON_WRITE.bits();
    }

    #[inline]
    fn as_new(self, _is_huge: bool) -> Self {
        let bits = self.0 & !Self::KEPT.bits();
        if bits & PageTableFlags::USER_ACCESSIBLE.bits() != 0 {
            return Self(bits);
        }
        let dirty =
            if self.is_writable() { PageTableFlags::DIRTY } else { PageTableFlags::empty() };
        Self(bits | (PageTableFlags::ACCESSED | dirty).bits())
    }

    #[inline]
    fn part(self, offset_bytes: u64, is_huge: bool) -> Self {
        let huge = PageTableFlags::HUGE_PAGE.bits();
        let rest = self.0 & !Self::PADDR_MASK & !huge;
        let paddr = self.paddr().as_u64() + offset_bytes;
        Self(rest | paddr | if is_huge { huge } else { 0 })
    }

    #[inline]
    fn is_present(self) -> bool {
        self.table_flags().contains(PageTableFlags::PRESENT)
    }

    #[inline]
    fn is_accessed(self) -> bool {
        self.table_flags().contains(PageTableFlags::ACCESSED)
    }

    #[inline]
    fn is_dirty(self) -> bool {
        self.table_flags().contains(PageTableFlags::DIRTY)
    }

    #[inline]
    fn is_settled(self) -> bool {
        let all = (PageTableFlags::PRESENT | Self::KEPT).bits();
        // The most frequent case first, by one comparison.
        if self.0 & all == all {
            return true;
        }
        // With CR0.WP set, no page without WRITABLE is written.
        let read = (PageTableFlags::PRESENT | PageTableFlags::ACCESSED).bits();
        self.0 & (read | PageTableFlags::WRITABLE.bits()) == read
            || self.0 & PageTableFlags::PRESENT.bits() == 0
    }

    #[inline]
    fn is_huge(self) -> bool {
        self.table_flags().contains(PageTableFlags::HUGE_PAGE)
    }

    #[inline]
    fn is_table(self) -> bool {
        let flags = PageTableFlags::PRESENT | PageTableFlags::HUGE_PAGE;
        self.0 & flags.bits() == PageTableFlags::PRESENT.bits()
    }

    #[inline]
    fn is_page(self) -> bool {
        self.table_flags().intersects(PageTableFlags::PRESENT | Self::NO_ACCESS)
    }

    #[inline]
    fn is_unused(self) -> bool {
        self.0 == 0
    }

    #[inline]
    fn clear(&mut self) {
        self.0 = 0;
    }
}

impl fmt::Debug for X64PTE {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(payload) = self.software() {
            return payload.fmt(f);
        }
        write!(f, "{:#x} {:?}", self.paddr(), self.table_flags())
    }
}
