//! The errors of ELF files.

use core::fmt;

/// Why an ELF file can't be started.
///
/// Each variant names the error of Linux (fs/binfmt_elf.c). Linux detects a defect of a
/// segment only after it has dropped the old program, and then ends the process by SIGSEGV;
/// here `execve` detects it before, and fails with that error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfError {
    /// The file doesn't start with the magic number. ENOEXEC.
    NotElf,
    /// The type is neither ET_EXEC nor ET_DYN. ENOEXEC.
    NotExecutable,
    /// The file is for another machine than x86-64. ENOEXEC.
    WrongMachine,
    /// There is no program header, they have more than 64 KiB, or their size isn't that of
    /// an ELF64 program header. ENOEXEC.
    BadProgramHeaders,
    /// The file ends before the end of its program headers. ENOEXEC.
    ProgramHeadersOutsideFile,
    /// The interpreter's path has fewer than 2 bytes or more than 4,096, or doesn't end with
    /// a NUL. ENOEXEC.
    BadInterpreter,
    /// The file ends before the end of the interpreter's path. EIO.
    InterpreterOutsideFile,
    /// There is no segment to load. EINVAL.
    NoSegments,
    /// A segment has more bytes in the file than in memory. EINVAL.
    FileLargerThanMemory,
    /// A segment has another offset in a page of the file than in a page of memory. EINVAL.
    NotCongruent,
    /// A segment ends beyond the largest offset of a file. EINVAL.
    BadFileRange,
    /// A segment's alignment is no power of two, or larger than 1 GiB. ENOEXEC; Linux ignores
    /// such an alignment.
    BadAlignment,
    /// Segments aren't in ascending order of their addresses, as the System V ABI demands.
    /// ENOEXEC; Linux maps them in the order of the table.
    NotAscending,
    /// Two segments have a byte in common, or different bytes in one page. ENOEXEC; Linux
    /// uses the later segment.
    Overlap,
    /// A segment, or the image at the chosen base, ends above the addresses of programs.
    /// ENOMEM.
    AddressTooHigh,
    /// A segment, or the image at the chosen base, starts below the addresses of programs.
    /// EPERM.
    AddressTooLow,
    /// The entry point is above the addresses of programs. EINVAL.
    BadEntry,
    /// A base was chosen for a program with fixed addresses, or the base isn't a multiple of
    /// the program's alignment. EINVAL.
    BadBase,
    /// No memory is left for the table of segments or the interpreter's path. ENOMEM.
    OutOfMemory,
}

impl fmt::Display for ElfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotElf => "no ELF file",
            Self::NotExecutable => "an ELF file, but not executable",
            Self::WrongMachine => "a program for another machine",
            Self::BadProgramHeaders => "number or size of the program headers is wrong",
            Self::ProgramHeadersOutsideFile => "the file ends before its program headers do",
            Self::BadInterpreter => "the interpreter's path is malformed",
            Self::InterpreterOutsideFile => "the file ends before the interpreter's path does",
            Self::NoSegments => "there is no segment to load",
            Self::FileLargerThanMemory => "a segment is larger in the file than in memory",
            Self::NotCongruent => "a segment's address and offset differ within a page",
            Self::BadFileRange => "a segment ends beyond the end of any file",
            Self::BadAlignment => "a segment's alignment is wrong",
            Self::NotAscending => "segments aren't in ascending order",
            Self::Overlap => "segments overlap",
            Self::AddressTooHigh => "an address is above those of programs",
            Self::AddressTooLow => "an address is below those of programs",
            Self::BadEntry => "the entry point is above the addresses of programs",
            Self::BadBase => "the program can't be loaded at that base",
            Self::OutOfMemory => "no memory is left to read the program",
        })
    }
}

impl core::error::Error for ElfError {}

/// Why a program couldn't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The file isn't a program that can be started.
    Elf(ElfError),
    /// The file couldn't be read. (Linux reports ENOEXEC if the program headers couldn't.)
    File(E),
}

impl<E> From<ElfError> for ReadError<E> {
    fn from(error: ElfError) -> Self {
        Self::Elf(error)
    }
}
