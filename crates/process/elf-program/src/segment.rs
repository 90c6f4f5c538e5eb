//! One segment of a program: a range of memory, and its contents.

use bitflags::bitflags;
use elf::abi::{PF_R, PF_W, PF_X};
use elf::segment::ProgramHeader;
use x86_64::VirtAddr;

use crate::error::ElfError;

/// The size of a page, in bytes.
pub const PAGE_BYTES: u64 = 4096;

/// The largest alignment of a segment, in bytes: the largest page of the CPU.
pub const ALIGNMENT_MAX: u64 = 1 << 30;

/// The largest offset in a file, as for Linux's `loff_t`.
pub(crate) const FILE_OFFSET_MAX: u64 = i64::MAX as u64;

bitflags! {
    /// The access of a program to a part of its memory.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Access: u8 {
        /// It may be read.
        const READ = 1;
        /// It may be written.
        const WRITE = 2;
        /// It may be executed.
        const EXECUTE = 4;
    }
}

impl Access {
    fn from_flags(flags: u32) -> Self {
        [(PF_R, Self::READ), (PF_W, Self::WRITE), (PF_X, Self::EXECUTE)]
            .into_iter()
            .filter(|(flag, _)| flags & flag != 0)
            .fold(Self::empty(), |access, (_, each)| access | each)
    }
}

/// Returns the address, rounded down to a page's start.
pub(crate) fn page_down(address: u64) -> u64 {
    address & !(PAGE_BYTES - 1)
}

/// Returns the address, at most 2^47, rounded up to a page's start.
pub(crate) fn page_up(address: u64) -> u64 {
    page_down(address + (PAGE_BYTES - 1))
}

/// The addresses that programs may use, as plain numbers: whole pages of the lower half.
#[derive(Clone, Copy)]
pub(crate) struct UserAddresses {
    pub start: u64,
    pub end: u64,
}

/// A segment that is loaded (PT_LOAD). It has at least one byte of memory, and ends below
/// the end of the addresses of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub(crate) address: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) file_offset: u64,
    pub(crate) file_bytes: u64,
    pub(crate) access: Access,
}

impl Segment {
    /// Checks a program header of the type PT_LOAD. Returns `None` if the segment has no
    /// memory.
    pub(crate) fn read(
        header: &ProgramHeader,
        user: UserAddresses,
    ) -> Result<Option<Self>, ElfError> {
        if header.p_filesz > header.p_memsz {
            return Err(ElfError::FileLargerThanMemory);
        }
        // 0 and 1 mean that no alignment is needed.
        if header.p_align > ALIGNMENT_MAX
            || header.p_align != 0 && !header.p_align.is_power_of_two()
        {
            return Err(ElfError::BadAlignment);
        }
        let end = header.p_vaddr.checked_add(header.p_memsz);
        if header.p_vaddr >= user.end || end.is_none_or(|end| end > user.end) {
            return Err(ElfError::AddressTooHigh);
        }
        if header.p_memsz == 0 {
            return Ok(None);
        }
        // The offset is meaningless without bytes in the file.
        if header.p_filesz > 0 {
            if header.p_offset % PAGE_BYTES != header.p_vaddr % PAGE_BYTES {
                return Err(ElfError::NotCongruent);
            }
            // Pages of the file are mapped as a whole.
            let last = header.p_offset.checked_add(header.p_filesz + PAGE_BYTES);
            if last.is_none_or(|last| last > FILE_OFFSET_MAX) {
                return Err(ElfError::BadFileRange);
            }
        }
        Ok(Some(Self {
            address: header.p_vaddr,
            memory_bytes: header.p_memsz,
            file_offset: header.p_offset,
            file_bytes: header.p_filesz,
            access: Access::from_flags(header.p_flags),
        }))
    }

    /// Checks that the segment may follow `previous`.
    ///
    /// Both may be in one page if one page of the file has the bytes of both, as in programs
    /// linked without alignment. As on Linux, the page then belongs to the later segment.
    pub(crate) fn check_after(&self, previous: &Self) -> Result<(), ElfError> {
        if self.address < previous.address {
            return Err(ElfError::NotAscending);
        }
        if self.address < previous.end() {
            return Err(ElfError::Overlap);
        }
        let is_page_shared = self.start_page() < page_up(previous.end());
        let has_page_both = previous.file_bytes == previous.memory_bytes
            && self.file_bytes > 0
            && self.file_distance() == previous.file_distance();
        if is_page_shared && !has_page_both { Err(ElfError::Overlap) } else { Ok(()) }
    }

    /// Returns how far the bytes in the file are from those in memory.
    fn file_distance(&self) -> u64 {
        self.file_offset.wrapping_sub(self.address)
    }

    /// Returns the address after the last byte of the file.
    pub(crate) fn file_end(&self) -> u64 {
        self.address + self.file_bytes
    }

    pub(crate) fn end(&self) -> u64 {
        self.address + self.memory_bytes
    }

    pub(crate) fn start_page(&self) -> u64 {
        page_down(self.address)
    }

    /// Returns the first address.
    pub fn address(&self) -> VirtAddr {
        VirtAddr::new_truncate(self.address)
    }

    /// Returns the size in memory, in bytes; at least 1.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Returns where the segment's bytes start in the file; meaningless for a segment
    /// without any.
    pub fn file_offset(&self) -> u64 {
        self.file_offset
    }

    /// Returns how many bytes of the file the segment starts with; those after them are 0.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// Returns the access of the program to the segment.
    pub fn access(&self) -> Access {
        self.access
    }
}
