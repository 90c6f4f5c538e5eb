//! Directories: their entries, in slots of 32 bytes.

use ::volume::{Medium, Stage, VolumeError};

use crate::boot_sector::Root;
use crate::chain::Chain;
use crate::entry::{
    DIRECTORY, END, ENTRY_BYTES, LONG_NAME, LONG_NAME_MASK, REMOVED, ShortEntry, VOLUME_LABEL,
};
use crate::long_name::{LongName, PARTS_MAX};
use crate::name::{Name, long_chars};
use crate::short_name;
use crate::table::Table;

/// The most slots of a directory.
pub(crate) const SLOTS_MAX: u32 = 1 << 16;
/// The bytes that are read or written at once.
const BLOCK_BYTES: u32 = 512;

/// Where the bytes of a directory or file are.
pub(crate) enum Contents {
    /// The root directory of FAT12 and FAT16.
    Fixed {
        at: u64,
        len_bytes: u32,
    },
    Chain(Chain),
}

impl Contents {
    /// Returns the root directory.
    pub fn of_root(root: Root) -> Self {
        match root {
            Root::Fixed { at, len_bytes } => Self::Fixed { at, len_bytes },
            Root::Chain(first) => Self::Chain(Chain::new(Some(first))),
        }
    }

    /// Returns where the slot of a directory is; `None` after the last one.
    pub fn slot_at<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        slot: u32,
    ) -> Result<Option<u64>, VolumeError> {
        match self {
            Self::Fixed { at, len_bytes } => {
                let offset = u64::from(slot) * u64::from(ENTRY_BYTES);
                Ok((offset < u64::from(*len_bytes)).then_some(*at + offset))
            }
            Self::Chain(chain) => {
                let cluster_slots = table.geometry.cluster_bytes / ENTRY_BYTES;
                let cluster = chain.cluster(table, slot / cluster_slots)?;
                if slot >= SLOTS_MAX && cluster.is_some() {
                    return Err(VolumeError::Damaged("a directory is too large"));
                }
                let offset = u64::from(slot % cluster_slots * ENTRY_BYTES);
                Ok(cluster.map(|cluster| table.geometry.cluster_at(cluster) + offset))
            }
        }
    }

    /// Returns the size of a directory.
    pub fn len_bytes<M: Medium>(&mut self, table: &mut Table<M>) -> Result<u32, VolumeError> {
        match self {
            Self::Fixed { len_bytes, .. } => Ok(*len_bytes),
            Self::Chain(chain) => {
                let limit = SLOTS_MAX * ENTRY_BYTES / table.geometry.cluster_bytes;
                if chain.cluster(table, limit)?.is_some() {
                    return Err(VolumeError::Damaged("a directory is too large"));
                }
                Ok(chain.count(table)? * table.geometry.cluster_bytes)
            }
        }
    }
}

impl<M: Medium> Table<M> {
    /// Fills a cluster of a directory with zeros.
    pub fn write_zeros(&mut self, cluster: u32) -> Result<(), VolumeError> {
        let at = self.geometry.cluster_at(cluster);
        for offset in (0..self.geometry.cluster_bytes).step_by(BLOCK_BYTES as usize) {
            let zeros = [0; BLOCK_BYTES as usize];
            self.medium.write(Stage::First, at + u64::from(offset), &zeros)?;
        }
        Ok(())
    }
}

/// A slot of a directory.
pub(crate) struct Slot {
    pub index: u32,
    pub at: u64,
    pub bytes: [u8; ENTRY_BYTES as usize],
}

impl Slot {
    /// Returns whether the slot and all after it are free.
    pub fn is_end(&self) -> bool {
        self.bytes[0] == END
    }

    /// Returns whether the slot is free.
    pub fn is_free(&self) -> bool {
        matches!(self.bytes[0], END | REMOVED)
    }

    /// Returns whether it has a part of a long name.
    fn is_long(&self) -> bool {
        self.bytes[11] & LONG_NAME_MASK == LONG_NAME
    }

    /// Returns the entry of a file or a directory.
    pub fn short(&self) -> Option<ShortEntry> {
        let is_label = self.bytes[11] & VOLUME_LABEL != 0;
        (!self.is_free() && !is_label).then_some(ShortEntry(self.bytes))
    }
}

/// Reads the slots of a directory one after the other.
pub(crate) struct SlotReader {
    next: u32,
    block: [u8; BLOCK_BYTES as usize],
    /// The first slot of the block, its place, and its number of slots.
    loaded: Option<(u32, u64, u32)>,
}

impl SlotReader {
    pub fn new(first: u32) -> Self {
        Self { next: first, block: [0; BLOCK_BYTES as usize], loaded: None }
    }

    /// Returns the next slot; `None` at the end of the directory's room.
    pub fn next<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        contents: &mut Contents,
    ) -> Result<Option<Slot>, VolumeError> {
        let index = self.next;
        let within = |(first, _, count): &(u32, u64, u32)| (*first..first + count).contains(&index);
        let (first, block_at) = match self.loaded.filter(within) {
            Some((first, at, _)) => (first, at),
            None => {
                let first = index - index % (BLOCK_BYTES / ENTRY_BYTES);
                let Some(at) = contents.slot_at(table, first)? else {
                    return Ok(None);
                };
                let len_bytes = match contents {
                    Contents::Fixed { len_bytes, .. } => {
                        (*len_bytes - first * ENTRY_BYTES).min(BLOCK_BYTES)
                    }
                    Contents::Chain(_) => BLOCK_BYTES,
                };
                if index >= first + len_bytes / ENTRY_BYTES {
                    return Ok(None);
                }
                self.loaded = None;
                table.medium.read(at, &mut self.block[..len_bytes as usize])?;
                self.loaded = Some((first, at, len_bytes / ENTRY_BYTES));
                (first, at)
            }
        };
        let offset = (index - first) * ENTRY_BYTES;
        let bytes = *self.block[offset as usize..].first_chunk().expect("a block has whole slots");
        self.next += 1;
        Ok(Some(Slot { index, at: block_at + u64::from(offset), bytes }))
    }
}

/// An entry with its names.
pub(crate) struct Record {
    pub short: ShortEntry,
    /// The place of the entry with the short name: the last one of its slots.
    pub at: u64,
    pub slot: u32,
    /// The number of slots with parts of its long name.
    pub long_parts: u32,
}

/// Reads the entries of a directory one after the other, without `.` and `..`.
pub(crate) struct EntryReader {
    slots: SlotReader,
    first: u32,
    long: LongName,
}

impl EntryReader {
    /// Begins with the first entry whose short name is in `slot` or after it.
    pub fn new(slot: u32) -> Self {
        // Its long name is before that.
        let slots = SlotReader::new(slot.saturating_sub(PARTS_MAX as u32));
        Self { slots, first: slot, long: LongName::new() }
    }

    /// Returns the next entry.
    pub fn next<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        contents: &mut Contents,
    ) -> Result<Option<Record>, VolumeError> {
        // The long name of the entry before.
        self.long.clear();
        while let Some(slot) = self.slots.next(table, contents)? {
            if slot.is_end() {
                break;
            }
            if slot.is_long() && !slot.is_free() {
                self.long.add(&slot.bytes);
                continue;
            }
            match slot.short() {
                Some(short) if slot.index >= self.first && !short.is_dots() => {
                    let long_parts = self.long.of(short.name()).map_or(0, |(_, parts)| parts);
                    let long_parts = long_parts as u32;
                    return Ok(Some(Record { short, at: slot.at, slot: slot.index, long_parts }));
                }
                _ => self.long.clear(),
            }
        }
        Ok(None)
    }

    /// Calls `with` with the characters of the name of an entry that was just returned.
    pub fn with_name<T>(
        &self,
        record: &Record,
        with: impl FnOnce(&mut dyn Iterator<Item = char>) -> T,
    ) -> T {
        match self.long.of(record.short.name()) {
            // No path leads to these names.
            Some((units, _)) if !matches!(units, [0x2E] | [0x2E, 0x2E]) => {
                with(&mut long_chars(units))
            }
            _ => with(&mut short_name::chars(&record.short)),
        }
    }
}

/// Returns the entry with a name in a directory.
pub(crate) fn find<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    name: &Name<'_>,
) -> Result<Option<Record>, VolumeError> {
    let mut entries = EntryReader::new(0);
    while let Some(record) = entries.next(table, contents)? {
        if entries.with_name(&record, |chars| name.is(chars))
            || name.is(short_name::chars(&record.short))
        {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// Returns whether a directory has no entries.
pub(crate) fn is_empty<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
) -> Result<bool, VolumeError> {
    Ok(EntryReader::new(0).next(table, contents)?.is_none())
}

/// Returns the number of directories in a directory.
pub(crate) fn count_directories<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
) -> Result<u32, VolumeError> {
    let mut entries = EntryReader::new(0);
    let mut count = 0;
    while let Some(record) = entries.next(table, contents)? {
        count += u32::from(record.short.attributes() & DIRECTORY != 0);
    }
    Ok(count)
}
