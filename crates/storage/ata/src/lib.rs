//! ATA disks and drives of CDs, without the registers of their controller: what a driver writes to memory for an AHCI
//! controller, and what it reads there.
//!
//! | module | what |
//! | --- | --- |
//! | [`command`] | the commands that a driver issues, as frames (FIS) |
//! | [`identify`] | the properties of a disk |
//! | [`packet`] | the commands and answers of drives with packets (ATAPI) |
//! | [`regions`] | the description of a command and of its memory |
//! | [`status`] | a disk's answers |
//!
//! All that a disk writes is checked: it may be broken.
//!
//! Source: ATA/ATAPI Command Set 3 (ACS-3), Serial ATA 3.2, Serial ATA AHCI 1.3.1.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod command;
pub mod identify;
pub mod packet;
pub mod regions;
pub mod status;
#[cfg(test)]
mod tests;
