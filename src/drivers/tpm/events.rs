//! The firmware's event log, in memory that ACPI names.

use alloc::vec::Vec;

use acpi_tables::tpm2;
use event_log::EventLog;
use x86_64::PhysAddr;

use crate::mm::kernel::firmware_memory;

/// The longest log that is read, in bytes. Firmware reserves 64 KiB, as a rule.
const MAX_BYTES: u64 = 1 << 20;

/// Returns the events of the firmware, and of what it has started; an empty log if the firmware
/// keeps it elsewhere. `table` is ACPI's table of the TPM.
pub(super) fn read(table: &[u8]) -> Vec<u8> {
    let log = firmware_log(table).unwrap_or_default();
    match EventLog::open(&log) {
        Some(found) if found.has_sha256() => found.whole().to_vec(),
        _ => event_log::header(),
    }
}

fn firmware_log(table: &[u8]) -> Option<Vec<u8>> {
    let area = tpm2::log_area(table)?;
    let start = PhysAddr::try_new(area.start).ok()?;
    let len_bytes = (area.end - area.start).min(MAX_BYTES) as usize;
    let mut log = Vec::new();
    log.try_reserve_exact(len_bytes).ok()?;
    log.resize(len_bytes, 0);
    match firmware_memory::copy(start, &mut log) {
        Ok(()) => Some(log),
        Err(error) => {
            log::warn!("the event log of the TPM at {start:#x} can't be read: {error}");
            None
        }
    }
}
