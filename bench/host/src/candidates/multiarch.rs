//! The page table of page_table_multiarch.

use memory_addr::{PhysAddr, VirtAddr};
use page_table_entry::x86_64::X64PTE;
use page_table_multiarch::{MappingFlags, PageTable64, PagingHandler, PagingMetaData};

use super::{Answer, Mapper, PageSize, Region};
use crate::memory;

/// x86_64 without a TLB.
struct MetaData;

impl PagingMetaData for MetaData {
    const LEVELS: usize = 4;
    const PA_MAX_BITS: usize = 52;
    const VA_MAX_BITS: usize = 48;

    type VirtAddr = VirtAddr;

    #[inline]
    fn flush_tlb(_: Option<VirtAddr>) {
        memory::count_flush();
    }
}

/// The simulated machine.
struct Host;

impl PagingHandler for Host {
    #[inline]
    fn alloc_frame() -> Option<PhysAddr> {
        memory::allocate().map(|frame| PhysAddr::from_usize(frame as usize))
    }

    fn alloc_frames(_: usize, _: usize) -> Option<PhysAddr> {
        unreachable!("tables on x86_64 have one frame")
    }

    #[inline]
    fn dealloc_frame(paddr: PhysAddr) {
        // SAFETY: the page table frees a frame that it has allocated and doesn't use any
        // more.
        unsafe { memory::free(paddr.as_usize() as u64) }
    }

    fn dealloc_frames(_: PhysAddr, _: usize) {
        unreachable!("tables on x86_64 have one frame")
    }

    #[inline]
    fn phys_to_virt(paddr: PhysAddr) -> VirtAddr {
        VirtAddr::from_usize(memory::base() as usize + paddr.as_usize())
    }
}

/// The page table of page_table_multiarch.
pub struct Multiarch(PageTable64<MetaData, X64PTE, Host>);

const READ_WRITE: MappingFlags = MappingFlags::READ.union(MappingFlags::WRITE);

impl Mapper for Multiarch {
    type Page = (VirtAddr, PhysAddr);
    type Address = VirtAddr;

    fn new() -> Self {
        Self(PageTable64::try_new().expect("there is memory"))
    }

    fn page(vaddr: u64, paddr: u64) -> Self::Page {
        (Self::address(vaddr), PhysAddr::from_usize(paddr as usize))
    }

    fn address(vaddr: u64) -> VirtAddr {
        VirtAddr::from_usize(vaddr as usize)
    }

    fn map_pages(&mut self, pages: &[Self::Page]) {
        let mut cursor = self.0.cursor();
        for &(page, frame) in pages {
            let size = page_table_multiarch::PageSize::Size4K;
            cursor.map(page, frame, size, READ_WRITE).expect("it is free");
        }
    }

    fn unmap_pages(&mut self, pages: &[Self::Page]) -> u64 {
        let mut cursor = self.0.cursor();
        let mut sum = 0;
        for &(page, _) in pages {
            let (frame, _, _) = cursor.unmap(page).expect("it is mapped");
            sum += frame.as_usize() as u64;
        }
        sum
    }

    #[inline]
    fn query(&self, address: VirtAddr) -> Option<Answer> {
        let (paddr, flags, size) = self.0.query(address).ok()?;
        Some(Answer {
            paddr: paddr.as_usize() as u64,
            size_bytes: size as u64,
            is_writable: flags.contains(MappingFlags::WRITE),
        })
    }

    fn map_region(&mut self, region: Region) {
        let (start, paddr) = Self::page(region.start, region.paddr);
        let frame = |vaddr: VirtAddr| paddr + (vaddr - start);
        let len_bytes = region.len_bytes as usize;
        let allow_huge = region.page_size != PageSize::Size4K;
        let mut cursor = self.0.cursor();
        cursor.map_region(start, frame, len_bytes, READ_WRITE, allow_huge).expect("it is free");
    }

    fn protect_region(&mut self, region: Region) {
        let start = Self::address(region.start);
        let mut cursor = self.0.cursor();
        cursor
            .protect_region(start, region.len_bytes as usize, MappingFlags::READ)
            .expect("it is mapped");
    }

    fn unmap_region(&mut self, region: Region) {
        let start = Self::address(region.start);
        let mut cursor = self.0.cursor();
        cursor.unmap_region(start, region.len_bytes as usize).expect("it is mapped");
    }

    fn free_all(self) {
        drop(self.0);
    }
}
