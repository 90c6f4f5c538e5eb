//! The file's header and its program headers, read a few at a time.

use alloc::vec::Vec;

use elf::abi::{ELFMAGIC, EM_X86_64, PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD};
use elf::endian::LittleEndian;
use elf::file::{Class, ELF64_EHDR_TAILSIZE, FileHeader};
use elf::parse::ParseAt;
use elf::segment::ProgramHeader;

use crate::error::{ElfError, ReadError};
use crate::segment::{FILE_OFFSET_MAX, PAGE_BYTES, Segment, UserAddresses};

/// The size of a program header, in bytes: AT_PHENT.
pub const PROGRAM_HEADER_BYTES: u64 = 56;

/// The most bytes of all program headers together, as on Linux (load_elf_phdrs).
const PROGRAM_HEADERS_BYTES_MAX: u64 = 65_536;

/// The most bytes of the interpreter's path with its NUL: Linux's PATH_MAX.
const PATH_BYTES_MAX: u64 = 4096;

/// The bytes before the fields that depend on the class.
const IDENTIFICATION_BYTES: usize = 16;

/// The values from the program headers.
pub(crate) struct HeaderTable {
    user: UserAddresses,
    headers_offset: u64,
    pub segments: Vec<Segment>,
    /// The first error in a segment. Errors of the interpreter's path come before it.
    pub bad_segment: Option<ElfError>,
    pub alignment: u64,
    pub headers_address: Option<u64>,
    pub interpreter: Option<ProgramHeader>,
    pub has_executable_stack: bool,
}

impl HeaderTable {
    /// Reads all program headers, a few at a time.
    pub fn read<E>(
        user: UserAddresses,
        header: &FileHeader<LittleEndian>,
        read_at: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    ) -> Result<Self, ReadError<E>> {
        let bytes = u64::from(header.e_phnum) * PROGRAM_HEADER_BYTES;
        if u64::from(header.e_phentsize) != PROGRAM_HEADER_BYTES
            || bytes == 0
            || bytes > PROGRAM_HEADERS_BYTES_MAX
        {
            return Err(ElfError::BadProgramHeaders.into());
        }
        let end = header.e_phoff.checked_add(bytes).filter(|end| *end <= FILE_OFFSET_MAX);
        let end = end.ok_or(ElfError::ProgramHeadersOutsideFile)?;
        let mut table = Self {
            user,
            headers_offset: header.e_phoff,
            segments: Vec::new(),
            bad_segment: None,
            alignment: PAGE_BYTES,
            headers_address: None,
            interpreter: None,
            has_executable_stack: false,
        };
        let mut chunk = [0; 16 * PROGRAM_HEADER_BYTES as usize];
        let mut offset = header.e_phoff;
        while offset < end {
            let len_bytes = chunk.len().min((end - offset) as usize);
            let chunk = &mut chunk[..len_bytes];
            if fill(read_at, offset, chunk)? < len_bytes {
                return Err(ElfError::ProgramHeadersOutsideFile.into());
            }
            let mut position = 0;
            while position < len_bytes {
                let header =
                    ProgramHeader::parse_at(LittleEndian, Class::ELF64, &mut position, chunk)
                        .expect("the chunk has whole headers");
                table.add(&header)?;
            }
            offset += len_bytes as u64;
        }
        Ok(table)
    }

    fn add(&mut self, header: &ProgramHeader) -> Result<(), ElfError> {
        match header.p_type {
            PT_LOAD => {
                if self.bad_segment.is_none() {
                    match self.add_segment(header) {
                        Err(error @ ElfError::OutOfMemory) => return Err(error),
                        result => self.bad_segment = result.err(),
                    }
                }
            }
            // As on Linux, the first PT_INTERP and the last PT_GNU_STACK are used.
            PT_INTERP => self.interpreter = self.interpreter.or(Some(*header)),
            PT_GNU_STACK => self.has_executable_stack = header.p_flags & PF_X != 0,
            _ => {}
        }
        Ok(())
    }

    fn add_segment(&mut self, header: &ProgramHeader) -> Result<(), ElfError> {
        let Some(segment) = Segment::read(header, self.user)? else { return Ok(()) };
        match self.segments.last() {
            Some(previous) => segment.check_after(previous)?,
            None if segment.start_page() < self.user.start => {
                return Err(ElfError::AddressTooLow);
            }
            None => {}
        }
        self.alignment = self.alignment.max(header.p_align);
        // Several segments may contain the program headers; as on Linux, the last one is
        // used.
        let distance = self.headers_offset.checked_sub(segment.file_offset);
        if let Some(distance) = distance.filter(|distance| *distance < segment.file_bytes) {
            self.headers_address = Some(segment.address + distance);
        }
        self.segments.try_reserve(1).map_err(|_| ElfError::OutOfMemory)?;
        self.segments.push(segment);
        Ok(())
    }
}

/// Reads the file's header. As on Linux, of its first fields only the magic number, the type
/// and the machine are checked: not class, byte order and version.
pub(crate) fn read_file_header<E>(
    read_at: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
) -> Result<FileHeader<LittleEndian>, ReadError<E>> {
    // A shorter file is read as if zeroes followed it.
    let mut bytes = [0; IDENTIFICATION_BYTES + ELF64_EHDR_TAILSIZE];
    fill(read_at, 0, &mut bytes)?;
    if !bytes.starts_with(&ELFMAGIC) {
        return Err(ElfError::NotElf.into());
    }
    let identification = (LittleEndian, Class::ELF64, 0, 0);
    let header = FileHeader::parse_tail(identification, &bytes[IDENTIFICATION_BYTES..])
        .expect("the buffer has the size of a header");
    if header.e_machine != EM_X86_64 {
        return Err(ElfError::WrongMachine.into());
    }
    Ok(header)
}

/// Reads the path that PT_INTERP names, up to its first NUL.
pub(crate) fn read_interpreter<E>(
    header: &ProgramHeader,
    read_at: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
) -> Result<Vec<u8>, ReadError<E>> {
    if !(2..=PATH_BYTES_MAX).contains(&header.p_filesz) {
        return Err(ElfError::BadInterpreter.into());
    }
    if header.p_offset > FILE_OFFSET_MAX - header.p_filesz {
        return Err(ElfError::InterpreterOutsideFile.into());
    }
    let len_bytes = header.p_filesz as usize;
    let mut path = Vec::new();
    path.try_reserve_exact(len_bytes).map_err(|_| ElfError::OutOfMemory)?;
    path.resize(len_bytes, 0);
    if fill(read_at, header.p_offset, &mut path)? < len_bytes {
        return Err(ElfError::InterpreterOutsideFile.into());
    }
    if path.last() != Some(&0) {
        return Err(ElfError::BadInterpreter.into());
    }
    let end = path.iter().position(|byte| *byte == 0).unwrap_or(len_bytes);
    path.truncate(end);
    Ok(path)
}

/// Reads until the buffer is full or the file ends. Returns how many bytes were read.
fn fill<E>(
    read_at: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    offset: u64,
    buffer: &mut [u8],
) -> Result<usize, ReadError<E>> {
    let mut filled = 0;
    while filled < buffer.len() {
        let rest = &mut buffer[filled..];
        let len_bytes = read_at(offset + filled as u64, rest).map_err(ReadError::File)?;
        if len_bytes == 0 {
            break;
        }
        filled += len_bytes.min(buffer.len() - filled);
    }
    Ok(filled)
}
