//! The high precision event timer.
//!
//! Source: IA-PC HPET Specification 1.0a, "The ACPI 2.0 HPET Description Table (HPET)".

use crate::signature::Signature;
use table_bytes::{read_u8, read_u64};

/// The table's signature.
pub const HPET: Signature = Signature(*b"HPET");

/// The address space of memory.
const SYSTEM_MEMORY: u8 = 0;

/// Returns the physical address of the timer's registers; `None` if the table has none, or
/// if it isn't in memory as the specification requires.
pub fn registers(table: &[u8]) -> Option<u64> {
    let is_memory = read_u8(table, 40)? == SYSTEM_MEMORY;
    read_u64(table, 44).filter(|&address| is_memory && address != 0)
}
