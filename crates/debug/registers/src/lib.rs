//! The meaning of the bits in x86_64's registers and descriptors: tables and pure
//! decoding. Nothing here accesses a CPU.
//!
//! - [`control`]: control registers, EFER, RFLAGS and XCR0, bit by bit;
//! - [`msr`]: known model-specific registers, and the fields of APIC_BASE;
//! - [`memory_type`]: the decoder of PAT;
//! - [`descriptor`]: segments and task state segments;
//! - [`gate`]: gates of the IDT;
//! - [`Tss`]: the 64-bit task state segment.
//!
//! ```
//! use registers::control;
//! let set: Vec<_> = control::CR0.set_in(0x8000_0001).map(|field| field.name).collect();
//! assert_eq!(set, ["PE", "PG"]);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod control;
pub mod descriptor;
mod field;
pub mod gate;
pub mod memory_type;
pub mod msr;
#[cfg(test)]
mod tests;
mod tss;

pub use field::{Field, Layout};
pub use tss::{TSS_BYTES, Tss};
