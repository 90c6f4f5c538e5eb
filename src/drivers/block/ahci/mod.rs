//! AHCI: controllers of Serial ATA disks and drives of CDs.
//!
//! | module | what |
//! | --- | --- |
//! | [`registers`] | the registers of a controller and of its ports |
//! | [`controller`] | the start of a controller, and its interrupt |
//! | [`port`] | the commands of a port, and their answers |
//! | [`link`] | the start of a port, and its recovery after errors |
//! | [`ahci_disk`] | the disk at a port |
//! | [`packet_drive`] | the drive of CDs at a port |
//! | [`error`] | why a controller or a port can't be used |
//!
//! What a controller and a disk read and write in memory is in the crate `ata`.

mod ahci_disk;
mod controller;
mod error;
mod link;
mod packet_drive;
mod port;
mod registers;

use alloc::sync::Arc;

use crate::drivers::block::{controllers, disk};
use crate::drivers::bus::pci::Function;
use ahci_disk::AhciPort;
use controller::{Controller, FoundDisk, FoundKind};
use packet_drive::PacketDrive;

pub use error::AhciError;
pub use registers::NAME;

/// Starts a controller, and adds the disks at its ports. May wait.
///
/// # Errors
/// See [`AhciError`]. The function is free again then.
pub fn start(function: &Function) -> Result<(), AhciError> {
    let (controller, disks) = Controller::try_new(function)?;
    for found in disks {
        let name = match found.kind {
            FoundKind::Disk(_) => disk::next_name("sd"),
            FoundKind::Drive(_) => disk::next_numbered_name("sr"),
        };
        controller.log_disk(&name, &found);
        let FoundDisk { port, kind } = found;
        let is_added = match &kind {
            FoundKind::Disk(identity) => {
                AhciPort::try_disk(port, name, identity).is_some_and(disk::add)
            }
            FoundKind::Drive(drive) => {
                PacketDrive::try_disk(port, name, drive).is_some_and(disk::add)
            }
        };
        if !is_added {
            return Err(AhciError::NoMemory);
        }
    }
    controllers::add(Arc::new(controller));
    Ok(())
}
