//! Little-endian fields at any offset of a slice.

/// Returns the byte at `offset_bytes`; `None` if `bytes` ends before.
pub(crate) fn read_u8(bytes: &[u8], offset_bytes: usize) -> Option<u8> {
    bytes.get(offset_bytes).copied()
}

/// Returns the 16-bit number at `offset_bytes`; `None` if `bytes` ends before.
pub(crate) fn read_u16(bytes: &[u8], offset_bytes: usize) -> Option<u16> {
    bytes.get(offset_bytes..)?.first_chunk().map(|field| u16::from_le_bytes(*field))
}

/// Returns the 32-bit number at `offset_bytes`; `None` if `bytes` ends before.
pub(crate) fn read_u32(bytes: &[u8], offset_bytes: usize) -> Option<u32> {
    bytes.get(offset_bytes..)?.first_chunk().map(|field| u32::from_le_bytes(*field))
}

/// Returns the 64-bit number at `offset_bytes`; `None` if `bytes` ends before.
pub(crate) fn read_u64(bytes: &[u8], offset_bytes: usize) -> Option<u64> {
    bytes.get(offset_bytes..)?.first_chunk().map(|field| u64::from_le_bytes(*field))
}
