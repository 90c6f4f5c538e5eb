//! The memory in which other CPUs start: a page of the first MiB, and page tables that map the
//! kernel, and this page at its physical address.

use core::fmt;

use memory_map::Kind;
use x86_64::{PhysAddr, VirtAddr};

use crate::arch::smp;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose, Run};
use crate::mm::kernel::layout::{self, FRAME_BYTES, VGA_AND_ROMS};
use crate::mm::kernel::{kernel_space, ram};

/// The reason why there is no memory for the trampoline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The firmware leaves no page of the first MiB free.
    NoLowPage,
    /// No frame is left below 4 GiB.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLowPage => "the firmware leaves no page of the first MiB",
            Self::NoMemory => "no frame is left below 4 GiB",
        })
    }
}

impl core::error::Error for Error {}

const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;
const ENTRIES: u64 = 512;
const ENTRY_BYTES: u64 = 8;

/// The page and the tables. Dropping this frees the tables.
#[derive(Debug)]
pub struct Trampoline {
    page: PhysAddr,
    /// From the root, level 4, down to level 1.
    tables: [AllocatedFrames; 4],
}

// SAFETY: the page is RAM of the first MiB in the direct map, and nothing else uses it; `try_new`
// makes the tables as required.
unsafe impl smp::Page for Trampoline {
    fn address(&self) -> PhysAddr {
        self.page
    }

    fn page(&self) -> VirtAddr {
        layout::direct(self.page)
    }

    fn root(&self) -> PhysAddr {
        self.tables[0].start()
    }
}

impl Trampoline {
    /// Finds a page and makes the tables.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn try_new() -> Result<Self, Error> {
        let page = find_page().ok_or(Error::NoLowPage)?;
        let below = PhysAddr::new(1 << 32);
        let table = || {
            AllocatedFrames::try_new_run(Run { count: 1, align_frames: 1, below }, Purpose::Other)
                .ok_or(Error::NoMemory)
        };
        let trampoline = Self { page, tables: [table()?, table()?, table()?, table()?] };
        trampoline.fill();
        Ok(trampoline)
    }

    fn fill(&self) {
        for table in &self.tables {
            (0..ENTRIES).for_each(|index| write(table.start(), index, 0));
        }
        // The kernel is in the upper half.
        let kernel = kernel_space::lock().table.root_paddr();
        for index in ENTRIES / 2..ENTRIES {
            write(self.tables[0].start(), index, read(kernel, index));
        }
        // A page of the first MiB is in the first entry of each level except the last.
        for (upper, lower) in self.tables.iter().zip(&self.tables[1..]) {
            write(upper.start(), 0, lower.start().as_u64() | PRESENT | WRITABLE);
        }
        let index = self.page.as_u64() / FRAME_BYTES;
        write(self.tables[3].start(), index, self.page.as_u64() | PRESENT);
    }
}

/// Returns the highest free page of the first MiB, except page 0.
fn find_page() -> Option<PhysAddr> {
    let pages = (1..VGA_AND_ROMS.as_u64() / FRAME_BYTES).rev().map(|number| number * FRAME_BYTES);
    let is_usable = |page: &u64| {
        let mut regions = ram::map().regions().iter();
        regions.any(|region| {
            region.kind == Kind::Kernel
                && region.start <= *page
                && *page + FRAME_BYTES <= region.end
        })
    };
    let mut pages = pages.filter(is_usable);
    pages.next().map(PhysAddr::new)
}

fn entry(table: PhysAddr, index: u64) -> *mut u64 {
    (layout::direct(table) + index * ENTRY_BYTES).as_mut_ptr()
}

fn read(table: PhysAddr, index: u64) -> u64 {
    // SAFETY: it is one of the kernel's tables, which are in the direct map.
    unsafe { entry(table, index).read() }
}

fn write(table: PhysAddr, index: u64, value: u64) {
    // SAFETY: the table is this trampoline's own.
    unsafe { entry(table, index).write(value) }
}
