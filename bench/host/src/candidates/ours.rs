//! The project's own page table.

use paging::{Capabilities, FlushScope, HugePages, MappingFlags, PagingHandler, X64PageTable};
use x86_64::{PhysAddr, VirtAddr};

use super::{Answer, Mapper, PageSize, Region};
use crate::memory;

/// The simulated machine.
struct Host;

// SAFETY: frames are the simulated memory's; each is allocated only once until it is
// freed. No CPU uses the tables, so no TLB has to be flushed.
unsafe impl PagingHandler for Host {
    #[inline]
    fn alloc_frame(&self) -> Option<PhysAddr> {
        memory::allocate().map(PhysAddr::new_truncate)
    }

    #[inline]
    fn dealloc_frame(&self, frame: PhysAddr) {
        // SAFETY: the page table frees a frame that it has allocated and doesn't use any
        // more.
        unsafe { memory::free(frame.as_u64()) }
    }

    #[inline]
    fn phys_to_virt(&self, frame: PhysAddr) -> VirtAddr {
        // SAFETY: a program's memory is in the lower half, so the address is canonical.
        unsafe { VirtAddr::new_unsafe(memory::base() + frame.as_u64()) }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { has_1gib_pages: true, has_no_execute: true, has_write_combining: true }
    }

    #[inline]
    fn flush(&self, scope: FlushScope) {
        scope.flush_by(|_| memory::count_flush());
    }
}

/// The project's own page table.
pub struct Ours(X64PageTable<Host>);

const READ_WRITE: MappingFlags = MappingFlags::READ.union(MappingFlags::WRITE);

impl Mapper for Ours {
    type Page = (VirtAddr, PhysAddr);
    type Address = VirtAddr;

    fn new() -> Self {
        Self(X64PageTable::try_new(Host).expect("there is memory"))
    }

    fn page(vaddr: u64, paddr: u64) -> Self::Page {
        (VirtAddr::new(vaddr), PhysAddr::new(paddr))
    }

    fn address(vaddr: u64) -> VirtAddr {
        VirtAddr::new(vaddr)
    }

    fn map_pages(&mut self, pages: &[Self::Page]) {
        for &(page, frame) in pages {
            self.0.map(page, frame, paging::PageSize::Size4K, READ_WRITE).expect("it is free");
        }
    }

    fn unmap_pages(&mut self, pages: &[Self::Page]) -> u64 {
        let mut sum = 0;
        for &(page, _) in pages {
            let (leaf, flush) = self.0.unmap(page).expect("it is mapped");
            flush.flush();
            sum += leaf.mapping().expect("it is a page").paddr.as_u64();
        }
        sum
    }

    #[inline]
    fn query(&self, address: VirtAddr) -> Option<Answer> {
        let mapping = self.0.query(address).ok()?;
        Some(Answer {
            paddr: mapping.paddr.as_u64(),
            size_bytes: mapping.size.bytes(),
            is_writable: mapping.flags.contains(MappingFlags::WRITE),
        })
    }

    fn map_region(&mut self, region: Region) {
        let (start, paddr) = Self::page(region.start, region.paddr);
        let huge_pages = match region.page_size {
            PageSize::Size4K => HugePages::Forbidden,
            PageSize::Size2M | PageSize::Size1G => HugePages::Allowed,
        };
        self.0
            .map_region(start, paddr, region.len_bytes, READ_WRITE, huge_pages)
            .expect("it is free");
    }

    fn protect_region(&mut self, region: Region) {
        let start = Self::address(region.start);
        let flush = self.0.protect_region(start, region.len_bytes, MappingFlags::READ);
        flush.expect("nothing is split").flush();
    }

    fn unmap_region(&mut self, region: Region) {
        let flush = self.0.unmap_region(Self::address(region.start), region.len_bytes);
        flush.expect("nothing is split").flush();
    }

    fn free_all(self) {
        drop(self.0);
    }
}
