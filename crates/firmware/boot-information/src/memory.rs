//! The loader's map of physical memory.

use crate::bytes::{read_u32, read_u64};

/// A range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// The first physical address.
    pub start: u64,
    /// The length in bytes.
    pub len_bytes: u64,
    /// What may be done with it.
    pub kind: MemoryKind,
}

/// What may be done with a range of physical memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// Free for the kernel.
    Available,
    /// Not memory, or the firmware's.
    Reserved,
    /// ACPI tables; free once they were read.
    AcpiReclaimable,
    /// To be kept over hibernation.
    AcpiNvs,
    /// Broken RAM.
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

/// The size and version of entries, before the first.
const HEAD_BYTES: usize = 8;
/// The size of an entry's fields. Later versions may append some.
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
    /// A map of nothing.
    pub const NONE: Self = Self { entries: &[], entry_bytes: ENTRY_BYTES_MIN };

    /// Reads a tag's payload; `None` if its sizes don't suit.
    pub(crate) fn read(payload: &'a [u8]) -> Option<Self> {
        let entry_bytes = read_u32(payload, 0)? as usize;
        let entries = payload.get(HEAD_BYTES..)?;
        let is_sound = entry_bytes >= ENTRY_BYTES_MIN && entries.len().is_multiple_of(entry_bytes);
        is_sound.then_some(Self { entries, entry_bytes })
    }

    /// Returns the regions in the loader's order: not sorted, may overlap.
    pub fn iter(self) -> impl Iterator<Item = MemoryRegion> + Clone + use<'a> {
        self.entries.chunks_exact(self.entry_bytes).filter_map(|entry| {
            Some(MemoryRegion {
                start: read_u64(entry, 0)?,
                len_bytes: read_u64(entry, 8)?,
                kind: MemoryKind::of_number(read_u32(entry, 16)?),
            })
        })
    }

    /// Returns how many regions there are.
    pub fn len(self) -> usize {
        self.entries.len() / self.entry_bytes
    }

    /// Returns whether there is no region.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the sum of the regions of [`MemoryKind::Available`], in bytes.
    pub fn available_bytes(self) -> u64 {
        self.iter()
            .filter(|region| region.kind == MemoryKind::Available)
            .fold(0, |sum, region| sum.saturating_add(region.len_bytes))
    }
}
