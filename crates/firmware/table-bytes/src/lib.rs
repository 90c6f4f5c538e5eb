//! Little-endian fields and checksums in the bytes of firmware tables: those of ACPI, and the
//! information of a Multiboot2 loader.
//!
//! Fields may be at any offset. A field that isn't completely inside the bytes is `None`.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

/// Returns the byte at `offset_bytes`, or `None` beyond the end of `bytes`.
pub fn read_u8(bytes: &[u8], offset_bytes: usize) -> Option<u8> {
    bytes.get(offset_bytes).copied()
}

/// Returns the 16 bits at `offset_bytes`, or `None` beyond the end of `bytes`.
pub fn read_u16(bytes: &[u8], offset_bytes: usize) -> Option<u16> {
    read(bytes, offset_bytes).map(u16::from_le_bytes)
}

/// Returns the 32 bits at `offset_bytes`, or `None` beyond the end of `bytes`.
pub fn read_u32(bytes: &[u8], offset_bytes: usize) -> Option<u32> {
    read(bytes, offset_bytes).map(u32::from_le_bytes)
}

/// Returns the 64 bits at `offset_bytes`, or `None` beyond the end of `bytes`.
pub fn read_u64(bytes: &[u8], offset_bytes: usize) -> Option<u64> {
    read(bytes, offset_bytes).map(u64::from_le_bytes)
}

/// Returns the `N` bytes at `offset_bytes`, or `None` beyond the end of `bytes`.
pub fn read<const N: usize>(bytes: &[u8], offset_bytes: usize) -> Option<[u8; N]> {
    bytes.get(offset_bytes..)?.first_chunk().copied()
}

/// Returns whether the sum of all bytes is 0, modulo 256.
///
/// Source: ACPI Specification 6.5, "System Description Table Header" and "Root System Description
/// Pointer (RSDP) Structure".
pub fn is_checksum_good(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: [u8; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 9];

    #[test]
    fn fields_are_little_endian_and_at_any_offset() {
        assert_eq!(read_u8(&BYTES, 8), Some(9));
        assert_eq!(read_u16(&BYTES, 7), Some(0x0908));
        assert_eq!(read_u32(&BYTES, 1), Some(0x0504_0302));
        assert_eq!(read_u64(&BYTES, 1), Some(0x0908_0706_0504_0302));
        assert_eq!(read(&BYTES, 6), Some([7, 8, 9]));
    }

    #[test]
    fn fields_that_reach_beyond_the_end_are_none() {
        assert_eq!(read_u8(&BYTES, 9), None);
        assert_eq!(read_u16(&BYTES, 8), None);
        assert_eq!(read_u32(&BYTES, 6), None);
        assert_eq!(read_u64(&BYTES, 2), None);
        assert_eq!(read_u64(&BYTES, usize::MAX), None);
        assert_eq!(read::<1>(&[], 0), None);
    }

    #[test]
    fn checksum_is_of_all_bytes() {
        assert!(is_checksum_good(&[]));
        assert!(is_checksum_good(&[0xFF, 2, 0xFF]));
        assert!(!is_checksum_good(&[0xFF, 2]));
    }
}
