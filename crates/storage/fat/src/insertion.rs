//! How directories get and lose entries.

use alloc::vec::Vec;

use ::volume::{Medium, Stage, VolumeError};

use crate::directory::{Contents, Record, SLOTS_MAX, SlotReader};
use crate::entry::{END, ENTRY_BYTES, REMOVED, ShortEntry};
use crate::long_name;
use crate::name::Name;
use crate::short_name::ShortName;
use crate::table::Table;

/// Adds an entry with the name `name`, which no entry has but perhaps the one at `own`, in a stage.
/// Returns the entry with its short name, and the place.
pub(crate) fn insert<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    name: &Name<'_>,
    entry: ShortEntry,
    own: Option<u64>,
    stage: Stage,
) -> Result<(ShortEntry, u64), VolumeError> {
    let mut short = ShortName::new(name.text);
    let long_parts = if short.is_exact() { 0 } else { long_name::parts(&name.units) as u32 };
    let room = find_room(table, contents, long_parts + 1, |other, at| {
        if own != Some(at) {
            short.note(other.name());
        }
    })?;
    let short = short.unused().ok_or(VolumeError::Exists)?;
    let mut entry = entry;
    entry.set_name(short);
    grow(table, contents, room.first + long_parts + 1)?;

    if room.is_at_end {
        end_after(table, contents, room.first, long_parts + 1)?;
    }
    if long_parts > 0 {
        let parts: Vec<_> = long_name::entries(&name.units, &short).collect();
        write_slots(table, contents, room.first, parts.as_flattened(), stage)?;
    }
    let at = slot_at(table, contents, room.first + long_parts)?;
    table.medium.write(stage, at, &entry.0)?;
    Ok((entry, at))
}

/// Removes an entry. What it refers to stays.
pub(crate) fn remove<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    record: &Record,
) -> Result<(), VolumeError> {
    table.medium.write(Stage::Last, record.at, &[REMOVED])?;
    for slot in record.slot.saturating_sub(record.long_parts)..record.slot {
        let at = slot_at(table, contents, slot)?;
        table.medium.write(Stage::Last, at, &[REMOVED])?;
    }
    Ok(())
}

/// Free slots for an entry, which may go beyond the directory's present room.
struct Room {
    first: u32,
    /// Whether the last one is after all entries.
    is_at_end: bool,
}

/// Finds `count` free slots that follow each other. Calls `note` with the other entries.
fn find_room<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    count: u32,
    mut note: impl FnMut(&ShortEntry, u64),
) -> Result<Room, VolumeError> {
    let mut slots = SlotReader::new(0);
    let (mut found, mut free, mut end) = (None, 0, 0);
    while let Some(slot) = slots.next(table, contents)? {
        if slot.is_end() {
            break;
        }
        end = slot.index + 1;
        free = if slot.is_free() { free + 1 } else { 0 };
        if free == count && found.is_none() {
            found = Some(Room { first: end - count, is_at_end: false });
        }
        if let Some(short) = slot.short() {
            note(&short, slot.at);
        }
    }
    Ok(found.unwrap_or(Room { first: end - free, is_at_end: true }))
}

/// Makes the room of a directory `slots` slots large, if it is smaller.
fn grow<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    slots: u32,
) -> Result<(), VolumeError> {
    if slots > SLOTS_MAX {
        return Err(VolumeError::NoSpace);
    }
    while contents.slot_at(table, slots - 1)?.is_none() {
        match contents {
            Contents::Fixed { .. } => return Err(VolumeError::NoSpace),
            Contents::Chain(chain) => chain.extend_with_zeros(table)?,
        }
    }
    Ok(())
}

/// Makes the slots after the one at `first` end the directory, so that what is in them doesn't become
/// visible when `count` slots from `first` on are written.
fn end_after<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    first: u32,
    count: u32,
) -> Result<(), VolumeError> {
    for slot in first + 1..(first + count + 1).min(SLOTS_MAX) {
        let Some(at) = contents.slot_at(table, slot)? else {
            break;
        };
        let mut byte = [0];
        table.medium.read(at, &mut byte)?;
        if !matches!(byte[0], END | REMOVED) {
            table.medium.write(Stage::First, at, &[END])?;
        }
    }
    Ok(())
}

/// Writes entries to slots that exist.
fn write_slots<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    first: u32,
    entries: &[u8],
    stage: Stage,
) -> Result<(), VolumeError> {
    // Slots of one block are in one cluster.
    const BLOCK_SLOTS: u32 = 512 / ENTRY_BYTES;
    let (mut slot, mut left) = (first, entries);
    while !left.is_empty() {
        let at = slot_at(table, contents, slot)?;
        let count = BLOCK_SLOTS - slot % BLOCK_SLOTS;
        let (now, later) = left.split_at(left.len().min((count * ENTRY_BYTES) as usize));
        table.medium.write(stage, at, now)?;
        (slot, left) = (slot + count, later);
    }
    Ok(())
}

/// Returns where a slot is that exists.
fn slot_at<M: Medium>(
    table: &mut Table<M>,
    contents: &mut Contents,
    slot: u32,
) -> Result<u64, VolumeError> {
    contents.slot_at(table, slot)?.ok_or(VolumeError::Damaged("a directory has become shorter"))
}
