//! Segment descriptors, decoded from their words in memory.
//!
//! Source: Intel SDM volume 3A, "Segment Descriptors", "Code- and Data-Segment
//! Descriptor Types", "System Descriptor Types".

/// The type of a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Code.
    Code {
        /// The code can be read as data.
        is_readable: bool,
        /// Less privileged code may call it.
        is_conforming: bool,
    },
    /// Data.
    Data {
        /// The data can be written.
        is_writable: bool,
        /// Offsets up to the limit are invalid, those above it are valid, as for a stack.
        is_expanding_down: bool,
    },
    /// A 64-bit task state segment that is not in use.
    TssAvailable,
    /// A 64-bit task state segment that a CPU uses.
    TssBusy,
    /// A local descriptor table.
    Ldt,
    /// A system descriptor of another type, which may be reserved.
    System(u8),
}

/// A descriptor of the GDT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// The address of the segment's start.
    pub base: u64,
    /// The last offset, in bytes.
    pub limit: u32,
    /// The type.
    pub kind: Kind,
    /// The privilege level, 0 to 3.
    pub dpl: u8,
    /// P: the segment can be used.
    pub is_present: bool,
    /// L: 64-bit code.
    pub is_long: bool,
    /// D/B: 32-bit, not 16-bit.
    pub is_32_bit: bool,
    /// A: the CPU has loaded the segment (code and data only).
    pub is_accessed: bool,
}

impl Descriptor {
    /// Decodes the 64-bit word of a selector; `None` if it is 0. `next` is the following
    /// word, which holds the upper half of a system segment's base.
    pub fn decode(word: u64, next: u64) -> Option<Self> {
        if word == 0 {
            return None;
        }
        let bit = |bit: u32| word >> bit & 1 == 1;
        let is_system = !bit(44);
        let kind = match (word >> 40) as u8 & 0xF {
            2 if is_system => Kind::Ldt,
            9 if is_system => Kind::TssAvailable,
            11 if is_system => Kind::TssBusy,
            other if is_system => Kind::System(other),
            _ if bit(43) => Kind::Code { is_readable: bit(41), is_conforming: bit(42) },
            _ => Kind::Data { is_writable: bit(41), is_expanding_down: bit(42) },
        };
        let low_base = word >> 16 & 0xFF_FFFF | word >> 32 & 0xFF00_0000;
        let limit = (word & 0xFFFF | word >> 32 & 0xF_0000) as u32;
        Some(Self {
            base: if is_wide(word) { low_base | next << 32 } else { low_base },
            limit: if bit(55) { limit << 12 | 0xFFF } else { limit },
            kind,
            dpl: (word >> 45) as u8 & 3,
            is_present: bit(47),
            is_long: bit(53),
            is_32_bit: bit(54),
            is_accessed: !is_system && bit(40),
        })
    }
}

/// Returns whether the descriptor that starts with `word` has two words: a system segment
/// that isn't null.
pub fn is_wide(word: u64) -> bool {
    word != 0 && word >> 44 & 1 == 0 && matches!(word >> 40 & 0xF, 2 | 9 | 11 | 12)
}
