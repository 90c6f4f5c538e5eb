//! Little-endian fields at any offset of a slice.

pub(crate) fn read_u8(bytes: &[u8], offset_bytes: usize) -> Option<u8> {
    bytes.get(offset_bytes).copied()
}

pub(crate) fn read_u16(bytes: &[u8], offset_bytes: usize) -> Option<u16> {
    read(bytes, offset_bytes).map(u16::from_le_bytes)
}

pub(crate) fn read_u32(bytes: &[u8], offset_bytes: usize) -> Option<u32> {
    read(bytes, offset_bytes).map(u32::from_le_bytes)
}

pub(crate) fn read_u64(bytes: &[u8], offset_bytes: usize) -> Option<u64> {
    read(bytes, offset_bytes).map(u64::from_le_bytes)
}

/// Returns the `N` bytes at `offset_bytes`; `None` if `bytes` ends before.
pub(crate) fn read<const N: usize>(bytes: &[u8], offset_bytes: usize) -> Option<[u8; N]> {
    bytes.get(offset_bytes..)?.first_chunk().copied()
}
