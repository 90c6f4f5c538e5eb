//! Entries of page tables, for any format.

use core::fmt;

use x86_64::PhysAddr;

use crate::{MappingFlags, SoftwarePayload};

/// An entry of a page table, as a value.
///
/// In a table an entry is a word of 64 bits. There are four kinds:
///
/// | kind | the CPU | made by |
/// | --- | --- | --- |
/// | unused | faults | zero |
/// | table | walks on in that table | [`new_table`](Self::new_table) |
/// | page | uses it, unless it has [`MappingFlags::NO_ACCESS`] | [`new_page`](Self::new_page) |
/// | software | faults | [`new_software`](Self::new_software) |
///
/// # Safety
/// [`new_table`](Self::new_table) makes an entry that [is a table](Self::is_table), and no
/// other function does. Its [`paddr`](Self::paddr) is the one it was made with, also after
/// [`set_used`](Self::set_used), [`bits`](Self::bits) and [`from_bits`](Self::from_bits).
/// The page table follows these addresses.
#[expect(unsafe_code, reason = "tables are reached through entries")]
pub unsafe trait GenericPTE: Copy + fmt::Debug {
    /// Makes the entry of a page, `is_huge` if it is larger than the smallest.
    /// No flags at all make an unused entry.
    fn new_page(paddr: PhysAddr, flags: MappingFlags, is_huge: bool) -> Self;
    /// Makes the entry that points to a table; only the leaf restricts access.
    fn new_table(paddr: PhysAddr) -> Self;
    /// Makes a software entry: not present, in a table of the lowest level.
    fn new_software(payload: SoftwarePayload) -> Self;
    /// Returns the payload, if this is a software entry.
    fn software(self) -> Option<SoftwarePayload>;
    /// Makes the entry from its word.
    fn from_bits(bits: u64) -> Self;
    /// Returns the entry as its word.
    fn bits(self) -> u64;
    /// Returns the number of entries of the table that are in use, as last set; initially
    /// 0.
    fn used(self) -> usize;
    /// Stores the number of entries, at most 512, of the table that are in use.
    fn set_used(&mut self, used: usize);
    /// Returns the physical address of the page or table.
    fn paddr(self) -> PhysAddr;
    /// Returns the flags of the mapping.
    fn flags(self) -> MappingFlags;
    /// Changes only the physical address.
    fn set_paddr(&mut self, paddr: PhysAddr);
    /// Copies the flags of the page `other`. ACCESSED and DIRTY become set if they are set
    /// in either entry.
    fn set_flags_of(&mut self, other: Self);
    /// Returns whether this is a page that can be written.
    #[inline]
    fn is_writable(self) -> bool {
        self.flags().contains(MappingFlags::WRITE)
    }
    /// Removes WRITE from a page, and adds COPY_ON_WRITE. ACCESSED and DIRTY stay.
    #[inline]
    fn set_copy_on_write(&mut self, is_huge: bool) {
        let flags = (self.flags() - MappingFlags::WRITE) | MappingFlags::COPY_ON_WRITE;
        self.set_flags_of(Self::new_page(self.paddr(), flags, is_huge));
    }
    /// Returns the entry of a new page with the frame and the flags of this page: ACCESSED and
    /// DIRTY are as [`new_page`](Self::new_page) sets them.
    #[inline]
    fn as_new(self, is_huge: bool) -> Self {
        Self::new_page(self.paddr(), self.flags(), is_huge)
    }
    /// Returns the entry of the part of this page that is `offset_bytes` after its start.
    fn part(self, offset_bytes: u64, is_huge: bool) -> Self;
    /// Returns whether the CPU uses the entry.
    fn is_present(self) -> bool;
    /// Returns whether ACCESSED is set.
    fn is_accessed(self) -> bool;
    /// Returns whether DIRTY is set.
    fn is_dirty(self) -> bool;
    /// Returns whether the CPU sets no more bits in the entry: it isn't present, or
    /// ACCESSED is set and, if the page can be written, DIRTY.
    fn is_settled(self) -> bool;
    /// Returns whether this is a page larger than the smallest; only called for entries
    /// above the lowest level.
    fn is_huge(self) -> bool;
    /// Returns whether this points to a table; only called for entries above the lowest
    /// level.
    #[inline]
    fn is_table(self) -> bool {
        self.is_present() && !self.is_huge()
    }
    /// Returns whether this is a page; not called for an entry that points to a table.
    #[inline]
    fn is_page(self) -> bool {
        !self.is_unused() && self.software().is_none()
    }
    /// Returns whether the entry is unused.
    fn is_unused(self) -> bool;
    /// Makes the entry unused.
    fn clear(&mut self);
}
