//! Reads an executable file into a plan of its mappings.
//!
//! [`Program::read`] reads an ELF64 file for x86-64: linked to fixed addresses (ET_EXEC), or
//! position-independent (ET_DYN), which [`Program::at_base`] places. It checks all values
//! from the file. The caller does this before it releases the old program.
//! [`Program::mappings`] is the plan, page by page:
//!
//! ```text
//!  a segment   │      bytes of the file      │   bytes beyond them, which are 0   │
//!              └─ vaddr                      └─ vaddr + file size                 └─ vaddr + memory size
//!  pages    ┊         ┊         ┊         ┊         ┊         ┊         ┊         ┊
//!           └──────── private mapping of the file ──┘└──── anonymous zeroes ──────┘
//!                                            └──────┘ `zero_from`: cleared after the mapping
//! ```
//!
//! [`Script::parse`] reads the first line of a file that starts with `#!`.
//!
//! The file is read through a closure, in pieces, because it is in a page cache and not in one
//! slice. Only the table of segments and the interpreter's path are allocated.
//!
//! | module | subject |
//! |---|---|
//! | `program` | the program: entry, segments, base |
//! | `header_table` | the file's header and its program headers |
//! | `segment` | one segment and its checks |
//! | `mapping` | the plan |
//! | `script` | `#!` |
//! | `error` | the errors of ELF files, and the error of Linux for each |
//!
//! Sources: System V ABI, "Object Files" and "Program Loading and Dynamic Linking"; System V
//! ABI, AMD64 Architecture Processor Supplement; for limits and errors Linux, fs/binfmt_elf.c
//! and fs/binfmt_script.c.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod error;
mod header_table;
mod mapping;
mod program;
mod script;
mod segment;
#[cfg(test)]
mod tests;

pub use error::{ElfError, ReadError};
pub use header_table::PROGRAM_HEADER_BYTES;
pub use mapping::{Mapping, MappingSource};
pub use program::{Program, ProgramHeaders, ProgramKind};
pub use script::{SCRIPT_HEAD_BYTES, Script, ScriptError};
pub use segment::{ALIGNMENT_MAX, Access, PAGE_BYTES, Segment};
