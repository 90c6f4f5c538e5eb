//! The memory through which the configuration space of PCI functions is accessed (ECAM).
//!
//! Source: PCI Firmware Specification 3.3, "MCFG Table Description".

use crate::signature::Signature;
use table_bytes::{read_u8, read_u16, read_u64};

/// The table's signature.
pub const MCFG: Signature = Signature(*b"MCFG");

const FIRST_ENTRY: usize = 44;
const ENTRY_BYTES: usize = 16;

/// The memory for a range of buses: 1 MiB for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ecam {
    /// The physical address at which bus 0 would be.
    pub base: u64,
    /// The segment group, which is 0 on a machine with a single one.
    pub segment: u16,
    /// The first bus.
    pub first_bus: u8,
    /// The last bus, not below the first.
    pub last_bus: u8,
}

/// Returns the entries of the table, except those whose buses are in the wrong order.
pub fn entries(table: &[u8]) -> impl Iterator<Item = Ecam> + '_ {
    let entry = |at| {
        Some(Ecam {
            base: read_u64(table, at)?,
            segment: read_u16(table, at + 8)?,
            first_bus: read_u8(table, at + 10)?,
            last_bus: read_u8(table, at + 11)?,
        })
    };
    // An entry has reserved bytes at its end, which the last one must have, too.
    (FIRST_ENTRY..table.len().saturating_sub(ENTRY_BYTES - 1))
        .step_by(ENTRY_BYTES)
        .map_while(entry)
        .filter(|entry| entry.first_bus <= entry.last_bus)
}
