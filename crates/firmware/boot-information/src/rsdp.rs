//! The RSDP, which holds the addresses of ACPI's root tables.
//!
//! Source: ACPI Specification 6.5, "Root System Description Pointer (RSDP)
//! Structure".

use crate::error::RsdpError;
use table_bytes::{is_checksum_good, read_u32, read_u64};

/// The length of the first revision, and of the part that the first checksum covers.
const OLD_BYTES: usize = 20;
/// The length from the second revision on.
const NEW_BYTES: usize = 36;
/// The first revision with the longer structure.
const NEW_REVISION: u8 = 2;

const SIGNATURE: &[u8; 8] = b"RSD PTR ";
/// The alignment of the structure in a BIOS's memory.
const ALIGN_BYTES: usize = 16;

/// The addresses of ACPI's root tables, from an RSDP with valid checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rsdp {
    /// The machine's manufacturer.
    pub oem_id: [u8; 6],
    /// The structure's revision: 0 for ACPI 1.0, 2 for later versions.
    pub revision: u8,
    /// Physical address of the RSDT, the root with 32-bit addresses, if there is one.
    pub rsdt: Option<u32>,
    /// Physical address of the XSDT, the root with 64-bit addresses, if there is one.
    pub xsdt: Option<u64>,
}

impl Rsdp {
    /// Reads the structure of ACPI 1.0.
    ///
    /// # Errors
    /// See [`RsdpError`].
    pub fn read_old(bytes: &[u8]) -> Result<Self, RsdpError> {
        let old: &[u8; OLD_BYTES] = bytes.first_chunk().ok_or(RsdpError::TooShort)?;
        if !old.starts_with(SIGNATURE) {
            return Err(RsdpError::Signature);
        }
        if !is_checksum_good(old) {
            return Err(RsdpError::Checksum);
        }
        let [_, _, _, _, _, _, _, _, _, oem_id @ .., revision, _, _, _, _] = old;
        let rsdt = read_u32(old, 16).filter(|&address| address != 0);
        Ok(Self { oem_id: *oem_id, revision: *revision, rsdt, xsdt: None })
    }

    /// Reads the structure of ACPI 2.0 or later.
    ///
    /// # Errors
    /// See [`RsdpError`].
    pub fn read_new(bytes: &[u8]) -> Result<Self, RsdpError> {
        let old = Self::read_old(bytes)?;
        let len_bytes = read_u32(bytes, 20).ok_or(RsdpError::TooShort)?;
        let whole = bytes
            .get(..len_bytes as usize)
            .filter(|whole| whole.len() >= NEW_BYTES)
            .ok_or(RsdpError::Length(len_bytes))?;
        if !is_checksum_good(whole) {
            return Err(RsdpError::ExtendedChecksum);
        }
        Ok(Self { xsdt: read_u64(whole, 24).filter(|&address| address != 0), ..old })
    }

    /// Searches a BIOS's memory for the structure. Returns the offset of each occurrence
    /// of the signature, with the structure there or its damage.
    ///
    /// Source: ACPI Specification 6.5, "Finding the RSDP on IA-PC Systems".
    pub fn search(area: &[u8]) -> impl Iterator<Item = (usize, Result<Self, RsdpError>)> {
        (0..area.len()).step_by(ALIGN_BYTES).filter_map(|offset| {
            let bytes = area.get(offset..).filter(|bytes| bytes.starts_with(SIGNATURE))?;
            let old = Self::read_old(bytes);
            let is_new = old.is_ok_and(|old| old.revision >= NEW_REVISION);
            Some((offset, if is_new { Self::read_new(bytes) } else { old }))
        })
    }
}
