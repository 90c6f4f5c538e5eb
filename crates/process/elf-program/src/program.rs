//! A program: its header, its segments, its entry point.

use alloc::vec::Vec;
use core::ops::Range;

use elf::abi::{ET_DYN, ET_EXEC};
use x86_64::VirtAddr;

use crate::error::{ElfError, ReadError};
use crate::header_table::{HeaderTable, read_file_header, read_interpreter};
use crate::mapping::Mapping;
use crate::segment::{PAGE_BYTES, Segment, UserAddresses, page_down, page_up};

/// The end of the lower half of the address space, without its last page.
const LOWER_HALF_END: u64 = (1 << 47) - PAGE_BYTES;

/// The way in which a program was linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// To fixed addresses (ET_EXEC).
    Fixed,
    /// To be loaded at any base (ET_DYN).
    PositionIndependent,
}

/// The place of a program's own headers, for the auxiliary vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramHeaders {
    /// AT_PHDR: their address in memory, or none if no segment has them. (Linux then writes
    /// the load bias, which is 0 for fixed addresses.)
    pub address: Option<VirtAddr>,
    /// AT_PHNUM: their number.
    pub count: u16,
}

/// A program that was read from an ELF file and can be mapped.
///
/// Segments ascend, have no byte in common, and are within the addresses of programs. The
/// addresses of a position-independent program are relative to its base, and must not be used
/// before [`Program::at_base`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    kind: ProgramKind,
    entry: u64,
    headers_address: Option<u64>,
    headers_count: u16,
    segments: Vec<Segment>,
    alignment: u64,
    interpreter: Option<Vec<u8>>,
    has_executable_stack: bool,
}

impl Program {
    /// Reads a program. All its addresses must be in `user`; [`Program::at_base`] checks
    /// those of a position-independent program.
    ///
    /// `read_at(offset, buffer)` reads bytes of the file from an offset into a buffer, and
    /// returns how many; 0 at the end of the file. Offset and length together are at most
    /// `i64::MAX`.
    ///
    /// PT_TLS and PT_GNU_RELRO are left to the C library, which finds them by AT_PHDR.
    ///
    /// # Errors
    ///
    /// [`ReadError::File`] if `read_at` fails, otherwise the error of the file.
    pub fn read<E>(
        user: &Range<VirtAddr>,
        mut read_at: impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    ) -> Result<Self, ReadError<E>> {
        let user = UserAddresses::from(user);
        let header = read_file_header(&mut read_at)?;
        let kind = match header.e_type {
            ET_EXEC => ProgramKind::Fixed,
            ET_DYN => ProgramKind::PositionIndependent,
            _ => return Err(ElfError::NotExecutable.into()),
        };
        // Addresses relative to a base may start at 0.
        let start = if kind == ProgramKind::Fixed { user.start } else { 0 };
        let table = HeaderTable::read(UserAddresses { start, ..user }, &header, &mut read_at)?;
        let interpreter = match table.interpreter {
            Some(header) => Some(read_interpreter(&header, &mut read_at)?),
            None => None,
        };
        if let Some(error) = table.bad_segment {
            return Err(error.into());
        }
        if table.segments.is_empty() {
            return Err(ElfError::NoSegments.into());
        }
        if header.e_entry >= user.end {
            return Err(ElfError::BadEntry.into());
        }
        Ok(Self {
            kind,
            entry: header.e_entry,
            headers_address: table.headers_address,
            headers_count: header.e_phnum,
            segments: table.segments,
            alignment: table.alignment,
            interpreter,
            has_executable_stack: table.has_executable_stack,
        })
    }

    /// Moves a position-independent program to `base`, a multiple of [`Program::alignment`].
    /// It then occupies at most [`Program::image_bytes`] from `base` on.
    ///
    /// # Errors
    ///
    /// [`ElfError::BadBase`] for a program with fixed addresses or a base that isn't such a
    /// multiple; [`ElfError::AddressTooLow`], [`ElfError::AddressTooHigh`] and
    /// [`ElfError::BadEntry`] if the program isn't in `user` then.
    pub fn at_base(mut self, base: VirtAddr, user: &Range<VirtAddr>) -> Result<Self, ElfError> {
        let user = UserAddresses::from(user);
        let base = base.as_u64();
        if self.kind == ProgramKind::Fixed || !base.is_multiple_of(self.alignment) {
            return Err(ElfError::BadBase);
        }
        let image = self.image_from_aligned();
        if base < user.start {
            return Err(ElfError::AddressTooLow);
        }
        if base > user.end || user.end - base < image.end - image.start {
            return Err(ElfError::AddressTooHigh);
        }
        // A load bias may be negative; then the sum wraps around.
        let bias = base.wrapping_sub(image.start);
        let entry = self.entry.wrapping_add(bias);
        if entry >= user.end {
            return Err(ElfError::BadEntry);
        }
        self.entry = entry;
        self.headers_address = self.headers_address.map(|address| address.wrapping_add(bias));
        for segment in &mut self.segments {
            segment.address = segment.address.wrapping_add(bias);
        }
        Ok(self)
    }

    /// Returns how the program was linked.
    pub fn kind(&self) -> ProgramKind {
        self.kind
    }

    /// Returns the address of the first instruction, which may be outside all segments.
    pub fn entry(&self) -> VirtAddr {
        VirtAddr::new_truncate(self.entry)
    }

    /// Returns where the program headers are in memory, also for a program without PT_PHDR.
    pub fn headers(&self) -> ProgramHeaders {
        let address = self.headers_address.map(VirtAddr::new_truncate);
        ProgramHeaders { address, count: self.headers_count }
    }

    /// Returns the segments that are loaded, in ascending order; at least one.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Returns the largest alignment of a segment, in bytes; at least a page.
    pub fn alignment(&self) -> u64 {
        self.alignment
    }

    /// Returns the path of the program's interpreter without its NUL, if it has one.
    pub fn interpreter(&self) -> Option<&[u8]> {
        self.interpreter.as_deref()
    }

    /// Returns whether the program requests an executable stack.
    ///
    /// A program without PT_GNU_STACK doesn't, as on Linux for x86-64
    /// (arch/x86/include/asm/elf.h).
    pub fn has_executable_stack(&self) -> bool {
        self.has_executable_stack
    }

    /// Returns the pages from the first segment's start to the last one's end. The program
    /// break starts at their end.
    pub fn image(&self) -> Range<VirtAddr> {
        let (first, last) = (&self.segments[0], &self.segments[self.segments.len() - 1]);
        VirtAddr::new_truncate(first.start_page())..VirtAddr::new_truncate(page_up(last.end()))
    }

    /// Returns how many bytes a position-independent program needs from its base on.
    pub fn image_bytes(&self) -> u64 {
        let image = self.image_from_aligned();
        image.end - image.start
    }

    /// Returns the mappings, in ascending order and without overlap.
    pub fn mappings(&self) -> impl Iterator<Item = Mapping> + '_ {
        let limits = self.segments.iter().skip(1).map(Segment::start_page);
        let limits = limits.chain(core::iter::once(u64::MAX));
        self.segments.iter().zip(limits).flat_map(|(segment, limit)| segment.mappings(limit))
    }

    /// Returns the image, its start rounded down to the alignment.
    fn image_from_aligned(&self) -> Range<u64> {
        let image = self.image();
        (image.start.as_u64() & !(self.alignment - 1))..image.end.as_u64()
    }
}

impl From<&Range<VirtAddr>> for UserAddresses {
    fn from(range: &Range<VirtAddr>) -> Self {
        let end = page_down(range.end.as_u64().min(LOWER_HALF_END));
        Self { start: range.start.as_u64(), end }
    }
}
