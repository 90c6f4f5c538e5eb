//! Virtio, without its registers: what the driver of a block device writes to memory for the device,
//! and what it reads there.
//!
//! | module | what |
//! | --- | --- |
//! | [`capability`] | where a PCI function has the device's registers |
//! | [`features`] | what device and driver agree on |
//! | [`queue`] | the memory of a queue: descriptors and rings |
//! | [`ring`] | the positions in the rings |
//! | [`block`] | the properties, requests and answers of block devices |
//!
//! All that a device writes is checked: it may be broken.
//!
//! Source: Virtual I/O Device (VIRTIO) Version 1.2.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

pub mod block;
pub mod capability;
pub mod features;
pub mod queue;
pub mod ring;
#[cfg(test)]
mod tests;
