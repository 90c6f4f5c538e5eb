//! The vDSO: a shared object of one page that the kernel maps into every program.
//!
//! [`build`] writes an ELF image with position-independent code, and all tables by which a C
//! library or a language's runtime finds a function:
//!
//! ```text
//!  -0x1000 ┌─────────────────────────────┐
//!          │ data (ClockData)            │ a page of its own, read-only for programs
//!   0      ├─────────────────────────────┤
//!          │ ELF header, program headers │ PT_LOAD: this page; PT_DYNAMIC
//!          │ hash table                  │ DT_HASH: one bucket
//!          │ symbols, their names        │ DT_SYMTAB, DT_STRTAB
//!          │ versions                    │ DT_VERSYM, DT_VERDEF: all functions are LINUX_2.6
//!          │ dynamic section             │
//!          │ sections: names, headers    │ the tables above and the code, as sections
//!   0x800  ├─────────────────────────────┤
//!          │ code                        │
//!   0x1000 └─────────────────────────────┘
//! ```
//!
//! [`ClockData`] is the data from which the code computes the time.
//!
//! Sources: System V ABI, "Object Files" and "Dynamic Linking"; Linux, vdso(7); Linux Standard Base
//! Core, "Symbol Versioning".

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod clock_data;
mod image;
mod sections;
#[cfg(test)]
mod tests;
mod writer;

pub use clock_data::{CLOCK_DATA_BYTES, ClockData, offset};
pub use image::{Function, build};
pub use writer::{CODE_OFFSET, IMAGE_BYTES, ImageError};
