//! Builds the stack that a program starts with: its arguments, its environment, and the
//! auxiliary vector.
//!
//! ```text
//!  top ──────▶ ┌──────────────────────────┐
//!              │ 8 bytes 0                │
//!              │ path of the program      │ ◀ AT_EXECFN
//!              │ strings of the environment
//!              │ strings of the arguments │ in order, so that both are one range each
//!              ├──────────────────────────┤ rounded down to 16 bytes
//!              │ "x86_64"                 │ ◀ AT_PLATFORM
//!              │ 16 random bytes          │ ◀ AT_RANDOM
//!              ├──────────────────────────┤ padding
//!              │ AT_NULL                  │
//!              │ auxiliary vector         │
//!              │ 0                        │
//!              │ pointers of environment  │
//!              │ 0                        │
//!              │ pointers of arguments    │
//!  RSP ──────▶ │ number of arguments      │ a multiple of 16
//!              └──────────────────────────┘
//! ```
//!
//! The caller adds strings one by one: first the arguments ([`Arguments`]), then the
//! environment ([`Environment`]). [`Environment::build`] then makes the [`InitialStack`].
//! Each string is read once, directly into its place in a buffer for all strings.
//!
//! | module | subject |
//! |---|---|
//! | `builder` | arguments, then environment, then the stack |
//! | `strings` | the bytes of all strings, and their limits |
//! | `auxiliary` | the auxiliary vector |
//! | `stack` | the layout |
//! | `error` | the errors of building a stack |
//!
//! Sources: System V ABI, AMD64 Architecture Processor Supplement, "Process Initialization";
//! for the order of the strings and the limits Linux, fs/exec.c and fs/binfmt_elf.c.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod auxiliary;
mod builder;
mod error;
mod stack;
mod strings;
#[cfg(test)]
mod tests;

pub use auxiliary::{AuxiliaryKind, AuxiliaryValues, PLATFORM, RANDOM_BYTES};
pub use builder::{Arguments, Environment};
pub use error::{PushError, StackError};
pub use stack::InitialStack;
pub use strings::{STRING_BYTES_MAX, string_limit};
