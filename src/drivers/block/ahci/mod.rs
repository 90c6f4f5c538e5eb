//! AHCI: controllers of Serial ATA disks.
//!
//! | module | what |
//! | --- | --- |
//! | [`registers`] | the registers of a controller and of its ports |
//! | [`controller`] | the start of a controller, and its interrupt |
//! | [`port`] | the commands of a port, and their answers |
//! | [`link`] | the start of a port, and its recovery after errors |
//! | [`ahci_disk`] | the disk at a port |
//! | [`error`] | why a controller or a port can't be used |
//!
//! What a controller and a disk read and write in memory is in the crate `ata`.

mod ahci_disk;
mod controller;
mod error;
mod link;
mod port;
mod registers;

use alloc::sync::Arc;

use crate::drivers::block::{controllers, disk};
use crate::drivers::bus::pci::Function;
use ahci_disk::AhciPort;
use controller::Controller;

pub use error::AhciError;
pub use registers::NAME;

/// Starts a controller, and adds the disks at its ports. May wait.
///
/// # Errors
/// See [`AhciError`]. The function is free again then.
pub fn start(function: &Function) -> Result<(), AhciError> {
    let (controller, disks) = Controller::try_new(function)?;
    for (port, identity) in disks {
        let name = disk::next_name("sd");
        controller.log_disk(&name, &port, &identity);
        let disk = AhciPort::try_disk(port, name, &identity);
        if !disk.is_some_and(disk::add) {
            return Err(AhciError::NoMemory);
        }
    }
    controllers::add(Arc::new(controller));
    Ok(())
}
