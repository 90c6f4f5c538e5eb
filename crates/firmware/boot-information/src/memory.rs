//! The loader's map of physical memory.

use table_bytes::{read_u32, read_u64};

/// A range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// The first physical address.
    pub start: u64,
    /// The length in bytes.
    pub len_bytes: u64,
    /// Its use.
    pub kind: MemoryKind,
}

/// The use of a range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Free for the kernel.
    Available,
    /// No memory, or memory of the firmware.
    Reserved,
    /// ACPI tables; free after they have been read.
    AcpiReclaimable,
    /// Must be preserved during hibernation.
    AcpiNvs,
    /// Defective RAM.
    Defective,
    /// A type that the specification doesn't name.
    Other(u32),
}

impl MemoryKind {
    fn of_number(number: u32) -> Self {
        match number {
            1 => Self::Available,
            2 => Self::Reserved,
            3 => Self::AcpiReclaimable,
            4 => Self::AcpiNvs,
            5 => Self::Defective,
            other => Self::Other(other),
        }
    }
}

/// The tag's head before the first entry: the size and the version of entries.
const HEAD_BYTES: usize = 8;
/// The size of an entry's fields. Later versions may have more.
const ENTRY_BYTES_MIN: usize = 24;

/// The memory map, entry by entry. Iterating is cheap and can be repeated.
#[derive(Clone, Copy, Debug)]
pub struct MemoryRegions<'a> {
    entries: &'a [u8],
    entry_bytes: usize,
}

impl Default for MemoryRegions<'_> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<'a> MemoryRegions<'a> {
    /// An empty map.
    pub const NONE: Self = Self { entries: &[], entry_bytes: ENTRY_BYTES_MIN };

    /// Reads a tag's payload; `None` if the size of entries is impossible.
    pub(crate) fn read(payload: &'a [u8]) -> Option<Self> {
        let entry_bytes = read_u32(payload, 0)? as usize;
        let entries = payload.get(HEAD_BYTES..)?;
        let is_sound = entry_bytes >= ENTRY_BYTES_MIN && entries.len().is_multiple_of(entry_bytes);
        is_sound.then_some(Self { entries, entry_bytes })
    }

    /// Returns the regions in the loader's order; they may overlap.
    pub fn iter(self) -> impl Iterator<Item = MemoryRegion> + Clone + use<'a> {
        self.entries.chunks_exact(self.entry_bytes).filter_map(|entry| {
            Some(MemoryRegion {
                start: read_u64(entry, 0)?,
                len_bytes: read_u64(entry, 8)?,
                kind: MemoryKind::of_number(read_u32(entry, 16)?),
            })
        })
    }

    /// Returns the number of regions.
    pub fn len(self) -> usize {
        self.entries.len() / self.entry_bytes
    }

    /// Returns whether there is no region.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the sum of the lengths of all [`MemoryKind::Available`] regions, in bytes.
    pub fn available_bytes(self) -> u64 {
        self.iter()
            .filter(|region| region.kind == MemoryKind::Available)
            .fold(0, |sum, region| sum.saturating_add(region.len_bytes))
    }
}
