//! The hash of an EFI program for its signature, and for the TPM.
//!
//! The crates for it bring a reader of X.509 and of CMS along, for signatures; this needs none.

use hash_tree::{Hash, hash_of};

// Offsets in the optional header of a PE32+ file, in bytes.
const CHECKSUM: usize = 64;
const CERTIFICATES: usize = 144;
/// What the optional header of a PE32+ file begins with.
const PE32_PLUS: u16 = 0x20B;
/// The place of the offset of the PE header, and the length of what is before the optional header.
const PE_OFFSET: usize = 0x3C;
const PE_BYTES: usize = 24;

/// Returns the hash of a program: of all bytes but its checksum, its signatures and their place.
/// `None` if it isn't one. Its sections are expected to follow each other, as all linkers place them.
///
/// Source: Microsoft, "Windows Authenticode Portable Executable Signature Format", 1.0.
pub fn hash(file: &[u8]) -> Option<Hash> {
    let word = |at: usize| Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?) as usize);
    let header = word(PE_OFFSET)?;
    let optional = header.checked_add(PE_BYTES)?;
    if file.get(header..)?.first_chunk() != Some(b"PE\0\0")
        || file.get(optional..)?.first_chunk() != Some(&PE32_PLUS.to_le_bytes())
    {
        return None;
    }
    let (checksum, certificates) = (optional + CHECKSUM, optional + CERTIFICATES);
    let (start, len) = (word(certificates)?, word(certificates + 4)?);
    let end_of_program = if len == 0 { file.len() } else { start };
    let hashed = [
        file.get(..checksum)?,
        file.get(checksum + 4..certificates)?,
        file.get(certificates + 8..end_of_program)?,
        file.get(end_of_program.checked_add(len)?..)?,
    ];
    Some(hash_of(&hashed.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a program with this place of its signatures, and 400 bytes.
    fn program(start: u32, len: u32) -> Vec<u8> {
        let mut file: Vec<u8> = (0..400).map(|at| at as u8).collect();
        file[PE_OFFSET..PE_OFFSET + 4].copy_from_slice(&64_u32.to_le_bytes());
        file[64..68].copy_from_slice(b"PE\0\0");
        let optional = 64 + PE_BYTES;
        file[optional..optional + 2].copy_from_slice(&PE32_PLUS.to_le_bytes());
        let certificates = optional + CERTIFICATES;
        file[certificates..certificates + 4].copy_from_slice(&start.to_le_bytes());
        file[certificates + 4..certificates + 8].copy_from_slice(&len.to_le_bytes());
        file
    }

    #[test]
    fn signatures_and_checksum_do_not_count() {
        let unsigned = hash(&program(0, 0)[..352]).unwrap();
        let mut signed = program(352, 48);
        signed[64 + PE_BYTES + CHECKSUM] ^= 1;
        signed[352] ^= 1;
        assert_eq!(hash(&signed), Some(unsigned));
        signed[300] ^= 1;
        assert_ne!(hash(&signed), Some(unsigned));
    }

    #[test]
    fn other_files_have_no_hash() {
        assert_eq!(hash(b""), None);
        assert_eq!(hash(&program(352, 49)), None, "a signature beyond the end");
        assert_eq!(hash(&program(u32::MAX, u32::MAX)), None);
        assert_eq!(hash(&program(100, 300)), None, "a signature over the headers");
        for end in 0..240 {
            assert_eq!(hash(&program(0, 0)[..end]), None, "{end}");
        }
    }
}
