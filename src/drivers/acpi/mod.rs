//! Copies of the firmware's ACPI tables, which describe hardware that can't be detected
//! otherwise.
//!
//! All tables are copied at the start, so that none of the firmware's memory stays in use. A table
//! that can't be copied or is invalid is logged and skipped. A table with a wrong checksum is kept
//! for inspection, and not used.
//!
//! Source: ACPI Specification 6.5, "ACPI Software Programming Model".

pub mod cpus;
pub mod interrupt_controllers;
mod power;
pub mod timers;

use alloc::vec::Vec;
use core::fmt;

use acpi_tables::header::HEADER_BYTES;
use acpi_tables::{Fadt, Header, Signature, Text, fadt, header, root};
use boot_information::{BootInformation, Firmware, Rsdp};
use x86_64::PhysAddr;

use crate::arch::boot_stage::{self, Stage};
use crate::mm::Memory;
use crate::mm::kernel::{firmware_memory, layout};

pub use power::{PowerError, PowerOff};

/// The largest number of tables that are listed.
const TABLES_MAX: usize = 256;

/// The start of the BIOS's memory in which the RSDP may be; it ends at 1 MiB.
const BIOS_AREA: PhysAddr = PhysAddr::new(0xE_0000);

/// The table with most devices; the FADT has its address.
pub const DSDT: Signature = Signature(*b"DSDT");
/// Tables with further devices.
pub const SSDT: Signature = Signature(*b"SSDT");

/// The reason why a table is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Its memory can't be copied.
    Memory(firmware_memory::Error),
    /// The bytes at its address aren't a table.
    Table(acpi_tables::Error),
    /// The heap has no room for it.
    NoHeap,
    /// There are more than 256 tables.
    TooMany,
}

impl From<firmware_memory::Error> for Error {
    fn from(error: firmware_memory::Error) -> Self {
        Self::Memory(error)
    }
}

impl From<acpi_tables::Error> for Error {
    fn from(error: acpi_tables::Error) -> Self {
        Self::Table(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(error) => write!(f, "{error}"),
            Self::Table(error) => write!(f, "{error}"),
            Self::NoHeap => f.write_str("the heap has no room for it"),
            Self::TooMany => write!(f, "only {TABLES_MAX} tables are kept"),
        }
    }
}

impl core::error::Error for Error {}

/// Whether the sum of a table's bytes is 0, as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The sum is 0.
    Good,
    /// The sum isn't 0: the table is not used.
    Bad,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// Its physical address.
    pub address: PhysAddr,
    /// Its header.
    pub header: Header,
    /// All its bytes, with the header.
    pub bytes: Vec<u8>,
    /// Whether it can be used.
    pub checksum: Checksum,
}

/// A table that the root lists, but that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its physical address in the root.
    pub address: PhysAddr,
    /// The reason why it is missing.
    pub why: Error,
}

/// The machine's tables.
#[derive(Debug)]
pub struct Acpi {
    /// The RSDP, from which they were found.
    pub rsdp: Rsdp,
    /// The root, then the tables in the root's order, then the DSDT.
    pub tables: Vec<Table>,
    /// The tables that are missing.
    pub missing: Vec<Missing>,
}

/// Copies all tables that can be reached from the RSDP of the loader or, if there is none, of the
/// BIOS. `None` if there is no valid RSDP.
pub fn start(_memory: Memory, information: &BootInformation) -> Option<Acpi> {
    boot_stage::mark(Stage::Acpi);
    let Some(rsdp) = information.rsdp.or_else(|| search_bios(information.firmware)) else {
        log::info!("the machine has no ACPI");
        return None;
    };
    let mut acpi = Acpi { rsdp, tables: Vec::new(), missing: Vec::new() };
    let wide = rsdp.xsdt.map(|address| (address, root::XSDT));
    let narrow = rsdp.rsdt.map(|address| (address.into(), root::RSDT));
    let roots = [wide, narrow].into_iter().flatten();
    let list = roots.filter_map(|(address, signature)| acpi.add_root(address, signature)).next();
    for entry in list.unwrap_or_default() {
        acpi.add(entry);
    }
    if let Some(dsdt) = acpi.fadt().and_then(|fadt| fadt.dsdt) {
        acpi.add(dsdt);
    }
    acpi.log();
    Some(acpi)
}

/// Searches the BIOS's memory for the RSDP if the loader passes none: GRUB skips a
/// damaged one silently. UEFI has no such memory.
///
/// Source: ACPI Specification 6.5, "Finding the RSDP on IA-PC Systems".
fn search_bios(firmware: Firmware) -> Option<Rsdp> {
    const AREA_BYTES: usize = (layout::FIRST_MIB_END.as_u64() - BIOS_AREA.as_u64()) as usize;
    if firmware != Firmware::Bios {
        return None;
    }
    let mut area = Vec::new();
    area.try_reserve_exact(AREA_BYTES).ok()?;
    area.resize(AREA_BYTES, 0);
    if let Err(error) = firmware_memory::copy(BIOS_AREA, &mut area) {
        log::warn!("the BIOS's memory can't be searched for the RSDP: {error}");
        return None;
    }
    Rsdp::search(&area).find_map(|(offset, found)| {
        let address = BIOS_AREA + offset as u64;
        found.inspect_err(|error| log::warn!("the RSDP at {address:#x} {error}; not used")).ok()
    })
}

impl Acpi {
    /// Returns the usable tables with this signature.
    pub fn good(&self, signature: Signature) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |table| {
            table.header.signature == signature && table.checksum == Checksum::Good
        })
    }

    /// Returns the FADT's description of the fixed hardware, if there is one.
    pub fn fadt(&self) -> Option<Fadt> {
        self.good(fadt::FADT).next().map(|table| Fadt::read(&table.bytes))
    }

    /// Adds a root table; returns its entries if it is usable.
    fn add_root(&mut self, address: u64, signature: Signature) -> Option<Vec<u64>> {
        let table = self.add(address)?;
        match header::check(&table.bytes, signature) {
            Ok(root) => Some(root::entries(root).collect()),
            // The root has been added, and is logged with the other tables.
            Err(acpi_tables::Error::Checksum) => None,
            Err(error) => {
                log::warn!("the {signature} at {address:#x} isn't used: {error}");
                None
            }
        }
    }

    /// Adds the table at `address`, or the reason why it is missing.
    fn add(&mut self, address: u64) -> Option<&Table> {
        // Physical addresses have at most this many bits.
        let address = PhysAddr::new_truncate(address);
        let listed = self.tables.len() + self.missing.len();
        let table = if listed < TABLES_MAX { read_table(address) } else { Err(Error::TooMany) };
        match table {
            Ok(table) => {
                self.tables.push(table);
                self.tables.last()
            }
            Err(why) => {
                // Of the tables beyond the limit, only the first is logged.
                if listed <= TABLES_MAX {
                    self.missing.push(Missing { address, why });
                }
                None
            }
        }
    }

    fn log(&self) {
        let rsdp = &self.rsdp;
        let oem = Text(&rsdp.oem_id);
        log::info!("{} tables by {oem}, revision {}", self.tables.len(), rsdp.revision);
        for missing in &self.missing {
            log::warn!("no table at {:#x}: {}", missing.address, missing.why);
        }
        for table in self.tables.iter().filter(|table| table.checksum == Checksum::Bad) {
            let signature = table.header.signature;
            log::warn!("{signature} at {:#x} isn't used: its checksum is wrong", table.address);
        }
    }
}

fn read_table(address: PhysAddr) -> Result<Table, Error> {
    let mut head = [0; HEADER_BYTES];
    firmware_memory::copy(address, &mut head)?;
    let header = Header::read(&head)?;
    let mut bytes = Vec::new();
    let len = header.len_bytes as usize;
    bytes.try_reserve_exact(len).map_err(|_| Error::NoHeap)?;
    bytes.resize(len, 0);
    firmware_memory::copy(address, &mut bytes)?;
    let is_good = header::is_checksum_good(&bytes);
    let checksum = if is_good { Checksum::Good } else { Checksum::Bad };
    Ok(Table { address, header, bytes, checksum })
}

#[cfg(test)]
mod tests;
