//! Huge pages: 2 MiB of private anonymous memory, allocated at once and mapped by one entry of the
//! page table.
//!
//! A page fault allocates a huge page if a whole aligned block lies in a region and nothing is
//! mapped in it yet; if no block of frames is free, it allocates a small page. A huge page needs
//! one page fault instead of 512, and a shorter walk, so programs with much memory run faster;
//! programs that use little of each block take more memory than they need. So machines with little
//! memory use no huge pages, and they can be turned off: for all programs by the command line, for
//! a region by madvise(2).
//!
//! A huge page lies in one region: before a region is split, its huge pages are split.
//!
//! Source: Linux, Documentation/admin-guide/mm/transhuge.rst.

use core::sync::atomic::{AtomicU8, Ordering};

use ::address_space::{Region, RegionFlags};
use x86_64::{PhysAddr, VirtAddr};

use super::backing::Backing;
use super::page_table::{HUGE_PAGE_BYTES, PAGE_BYTES};
use crate::mm::kernel::frames::{self, AllocatedFrames, Purpose, Run};

/// The private anonymous memory of programs that may have huge pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum HugePages {
    /// All regions, except those with MADV_NOHUGEPAGE.
    Always,
    /// Only regions with MADV_HUGEPAGE.
    Madvise,
    /// No region.
    Never,
}

/// The regions that may have huge pages: a [`HugePages`] as its number.
static WHICH: AtomicU8 = AtomicU8::new(HugePages::Never as u8);

/// Sets the regions that may have huge pages. The default is all if there are at least 512 MiB of
/// memory, otherwise none, as on Linux (mm/huge_memory.c, `hugepage_init`).
pub fn start(which: Option<HugePages>) {
    const MEMORY_MIN_BYTES: u64 = 512 << 20;
    let which = which.unwrap_or_else(|| {
        let has_much = frames::managed() as u64 * PAGE_BYTES >= MEMORY_MIN_BYTES;
        if has_much { HugePages::Always } else { HugePages::Never }
    });
    WHICH.store(which as u8, Ordering::Relaxed);
}

/// Returns the start of the block of the size of a huge page that has `page`, if the whole block is
/// in `region` and may become a huge page.
pub(super) fn block_of(region: &Region<Backing>, page: VirtAddr) -> Option<VirtAddr> {
    let range = region.range();
    let start = page.align_down(HUGE_PAGE_BYTES);
    if start < range.start() || range.end() - start < HUGE_PAGE_BYTES {
        return None;
    }
    let flags = region.flags();
    let is_wanted = match WHICH.load(Ordering::Relaxed) {
        which if which == HugePages::Always as u8 => !flags.contains(RegionFlags::NO_HUGE_PAGE),
        which if which == HugePages::Madvise as u8 => flags.contains(RegionFlags::HUGE_PAGE),
        _ => false,
    };
    // A stack grows by small pages.
    let is_fit = region.is_private_anonymous() && !flags.contains(RegionFlags::GROWS_DOWN);
    (is_wanted && is_fit).then_some(start)
}

/// Takes the frames of a huge page, whose bytes are 0; `None` if no block is free.
pub(super) fn try_new_frames() -> Option<AllocatedFrames> {
    let count = (HUGE_PAGE_BYTES / PAGE_BYTES) as usize;
    let run = Run { count, align_frames: count, below: PhysAddr::new_truncate(u64::MAX) };
    let frames = AllocatedFrames::try_new_spare_run(run, Purpose::User)?;
    frames.zero();
    Some(frames)
}

#[cfg(test)]
mod tests {
    use alloc::sync::Arc;

    use ::address_space::{Access, Attributes, Limits, Overlap, PageRange, Sharing};

    use super::*;
    use crate::mm::debug::audit::programs;
    use crate::mm::user::address_space::AddressSpace;

    const START: u64 = 0x4000_0000;
    const BLOCKS: u64 = 3;
    const READ_WRITE: Access = Access::READ.union(Access::WRITE);

    /// Returns an address space with some blocks, and a page on each side of them.
    fn new_space(flags: RegionFlags) -> Arc<AddressSpace> {
        start(Some(HugePages::Always));
        let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
        let len_bytes = BLOCKS * HUGE_PAGE_BYTES + 2 * PAGE_BYTES;
        let range = PageRange::try_new(START - PAGE_BYTES, len_bytes).expect("it is a range");
        let attributes = Attributes { access: READ_WRITE, sharing: Sharing::Private, flags };
        let region = Region::new(range, attributes, Backing::Anonymous);
        space.map_region(region, Overlap::Refused, &Limits::UNLIMITED).expect("there is memory");
        space
    }

    fn page(number: u64) -> VirtAddr {
        VirtAddr::new(START + number * PAGE_BYTES)
    }

    fn write(space: &AddressSpace, number: u64) {
        space.serve_fault(page(number), Access::WRITE, 0).expect("there is memory");
    }

    /// Returns the number of present pages, and of huge pages.
    fn counts(space: &AddressSpace) -> (u64, u64) {
        let mappings = space.mappings();
        let pages = (mappings.pages(PageRange::ALL), mappings.huge_pages(PageRange::ALL));
        assert_eq!(mappings.table.pages(), pages.0);
        pages
    }

    fn expect_clean(spaces: &[&Arc<AddressSpace>]) {
        let spaces: alloc::vec::Vec<_> = spaces.iter().map(|&space| space.clone()).collect();
        programs::run(&spaces).expect("there is memory").expect_clean();
    }

    #[test_case]
    fn whole_blocks_come_at_once() {
        let space = new_space(RegionFlags::empty());
        space.serve_fault(VirtAddr::new(START - PAGE_BYTES), Access::READ, 0).expect("it is there");
        assert_eq!(counts(&space), (1, 0));
        write(&space, 5);
        write(&space, 511);
        assert_eq!(counts(&space), (513, 1));
        write(&space, BLOCKS * 512);
        assert_eq!(counts(&space), (514, 1));
        expect_clean(&[&space]);
        let small = new_space(RegionFlags::NO_HUGE_PAGE);
        write(&small, 5);
        assert_eq!(counts(&small), (1, 0));
        expect_clean(&[&space, &small]);
    }

    #[test_case]
    fn parts_of_a_huge_page_are_unmapped_and_protected() {
        let space = new_space(RegionFlags::empty());
        for block in 0..BLOCKS {
            write(&space, block * 512);
        }
        let range = |first, pages| {
            PageRange::try_new(page(first).as_u64(), pages * PAGE_BYTES).expect("it is a range")
        };
        space.unmap_region(range(500, 24), &Limits::UNLIMITED).expect("there is memory");
        assert_eq!(counts(&space), (BLOCKS * 512 - 24, 1));
        space
            .protect_region(range(1024, 1), Access::READ, &Limits::UNLIMITED)
            .expect("it is there");
        assert_eq!(counts(&space), (BLOCKS * 512 - 24, 0));
        let is_writable = |number| {
            let mapping = space.query(page(number)).expect("it is mapped");
            mapping.flags.contains(paging::MappingFlags::WRITE)
        };
        assert!(!is_writable(1024) && is_writable(1025));
        expect_clean(&[&space]);
    }

    #[test_case]
    fn child_shares_a_huge_page_until_one_writes() {
        let space = new_space(RegionFlags::empty());
        write(&space, 0);
        write(&space, 512);
        let child = Arc::new(space.try_fork().expect("there is memory"));
        assert_eq!((counts(&space), counts(&child)), ((1024, 2), (1024, 2)));
        write(&child, 7);
        assert_eq!((counts(&space), counts(&child)), ((1024, 2), (1024, 1)));
        assert_ne!(space.query(page(7)), child.query(page(7)));
        assert_eq!(
            space.query(page(8)).map(|it| it.paddr),
            child.query(page(8)).map(|it| it.paddr)
        );
        expect_clean(&[&space, &child]);
        drop(child);
        // The page has no other owner any more, so it isn't split.
        write(&space, 512);
        write(&space, 7);
        assert_eq!(counts(&space), (1024, 2));
        expect_clean(&[&space]);
    }
}
