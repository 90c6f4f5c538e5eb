//! The drivers of PCI functions.

use core::fmt::Display;

use alloc::boxed::Box;

use crate::arch::boot_stage::{self, Stage};
use crate::drivers::block::{ahci, controllers, nvme, virtio};
use crate::drivers::bus::pci::{Function, Pci};
use crate::task::Tasks;

/// The functions that a driver is for.
enum Matches {
    /// Those with this base class, subclass and programming interface.
    Class(u8, u8, u8),
    /// Those of this vendor with one of these numbers.
    Devices(u16, &'static [u16]),
}

/// A driver.
struct Driver {
    name: &'static str,
    matches: Matches,
    /// Starts it for a function.
    start: fn(&Function) -> Result<(), Box<dyn Display>>,
}

/// All drivers. The first one that matches a function is started.
const DRIVERS: &[Driver] = &[
    Driver {
        name: "nvme",
        matches: Matches::Class(0x01, 0x08, 0x02),
        start: |function| boxed(nvme::start(function)),
    },
    Driver {
        name: ahci::NAME,
        matches: Matches::Class(0x01, 0x06, 0x01),
        start: |function| boxed(ahci::start(function)),
    },
    Driver {
        name: virtio::NAME,
        matches: Matches::Devices(virtio::VENDOR, virtio::DEVICES),
        start: |function| boxed(virtio::start(function)),
    },
];

/// Makes the errors of all drivers one type.
fn boxed<E: Display + 'static>(result: Result<(), E>) -> Result<(), Box<dyn Display>> {
    result.map_err(|error| Box::new(error) as Box<dyn Display>)
}

/// Proof that the drivers have been started.
#[derive(Clone, Copy, Debug)]
pub struct Drivers(());

/// Starts a driver for each function that has one. A driver that can't be started is logged.
pub fn start(_tasks: Tasks, pci: &Pci) -> Drivers {
    boot_stage::mark(Stage::Drivers);
    for function in &pci.functions {
        let matches = |driver: &&Driver| match driver.matches {
            Matches::Class(base, sub, interface) => function.class == (base, sub, interface),
            Matches::Devices(vendor, devices) => {
                function.vendor == vendor && devices.contains(&function.device)
            }
        };
        if let Some(driver) = DRIVERS.iter().find(matches)
            && let Err(error) = (driver.start)(function)
        {
            log::error!("{} at {}: {error}", driver.name, function.address);
        }
    }
    Drivers(())
}

/// Makes all disks write their caches to the medium, before the machine is switched off. They are gone
/// then. May wait.
pub fn shut_down() {
    controllers::shut_down();
}
