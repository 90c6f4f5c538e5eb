//! Long names: UTF-16, in parts of 13 units, each in an entry of its own before the short one.

use crate::entry::{ENTRY_BYTES, LONG_NAME};

/// The units of a part.
const PART_UNITS: usize = 13;
/// Where the units of a part are.
const UNITS_AT: [usize; PART_UNITS] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
/// The flag in the number of the last part, which comes first.
const LAST_PART: u8 = 0x40;
pub(crate) const PARTS_MAX: usize = 20;
/// The longest name.
pub(crate) const UNITS_MAX: usize = 255;

/// The parts of a long name that were read, from the last one on.
pub(crate) struct LongName {
    units: [u16; PARTS_MAX * PART_UNITS],
    parts: usize,
    /// The number of parts that have to follow.
    missing: usize,
    checksum: u8,
}

impl LongName {
    pub const fn new() -> Self {
        Self { units: [0; PARTS_MAX * PART_UNITS], parts: 0, missing: 0, checksum: 0 }
    }

    /// Drops the parts.
    pub fn clear(&mut self) {
        self.parts = 0;
    }

    /// Adds a part. If it doesn't follow the parts before it, drops them.
    pub fn add(&mut self, entry: &[u8; ENTRY_BYTES as usize]) {
        let number = usize::from(entry[0] & !LAST_PART);
        let checksum = entry[13];
        if entry[0] & LAST_PART != 0 && (1..=PARTS_MAX).contains(&number) {
            (self.parts, self.missing, self.checksum) = (number, number, checksum);
        }
        if self.parts == 0 || number == 0 || number != self.missing || checksum != self.checksum {
            self.clear();
            return;
        }
        self.missing = number - 1;
        for (unit, at) in self.units[(number - 1) * PART_UNITS..].iter_mut().zip(UNITS_AT) {
            *unit = u16::from_le_bytes([entry[at], entry[at + 1]]);
        }
    }

    /// Returns the name of the short entry that follows, with its number of parts, if all parts are
    /// there.
    pub fn of(&self, short: &[u8; 11]) -> Option<(&[u16], usize)> {
        if self.parts == 0 || self.missing != 0 || self.checksum != checksum(short) {
            return None;
        }
        let units = &self.units[..self.parts * PART_UNITS];
        let len = units.iter().position(|&unit| unit == 0).unwrap_or(units.len());
        (1..=UNITS_MAX).contains(&len).then_some((&units[..len], self.parts))
    }
}

/// Returns the number of parts of a name.
pub(crate) fn parts(units: &[u16]) -> usize {
    units.len().div_ceil(PART_UNITS)
}

/// Returns the entries for a name, in the order in which they are in a directory.
pub(crate) fn entries(
    units: &[u16],
    short: &[u8; 11],
) -> impl Iterator<Item = [u8; ENTRY_BYTES as usize]> {
    let checksum = checksum(short);
    units.chunks(PART_UNITS).enumerate().rev().map(move |(index, part)| {
        let mut entry = [0; ENTRY_BYTES as usize];
        let is_last = (index + 1) * PART_UNITS >= units.len();
        entry[0] = (index + 1) as u8 | if is_last { LAST_PART } else { 0 };
        entry[11] = LONG_NAME;
        entry[13] = checksum;
        // A zero ends the name, and the rest is filled with ones.
        let padded = part.iter().copied().chain([0]).chain(core::iter::repeat(0xFFFF));
        for (unit, at) in padded.zip(UNITS_AT) {
            entry[at..at + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry
    })
}

/// Returns the checksum of a short name, which each part of its long name has.
pub(crate) fn checksum(short: &[u8; 11]) -> u8 {
    short.iter().fold(0_u8, |sum, &byte| sum.rotate_right(1).wrapping_add(byte))
}
