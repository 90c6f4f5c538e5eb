//! The package `_S5_`: the values that switch the machine off.
//!
//! The search compares bytes, without an AML interpreter: a name operation, the name, a
//! package operation, and integers. All known firmware has the package in this form, at the
//! root or in a scope. A package that a method returns isn't found.
//!
//! Source: ACPI Specification 6.5, "ACPI Machine Language (AML) Specification" and
//! "\_Sx (System States)".

use crate::header::HEADER_BYTES;
use table_bytes::read;

const NAME: u8 = 0x08;
const PACKAGE: u8 = 0x12;
const ZERO: u8 = 0x00;
const ONE: u8 = 0x01;
const ONES: u8 = 0xFF;
const BYTE: u8 = 0x0A;
const WORD: u8 = 0x0B;
const DOUBLE_WORD: u8 = 0x0C;

const NAME_SEGMENT: &[u8; 4] = b"_S5_";

/// The values of a sleep state for the two control registers, three bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SleepTypes {
    /// For PM1a.
    pub a: u8,
    /// For PM1b.
    pub b: u8,
}

/// Finds the first readable package `_S5_` in a DSDT or SSDT.
pub fn find_s5(table: &[u8]) -> Option<SleepTypes> {
    let aml = table.get(HEADER_BYTES..)?;
    let names = aml.windows(NAME_SEGMENT.len()).enumerate();
    names.filter(|(_, name)| name == NAME_SEGMENT).find_map(|(start, _)| {
        let before = aml.get(..start)?;
        let is_named = before.ends_with(&[NAME]) || before.ends_with(&[NAME, b'\\']);
        is_named.then(|| read_package(&aml[start + NAME_SEGMENT.len()..])).flatten()
    })
}

/// Reads the first two integers of a package. If there is only one, it is used for both
/// registers.
fn read_package(aml: &[u8]) -> Option<SleepTypes> {
    let (&PACKAGE, aml) = aml.split_first()? else {
        return None;
    };
    // The two highest bits of the first byte are the number of further length bytes.
    let length_bytes = 1 + usize::from(aml.first()? >> 6);
    let (count, elements) = aml.get(length_bytes..)?.split_first()?;
    if *count == 0 {
        return None;
    }
    let (a, elements) = read_integer(elements)?;
    let b = if *count > 1 { read_integer(elements)?.0 } else { a };
    Some(SleepTypes { a: (a & 7) as u8, b: (b & 7) as u8 })
}

/// Reads an integer; returns it and the bytes after it.
fn read_integer(aml: &[u8]) -> Option<(u32, &[u8])> {
    let (&operation, rest) = aml.split_first()?;
    let (value, len_bytes) = match operation {
        ZERO => (0, 0),
        ONE => (1, 0),
        ONES => (u32::MAX, 0),
        BYTE => (u32::from(*rest.first()?), 1),
        WORD => (u32::from(u16::from_le_bytes(read(rest, 0)?)), 2),
        DOUBLE_WORD => (u32::from_le_bytes(read(rest, 0)?), 4),
        _ => return None,
    };
    Some((value, rest.get(len_bytes..)?))
}
