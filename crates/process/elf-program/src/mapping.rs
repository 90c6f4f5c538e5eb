//! The plan: mappings in whole pages.

use core::ops::Range;

use x86_64::VirtAddr;

use crate::segment::{Access, Segment, page_down, page_up};

/// A range of pages that is mapped in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The addresses: at least one page, aligned to pages.
    pub pages: Range<VirtAddr>,
    /// The access that the program has.
    pub access: Access,
    /// The contents of the pages.
    pub source: MappingSource,
}

/// The contents of the pages of a [`Mapping`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MappingSource {
    /// A private mapping of the file. The file may end before the mapping does.
    File {
        /// The offset of the first page in the file, in bytes; a multiple of the page size.
        offset: u64,
        /// The bytes from this address to the end of the mapping's last page have to be
        /// cleared, even if the program can't write them: in the file, other bytes follow the
        /// segment's.
        zero_from: Option<VirtAddr>,
    },
    /// Anonymous memory, all 0. It can be read and written whatever the segment's access is,
    /// as on Linux (fs/binfmt_elf.c, elf_load).
    Zeroes,
}

impl Segment {
    /// Returns the mappings of the segment, up to `limit`: where the next segment's pages
    /// start.
    pub(crate) fn mappings(&self, limit: u64) -> impl Iterator<Item = Mapping> + use<> {
        let start = self.start_page();
        let file_end = if self.file_bytes > 0 { page_up(self.file_end()) } else { start };
        let zero_from = (self.memory_bytes > self.file_bytes && self.file_end() < file_end)
            .then(|| VirtAddr::new_truncate(self.file_end()));
        let offset = page_down(self.file_offset);
        let file = mapping(
            start..file_end.min(limit),
            self.access,
            MappingSource::File { offset, zero_from },
        );
        let zeroes = mapping(
            file_end..page_up(self.end()).min(limit),
            Access::READ | Access::WRITE | (self.access & Access::EXECUTE),
            MappingSource::Zeroes,
        );
        file.into_iter().chain(zeroes)
    }
}

fn mapping(pages: Range<u64>, access: Access, source: MappingSource) -> Option<Mapping> {
    let is_empty = pages.is_empty();
    let pages = VirtAddr::new_truncate(pages.start)..VirtAddr::new_truncate(pages.end);
    (!is_empty).then_some(Mapping { pages, access, source })
}
