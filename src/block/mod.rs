//! Block devices: disks and their partitions.
//!
//! | module | what |
//! | --- | --- |
//! | [`device`] | a disk or a partition, and transfers from and to it |
//! | [`devices`] | all devices, and the search for partitions |
//! | [`reader`] | reads of bytes at any place |
//! | [`transfers`] | requests of transfers that are in flight at once |
//!
//! A device is found at the start and keeps its name and its number. Its transfers go to the disk
//! immediately: nothing is cached here.

#![forbid(unsafe_code)]

pub mod device;
pub mod devices;
pub mod reader;
#[cfg(test)]
mod tests;
pub mod transfers;

use crate::drivers::table::Drivers;

/// Proof that the block devices have been found.
#[derive(Clone, Copy, Debug)]
pub struct BlockDevices(());

/// Finds the partitions of all disks. May wait.
pub fn start(_drivers: Drivers) -> BlockDevices {
    devices::find_all();
    BlockDevices(())
}
