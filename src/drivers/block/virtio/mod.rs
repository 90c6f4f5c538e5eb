//! Virtio block devices: the disks of virtual machines.
//!
//! | module | what |
//! | --- | --- |
//! | [`registers`] | the registers of a device |
//! | [`queue`] | a queue of requests and answers |
//! | [`controller`] | the start of a device, its queues, time-outs and resets |
//! | [`virtio_disk`] | a device as a disk |
//! | [`error`] | why a device can't be used |
//!
//! What a device reads and writes in memory is in the crate `virtio-protocol`. Devices of version 1 and
//! transitional ones are supported; not those that have only the registers before version 1.

mod controller;
mod error;
mod queue;
mod registers;
mod virtio_disk;

use alloc::sync::Arc;

use crate::drivers::block::{controllers, disk};
use crate::drivers::bus::pci::Function;
use controller::Controller;
use virtio_disk::VirtioDevice;

pub use controller::NAME;
pub use error::VirtioError;

/// The vendor's number.
pub const VENDOR: u16 = 0x1AF4;
/// The vendor's numbers for block devices: transitional ones, and those of version 1.
///
/// Source: VIRTIO 1.2, "PCI Device Discovery".
pub const DEVICES: &[u16] = &[0x1001, 0x1042];

/// Starts a device, and adds it to the disks. May wait.
///
/// # Errors
/// See [`VirtioError`]. The function is free again then.
pub fn start(function: &Function) -> Result<(), VirtioError> {
    let name = disk::next_name("vd");
    let controller = Arc::new(Controller::try_new(function, name)?);
    let disk = VirtioDevice::try_disk(controller.clone(), controller.identity()?.as_str());
    controller.log_start();
    if !disk.is_some_and(disk::add) {
        return Err(VirtioError::NoMemory);
    }
    controllers::add(controller);
    Ok(())
}
