//! Memory types: the ways of caching memory.

/// A way of caching memory.
///
/// Source: Intel SDM volume 3A, "Memory Types That Can Be Encoded With PAT".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryType {
    /// UC: not cached, strictly ordered.
    Uncacheable,
    /// WC: not cached, writes are combined.
    WriteCombining,
    /// WT: cached, writes go to memory at once.
    WriteThrough,
    /// WP: reads are cached, writes are not.
    WriteProtected,
    /// WB: cached.
    WriteBack,
    /// UC-: not cached, unless an MTRR makes it write-combining.
    UncachedMinus,
    /// A reserved encoding.
    Reserved(u8),
}

impl MemoryType {
    /// Decodes a byte of PAT.
    pub fn from_byte(byte: u8) -> Self {
        match byte & 7 {
            0 => Self::Uncacheable,
            1 => Self::WriteCombining,
            4 => Self::WriteThrough,
            5 => Self::WriteProtected,
            6 => Self::WriteBack,
            7 => Self::UncachedMinus,
            other => Self::Reserved(other),
        }
    }

    /// Returns the manual's abbreviation.
    pub fn mnemonic(self) -> &'static str {
        match self {
            Self::Uncacheable => "UC",
            Self::WriteCombining => "WC",
            Self::WriteThrough => "WT",
            Self::WriteProtected => "WP",
            Self::WriteBack => "WB",
            Self::UncachedMinus => "UC-",
            Self::Reserved(_) => "reserved",
        }
    }
}

/// Decodes PAT: the memory type for each index, which a page table entry forms of its
/// bits PAT (4), PCD (2) and PWT (1).
pub fn page_attributes(pat: u64) -> [MemoryType; 8] {
    pat.to_le_bytes().map(MemoryType::from_byte)
}
