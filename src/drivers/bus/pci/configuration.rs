//! Access to the registers of functions: by memory where the firmware describes it (ECAM), or else by
//! a pair of ports, which reach the first 256 bytes.
//!
//! Source: PCI Local Bus Specification 3.0, "Software Generation of Configuration Transactions"; PCI
//! Express Base Specification 5.0, "PCI Express Enhanced Configuration Access Mechanism (ECAM)".

use alloc::vec::Vec;

use acpi_tables::mcfg::{self, Ecam, MCFG};
use spin::Once;
use x86_64::PhysAddr;

use super::address::Address;
use crate::arch::ports::{PCI_ADDRESS, PCI_DATA};
use crate::drivers::acpi::Acpi;
use crate::mm::kernel::device_memory::{DeviceMemory, Writes};
use crate::sync::{IrqMutex, Rank};

/// This bit must be set in an address to select a register.
const ENABLE: u32 = 1 << 31;
/// The number of bytes that the ports reach.
const PORTS_BYTES: u16 = 256;
/// The number of bytes that the memory has for a function and for a bus.
const FUNCTION_BYTES: u64 = 4096;
const BUS_BYTES: u64 = 256 * FUNCTION_BYTES;

/// Protects the pair of ports, from the selection of a register to its access; not taken by interrupt
/// handlers.
static PORTS: IrqMutex<()> = IrqMutex::new(Rank::Device, ());

/// The memory of some buses.
struct Region {
    first_bus: u8,
    last_bus: u8,
    memory: DeviceMemory,
}

/// The memory that the firmware describes. Set once, by [`start`].
static REGIONS: Once<Vec<Region>> = Once::new();

/// Maps the memory that the table MCFG describes. Returns whether there is PCI: the ports work, or
/// there is such memory.
pub(super) fn start(acpi: Option<&Acpi>) -> bool {
    let has_ports = are_ports_present();
    let mut regions = Vec::new();
    let tables = acpi.into_iter().flat_map(|acpi| acpi.good(MCFG));
    for ecam in tables.flat_map(|table| mcfg::entries(&table.bytes)) {
        // The ports reach the first segment group only.
        if ecam.segment == 0 {
            regions.extend(map(&ecam, has_ports));
        }
    }
    let has_regions = !regions.is_empty();
    REGIONS.call_once(|| regions);
    has_ports || has_regions
}

/// Maps the memory of some buses, if it shows the same function as the ports.
fn map(ecam: &Ecam, has_ports: bool) -> Option<Region> {
    let Ecam { base, first_bus, last_bus, .. } = *ecam;
    let buses = u64::from(last_bus - first_bus) + 1;
    let start = base.checked_add(u64::from(first_bus) * BUS_BYTES)?;
    let start = PhysAddr::try_new(start).ok()?;
    // SAFETY: a table with a valid checksum lists the registers there. Reads access no memory;
    // writes are unsafe in this module.
    let memory = unsafe { DeviceMemory::map("PCI", start, buses * BUS_BYTES, Writes::Strict) };
    let refuse = |why: &dyn core::fmt::Display| {
        log::warn!("PCI is not accessed by the memory at {start:#x}: {why}");
    };
    let memory = memory.inspect_err(|error| refuse(error)).ok()?;
    let first = Address { bus: first_bus, device: 0, function: 0 };
    if has_ports && memory.read_u32(0) != read_by_ports(first, 0) {
        refuse(&"the ports show another function there");
        return None;
    }
    Some(Region { first_bus, last_bus, memory })
}

fn place(address: Address, offset_bytes: u16) -> Option<(&'static DeviceMemory, u64)> {
    let regions = REGIONS.get()?;
    let bus = address.bus;
    let region = regions.iter().find(|it| (it.first_bus..=it.last_bus).contains(&bus))?;
    let function = u64::from(address.bits()) - (u64::from(region.first_bus) << 8);
    let offset_bytes = u64::from(offset_bytes & !3) % FUNCTION_BYTES;
    Some((&region.memory, function * FUNCTION_BYTES + offset_bytes))
}

/// Reads the register at `offset_bytes`; all bits are set if it can't be reached.
pub(super) fn read(address: Address, offset_bytes: u16) -> u32 {
    match place(address, offset_bytes) {
        Some((memory, place)) => memory.read_u32(place),
        None => read_by_ports(address, offset_bytes),
    }
}

fn read_by_ports(address: Address, offset_bytes: u16) -> u32 {
    if offset_bytes >= PORTS_BYTES {
        return u32::MAX;
    }
    let _ports = PORTS.lock();
    PCI_ADDRESS.write(ENABLE | address.bits() << 8 | u32::from(offset_bytes & !3));
    PCI_DATA.read()
}

/// Writes `value` to the register at `offset_bytes`, if it can be reached.
///
/// # Safety
/// It makes no device access memory that the device's driver hasn't given to it.
pub(super) unsafe fn write(address: Address, offset_bytes: u16, value: u32) {
    if let Some((memory, place)) = place(address, offset_bytes) {
        return memory.write_u32(place, value);
    }
    if offset_bytes >= PORTS_BYTES {
        return;
    }
    let _ports = PORTS.lock();
    PCI_ADDRESS.write(ENABLE | address.bits() << 8 | u32::from(offset_bytes & !3));
    // SAFETY: the caller's promise.
    unsafe { PCI_DATA.write(value) }
}

/// Returns whether the ports work: a selected register can be read back.
fn are_ports_present() -> bool {
    let _ports = PORTS.lock();
    PCI_ADDRESS.write(ENABLE);
    PCI_ADDRESS.read() == ENABLE
}
