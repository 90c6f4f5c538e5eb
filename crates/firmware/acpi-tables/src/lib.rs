//! ACPI tables, read from bytes that nobody vouches for.
//!
//! Every reader takes a whole table as a slice and trusts no length in it: what
//! doesn't fit is `None`, an [`Error`], or the end of a list. Nothing here can
//! panic or run for ever, whatever the bytes are.
//!
//! | module | reads |
//! | --- | --- |
//! | [`header`] | what all tables begin with, and their checksum |
//! | [`root`] | the list of tables: RSDT, XSDT |
//! | [`fadt`] | the fixed hardware: FACP |
//! | [`hpet`] | the high precision event timer: HPET |
//! | [`madt`] | processors and interrupt controllers: APIC |
//! | [`sleep`] | the package `_S5_` in the AML of DSDT and SSDT |
//! | [`purpose`] | in a few words what a table is for |
//!
//! Source: ACPI Specification 6.5, "ACPI System Description Tables".

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod bytes;
pub mod fadt;
pub mod header;
pub mod hpet;
pub mod madt;
pub mod purpose;
pub mod root;
pub mod sleep;
#[cfg(test)]
mod tests;

pub use fadt::Fadt;
pub use header::{Error, Header, Signature};
