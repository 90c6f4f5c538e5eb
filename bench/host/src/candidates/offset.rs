//! The x86_64 crate's `OffsetPageTable`.

use std::fmt::Debug;

use x86_64::structures::paging::mapper::{CleanUp, MappedFrame, TranslateResult};
use x86_64::structures::paging::{
    FrameAllocator, FrameDeallocator, Mapper as X64Mapper, OffsetPageTable, Page, PageTable,
    PageTableFlags, PhysFrame, Size1GiB, Size2MiB, Size4KiB, Translate, page,
};
use x86_64::{PhysAddr, VirtAddr};

use super::{Answer, Mapper, PageSize, Region};
use crate::memory;

/// The simulated memory.
struct Frames;

// SAFETY: frames are the simulated memory's; each is allocated only once until it is
// freed.
unsafe impl FrameAllocator<Size4KiB> for Frames {
    #[inline]
    fn allocate_frame(&mut self) -> Option<PhysFrame> {
        memory::allocate().map(|frame| PhysFrame::containing_address(PhysAddr::new_truncate(frame)))
    }
}

impl FrameDeallocator<Size4KiB> for Frames {
    #[inline]
    unsafe fn deallocate_frame(&mut self, frame: PhysFrame) {
        // SAFETY: the caller doesn't use the frame any more.
        unsafe { memory::free(frame.start_address().as_u64()) }
    }
}

/// The x86_64 crate's page table.
pub struct Offset {
    root: PhysFrame,
    table: OffsetPageTable<'static>,
}

const READ_ONLY: PageTableFlags = PageTableFlags::PRESENT.union(PageTableFlags::NO_EXECUTE);
const READ_WRITE: PageTableFlags = READ_ONLY.union(PageTableFlags::WRITABLE);

impl Mapper for Offset {
    type Page = (Page, PhysFrame);
    type Address = VirtAddr;

    fn new() -> Self {
        let root = Frames.allocate_frame().expect("there is memory");
        let base = VirtAddr::new(memory::base());
        let words: *mut PageTable = (base + root.start_address().as_u64()).as_mut_ptr();
        // SAFETY: the frame was just allocated.
        unsafe { words.write(PageTable::new()) };
        // SAFETY: nothing else uses the frame, and `free_all` ends the reference before
        // it frees the frame.
        let root_table = unsafe { &mut *words };
        // SAFETY: the simulated memory starts at `base`, and the table is empty.
        let table = unsafe { OffsetPageTable::new(root_table, base) };
        Self { root, table }
    }

    fn page(vaddr: u64, paddr: u64) -> Self::Page {
        region_start(vaddr, paddr)
    }

    fn address(vaddr: u64) -> VirtAddr {
        VirtAddr::new(vaddr)
    }

    fn map_pages(&mut self, pages: &[Self::Page]) {
        for &(page, frame) in pages {
            // SAFETY: no CPU uses the table.
            let mapped = unsafe { self.table.map_to(page, frame, READ_WRITE, &mut Frames) };
            mapped.expect("it is free").ignore();
        }
    }

    fn unmap_pages(&mut self, pages: &[Self::Page]) -> u64 {
        let mut sum = 0;
        for &(page, _) in pages {
            let (frame, flush) = self.table.unmap(page).expect("it is mapped");
            flush.ignore();
            sum += frame.start_address().as_u64();
        }
        sum
    }

    #[inline]
    fn query(&self, address: VirtAddr) -> Option<Answer> {
        let TranslateResult::Mapped { frame, offset, flags } = self.table.translate(address) else {
            return None;
        };
        let size_bytes = match frame {
            MappedFrame::Size4KiB(_) => 4 << 10,
            MappedFrame::Size2MiB(_) => 2 << 20,
            MappedFrame::Size1GiB(_) => 1 << 30,
        };
        Some(Answer {
            paddr: frame.start_address().as_u64() + offset,
            size_bytes,
            is_writable: flags.contains(PageTableFlags::WRITABLE),
        })
    }

    fn map_region(&mut self, region: Region) {
        match region.page_size {
            PageSize::Size4K => map_each::<Size4KiB>(&mut self.table, region),
            PageSize::Size2M => map_each::<Size2MiB>(&mut self.table, region),
            PageSize::Size1G => map_each::<Size1GiB>(&mut self.table, region),
        }
    }

    fn protect_region(&mut self, region: Region) {
        match region.page_size {
            PageSize::Size4K => protect_each::<Size4KiB>(&mut self.table, region),
            PageSize::Size2M => protect_each::<Size2MiB>(&mut self.table, region),
            PageSize::Size1G => protect_each::<Size1GiB>(&mut self.table, region),
        }
    }

    fn unmap_region(&mut self, region: Region) {
        match region.page_size {
            PageSize::Size4K => unmap_each::<Size4KiB>(&mut self.table, region),
            PageSize::Size2M => unmap_each::<Size2MiB>(&mut self.table, region),
            PageSize::Size1G => unmap_each::<Size1GiB>(&mut self.table, region),
        }
    }

    fn free_all(self) {
        let Self { root, mut table } = self;
        // SAFETY: no CPU uses the tables.
        unsafe { table.clean_up(&mut Frames) };
        // SAFETY: the reference to the root is not used after the line above.
        unsafe { Frames.deallocate_frame(root) };
    }
}

/// Returns the first page of a region and its frame.
fn region_start<S: page::PageSize>(vaddr: u64, paddr: u64) -> (Page<S>, PhysFrame<S>) {
    let page = Page::from_start_address(VirtAddr::new(vaddr)).expect("it is aligned");
    let frame = PhysFrame::from_start_address(PhysAddr::new(paddr)).expect("it is aligned");
    (page, frame)
}

/// Returns the pages of a region and their frames.
fn region_pages<S: page::PageSize>(
    region: Region,
) -> impl Iterator<Item = (Page<S>, PhysFrame<S>)> {
    let (page, frame) = region_start(region.start, region.paddr);
    let count = region.len_bytes / S::SIZE;
    Page::range(page, page + count).zip(PhysFrame::range(frame, frame + count))
}

fn map_each<S>(table: &mut impl X64Mapper<S>, region: Region)
where
    S: page::PageSize + Debug,
{
    for (page, frame) in region_pages::<S>(region) {
        // SAFETY: no CPU uses the table.
        let mapped = unsafe { table.map_to(page, frame, READ_WRITE, &mut Frames) };
        mapped.expect("it is free").ignore();
    }
}

fn protect_each<S: page::PageSize>(table: &mut impl X64Mapper<S>, region: Region) {
    for (page, _) in region_pages::<S>(region) {
        // SAFETY: no CPU uses the table.
        let changed = unsafe { table.update_flags(page, READ_ONLY) };
        changed.expect("it is mapped").ignore();
    }
}

fn unmap_each<S: page::PageSize>(table: &mut impl X64Mapper<S>, region: Region) {
    for (page, _) in region_pages::<S>(region) {
        let (_, flush) = table.unmap(page).expect("it is mapped");
        flush.ignore();
    }
}
