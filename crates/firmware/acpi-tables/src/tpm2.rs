//! The trusted platform module (TPM) 2.0.
//!
//! Source: TCG ACPI Specification 1.3, "TPM 2.0 Table".

use core::ops::Range;

use crate::signature::Signature;
use table_bytes::{read_u32, read_u64};

/// The table's signature.
pub const TPM2: Signature = Signature(*b"TPM2");

/// How the TPM takes commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartMethod {
    /// By the registers of TIS, at their fixed address.
    Fifo,
    /// By the command response buffer, whose control area is at this physical address.
    CommandResponseBuffer(u64),
    /// By another method, with this number.
    Other(u32),
}

/// Returns how the TPM takes commands; `None` if the table doesn't say it.
pub fn start_method(table: &[u8]) -> Option<StartMethod> {
    let control_area = read_u64(table, 40)?;
    Some(match read_u32(table, 48)? {
        6 => StartMethod::Fifo,
        7 if control_area != 0 => StartMethod::CommandResponseBuffer(control_area),
        other => StartMethod::Other(other),
    })
}

/// Returns the physical addresses of the firmware's event log; `None` if the table has no such
/// field, or the firmware has reserved no memory for a log.
pub fn log_area(table: &[u8]) -> Option<Range<u64>> {
    let len_bytes = u64::from(read_u32(table, 64)?);
    let start = read_u64(table, 68)?;
    (start != 0 && len_bytes != 0).then_some(start..start.checked_add(len_bytes)?)
}
