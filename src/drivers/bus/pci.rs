//! PCI: the functions on all buses, and their properties.
//!
//! All 256 buses are searched, so buses below a second root are also found. The search writes nothing
//! to any device. The sizes of base addresses, which only writes can determine, are known for
//! functions that a driver owns.
//!
//! Source: PCI Local Bus Specification 3.0, "Configuration Space"; PCI-to-PCI Bridge
//! Architecture Specification 1.2, "PCI-to-PCI Bridge Configuration Space Header".

mod address;
mod base_address;
mod configuration;
mod function;
mod msi;
mod msi_x;
mod owned;
mod owners;

use alloc::vec::Vec;

use crate::arch::boot_stage::{self, Stage};
use crate::drivers::acpi::Acpi;
use crate::mm::Memory;

pub use address::{Address, NotAnAddress};
pub use base_address::BaseAddress;
pub use function::{Capability, Function, Header};
pub use msi::Msi;
pub use msi_x::MsiX;
pub use owned::{OwnError, OwnedFunction};

/// The functions that were found at the start.
#[derive(Debug)]
pub struct Pci {
    /// The functions in order of their addresses; empty without PCI.
    pub functions: Vec<Function>,
}

impl Pci {
    /// Returns the function at `address`.
    pub fn function(&self, address: Address) -> Option<&Function> {
        self.functions.iter().find(|function| function.address == address)
    }
}

/// Finds all functions. Takes about 20 ms.
pub fn start(_memory: Memory, acpi: Option<&Acpi>) -> Pci {
    boot_stage::mark(Stage::Pci);
    let is_present = configuration::start(acpi);
    let functions: Vec<_> = if is_present { find_all().collect() } else { Vec::new() };
    match functions.len() {
        0 => log::info!("no PCI"),
        count => log::info!("{count} functions"),
    }
    Pci { functions }
}

fn find_all() -> impl Iterator<Item = Function> {
    let buses = 0..=u8::MAX;
    let devices = buses.flat_map(|bus| (0..32).map(move |device| (bus, device)));
    devices.flat_map(|(bus, device)| {
        let at = move |function| Function::find(Address { bus, device, function });
        // Without function 0, the device doesn't exist.
        let first = at(0);
        let has_more = first.is_some_and(|first| first.has_more_functions());
        let others = if has_more { 1..8 } else { 0..0 };
        first.into_iter().chain(others.filter_map(at))
    })
}

#[cfg(test)]
mod tests;
