//! The RSDP: where ACPI's root tables are.
//!
//! Source: ACPI Specification 6.5, "Root System Description Pointer (RSDP)
//! Structure".

use crate::tags::TagKind;

/// The length of the structure's first revision, which its checksum covers.
pub(crate) const OLD_BYTES: usize = 20;
/// The length of the structure from its second revision on.
pub(crate) const NEW_BYTES: usize = 36;

const SIGNATURE: &[u8; 8] = b"RSD PTR ";

/// Where ACPI's root tables are, by a structure whose checksums were good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rsdp {
    /// Who made the machine.
    pub oem_id: [u8; 6],
    /// The structure's revision: 0 for ACPI 1.0, 2 since.
    pub revision: u8,
    /// Physical address of the root with 32 bits an entry, if there is one.
    pub rsdt: Option<u32>,
    /// Physical address of the root with 64 bits an entry, if there is one.
    pub xsdt: Option<u64>,
}

impl Rsdp {
    /// Reads the structure out of a tag's payload. `None` if its signature, its length
    /// or a checksum is wrong.
    pub(crate) fn read(kind: TagKind, payload: &[u8]) -> Option<Self> {
        let old: &[u8; OLD_BYTES] = payload.first_chunk()?;
        if !old.starts_with(SIGNATURE) || !is_checksum_good(old) {
            return None;
        }
        let rsdt = u32::from_le_bytes(*old.last_chunk()?);
        let xsdt = match kind {
            TagKind::NewAcpi => {
                let len_bytes = u32::from_le_bytes(*payload.get(20..)?.first_chunk()?) as usize;
                let whole = payload.get(..len_bytes).filter(|_| len_bytes >= NEW_BYTES)?;
                if !is_checksum_good(whole) {
                    return None;
                }
                u64::from_le_bytes(*whole.get(24..)?.first_chunk()?)
            }
            _ => 0,
        };
        Some(Self {
            oem_id: *old.get(9..)?.first_chunk()?,
            revision: old[15],
            rsdt: Some(rsdt).filter(|&address| address != 0),
            xsdt: Some(xsdt).filter(|&address| address != 0),
        })
    }
}

fn is_checksum_good(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == 0
}
