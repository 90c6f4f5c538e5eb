//! Readers for ACPI tables from untrusted bytes.
//!
//! Each reader takes a whole table as a slice and trusts no length in it: bad data
//! becomes `None`, an [`Error`], or the end of a list. No bytes make a reader panic or
//! loop for ever.
//!
//! | module | reads |
//! | --- | --- |
//! | [`header`] | the header of every table, and its checksum |
//! | [`root`] | the list of tables: RSDT, XSDT |
//! | [`fadt`] | the fixed hardware: FACP |
//! | [`hpet`] | the high precision event timer: HPET |
//! | [`mcfg`] | the memory for the configuration of PCI functions: MCFG |
//! | [`madt`] | CPUs and interrupt controllers: APIC |
//! | [`tpm2`] | the trusted platform module: TPM2 |
//! | [`sleep`] | the package `_S5_` in the AML of DSDT and SSDT |
//! | [`purpose`] | the purpose of each table, in a few words |
//!
//! Source: ACPI Specification 6.5, "ACPI System Description Tables".

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod fadt;
pub mod header;
pub mod hpet;
pub mod madt;
pub mod mcfg;
pub mod purpose;
pub mod root;
mod signature;
pub mod sleep;
#[cfg(test)]
mod tests;
pub mod tpm2;

pub use fadt::Fadt;
pub use header::{Error, Header};
pub use signature::{Signature, Text};
