//! NVM Express: disks on PCI Express.
//!
//! | module | what |
//! | --- | --- |
//! | [`registers`] | the registers of a controller |
//! | [`queue`] | a pair of queues for commands and answers |
//! | [`controller`] | the start of a controller, its queues, time-outs and resets |
//! | [`namespace`] | a namespace of a controller, as a disk |
//! | [`error`] | why a controller can't be used |
//!
//! What a controller reads and writes in memory is in the crate `nvme-protocol`.

mod controller;
mod error;
mod namespace;
mod queue;
mod registers;

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use nvme_protocol::command::Identify;
use nvme_protocol::identify::{Controller as ControllerInfo, Namespace, namespace_numbers};

use crate::drivers::block::{controllers, disk};
use crate::drivers::bus::pci::Function;
use controller::Controller;
use namespace::NvmeNamespace;

pub use error::NvmeError;

/// The number of controllers that have been started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Starts a controller, and adds its namespaces to the disks. May wait.
///
/// # Errors
/// See [`NvmeError`]. The function is free again then.
pub fn start(function: &Function) -> Result<(), NvmeError> {
    let number = STARTED.load(Ordering::Relaxed);
    let controller = Arc::new(Controller::try_new(function, number)?);
    let about = ControllerInfo::from_bytes(&controller.identify(Identify::Controller)?);
    controller.log_start(about.model.as_str(), about.serial.as_str());
    let list = controller.identify(Identify::NamespacesAbove(0))?;
    for number in namespace_numbers(&list) {
        let data = controller.identify(Identify::Namespace(number))?;
        match Namespace::from_bytes(&data) {
            Ok(namespace) => {
                let disk = NvmeNamespace::try_disk(controller.clone(), number, namespace, &about);
                if !disk.is_some_and(disk::add) {
                    return Err(NvmeError::NoMemory);
                }
            }
            Err(error) => {
                log::warn!("nvme{}n{number} isn't used: {error}", controller.number);
            }
        }
    }
    controllers::add(controller);
    STARTED.store(number + 1, Ordering::Relaxed);
    Ok(())
}
