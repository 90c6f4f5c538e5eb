//! The size of an address space, and the number of its present pages.

use core::ops::Range;

use ::address_space::{Backing as _, PageRange, Region, Sharing, Usage};
use paging::PageSize;
use x86_64::VirtAddr;

use super::address_space::AddressSpace;
use super::backing::Backing;
use super::frame_references;
use super::mappings::Mappings;
use crate::mm::kernel::frames::{self, Purpose};

/// The numbers of present pages, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resident {
    /// Private pages without a file, and copies of a file's pages.
    pub anonymous: u64,
    /// Pages of files.
    pub file: u64,
    /// Pages of memory that is shared without a file.
    pub shared: u64,
}

impl Resident {
    /// Returns the number of pages of all kinds.
    pub fn total(self) -> u64 {
        self.anonymous + self.file + self.shared
    }

    fn plus(self, other: Self) -> Self {
        Self {
            anonymous: self.anonymous + other.anonymous,
            file: self.file + other.file,
            shared: self.shared + other.shared,
        }
    }
}

impl AddressSpace {
    /// Returns the number of pages in regions, by kind. May wait.
    pub fn usage(&self) -> Usage {
        self.mappings().regions.usage()
    }

    /// Returns the start and the end of the heap: brk(2). May wait.
    pub fn heap(&self) -> Range<VirtAddr> {
        let regions = &self.mappings().regions;
        regions.heap_start()..regions.heap_end()
    }

    /// Returns the number of present pages. May wait.
    pub fn resident(&self) -> Resident {
        let mappings = self.mappings();
        let counts = mappings.regions.iter().map(|region| mappings.resident_of(region));
        counts.fold(Resident::default(), Resident::plus)
    }

    /// Returns the number of page tables of the lowest level that map pages. May wait.
    pub fn table_pages(&self) -> u64 {
        /// The addresses of one table.
        const TABLE_BYTES: u64 = 2 << 20;
        let Mappings { regions, table } = &*self.mappings();
        let (mut last, mut count) = (None, 0);
        for region in regions.iter() {
            table.for_each_page(region.range(), |page, mapping| {
                let index = page.as_u64() / TABLE_BYTES;
                let is_in_table = mapping.size == PageSize::Size4K;
                if is_in_table && last.replace(index) != Some(index) {
                    count += 1;
                }
            });
        }
        count
    }
}

impl Mappings {
    /// Returns the number of present pages of a region.
    pub fn resident_of(&self, region: &Region<Backing>) -> Resident {
        match region.backing() {
            Backing::Object { object, .. } if object.file_number() != (0, 0) => {
                if region.sharing() == Sharing::Shared {
                    return Resident { file: self.pages(region.range()), ..Resident::default() };
                }
                let mut counts = Resident::default();
                self.table.for_each_page(region.range(), |_, mapping| {
                    let is_file = frames::use_of(mapping.paddr)
                        .is_some_and(|frame| frame.purpose == Purpose::Files);
                    match is_file {
                        true => counts.file += 1,
                        false => counts.anonymous += 1,
                    }
                });
                counts
            }
            backing if backing.is_anonymous() => {
                Resident { anonymous: self.pages(region.range()), ..Resident::default() }
            }
            Backing::Object { .. } | Backing::Anonymous => {
                Resident { shared: self.pages(region.range()), ..Resident::default() }
            }
        }
    }

    /// Returns the number of huge pages in `range`.
    pub fn huge_pages(&self, range: PageRange) -> u64 {
        let mut pages = 0;
        self.table.for_each_page(range, |_, mapping| {
            pages += u64::from(mapping.size == PageSize::Size2M);
        });
        pages
    }

    /// Returns the number of present pages in `range`.
    pub fn pages(&self, range: PageRange) -> u64 {
        let mut pages = 0;
        self.table
            .for_each_page(range, |_, mapping| pages += frame_references::count(mapping.size));
        pages
    }
}
