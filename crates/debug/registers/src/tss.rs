//! The 64-bit task state segment.
//!
//! Source: Intel SDM volume 3A, "Task Management in 64-bit Mode".

/// The length in bytes, without an I/O map.
pub const TSS_BYTES: usize = 104;

/// A task state segment, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tss {
    /// The stack pointers for rings 0 to 2.
    pub rsp: [u64; 3],
    /// The interrupt stack table: its entries 1 to 7.
    pub ist: [u64; 7],
    /// The offset of the I/O map; beyond the segment's limit if there is none.
    pub io_map_base: u16,
}

impl Tss {
    /// Decodes the segment's bytes.
    pub fn decode(bytes: &[u8; TSS_BYTES]) -> Self {
        let word = |offset: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[offset..offset + 8]);
            u64::from_le_bytes(word)
        };
        Self {
            rsp: core::array::from_fn(|index| word(4 + 8 * index)),
            ist: core::array::from_fn(|index| word(36 + 8 * index)),
            io_map_base: u16::from_le_bytes([bytes[102], bytes[103]]),
        }
    }
}
