//! In which blocks of a large directory its names are, so that a search need not read all of them.

use alloc::vec::Vec;

use crate::fields::InodeNumber;

/// The most blocks with names; the table then has 4 MiB.
const PLACES_MAX: usize = 1 << 18;
/// The slots of a new table.
const SLOTS_MIN: usize = 1 << 10;

/// The names of one directory: a hash table, with open addressing, of the blocks that have them. A block
/// may have lost a name again, but each block that has one is there.
#[derive(Debug)]
pub(crate) struct KnownNames {
    directory: InodeNumber,
    /// The hash of a name in the upper half, and in the lower one the index of a block of the
    /// directory, plus 1; 0 if a slot is free. Their number is a power of two.
    slots: Vec<u64>,
    used: usize,
}

/// The table has no room, for lack of memory or because there are too many names.
pub(crate) struct Full;

fn try_new_slots(count: usize) -> Result<Vec<u64>, Full> {
    let mut slots = Vec::new();
    slots.try_reserve_exact(count).map_err(|_| Full)?;
    slots.resize(count, 0);
    Ok(slots)
}

/// Returns the slots in which a hash may be, in the order of a search.
fn search_order(hash: u32, slots: usize) -> impl Iterator<Item = usize> {
    let first = hash.wrapping_mul(0x9E37_79B9) as usize;
    (0..slots).map(move |step| first.wrapping_add(step) & (slots - 1))
}

impl KnownNames {
    /// Makes the table of a directory without names.
    pub(crate) fn try_new(directory: InodeNumber) -> Result<Self, Full> {
        Ok(Self { directory, slots: try_new_slots(SLOTS_MIN)?, used: 0 })
    }

    /// Returns the directory.
    pub(crate) fn directory(&self) -> InodeNumber {
        self.directory
    }

    /// Adds a block that has a name with this hash, if it isn't there.
    pub(crate) fn add(&mut self, hash: u32, block: u32) -> Result<(), Full> {
        let slot = u64::from(hash) << 32 | (u64::from(block) + 1);
        if self.used * 2 >= self.slots.len() {
            self.grow()?;
        }
        if put(&mut self.slots, slot) {
            self.used += 1;
        }
        Ok(())
    }

    fn grow(&mut self) -> Result<(), Full> {
        if self.used >= PLACES_MAX {
            return Err(Full);
        }
        let mut slots = try_new_slots(2 * self.slots.len())?;
        for slot in self.slots.iter().filter(|slot| **slot != 0) {
            put(&mut slots, *slot);
        }
        self.slots = slots;
        Ok(())
    }

    /// Returns the blocks that may have a name with this hash; no other one has.
    pub(crate) fn blocks(&self, hash: u32) -> impl Iterator<Item = u64> {
        search_order(hash, self.slots.len())
            .map(|at| self.slots[at])
            .take_while(|slot| *slot != 0)
            .filter(move |slot| slot >> 32 == u64::from(hash))
            .map(|slot| (slot & u64::from(u32::MAX)) - 1)
    }
}

/// Puts a slot into the table, which has a free one. Returns whether it is new.
fn put(slots: &mut [u64], slot: u64) -> bool {
    for at in search_order((slot >> 32) as u32, slots.len()) {
        if slots[at] == slot {
            return false;
        }
        if slots[at] == 0 {
            slots[at] = slot;
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn blocks(known: &KnownNames, hash: u32) -> Vec<u64> {
        known.blocks(hash).collect()
    }

    #[test]
    fn blocks_of_equal_and_of_near_hashes_are_told_apart() {
        let mut known = KnownNames::try_new(InodeNumber(2)).ok().unwrap();
        for (hash, block) in [(7, 0), (7, u32::MAX - 1), (7, 0), (8, 3), (0, 0)] {
            known.add(hash, block).ok().unwrap();
        }
        assert_eq!(blocks(&known, 7), [0, u64::from(u32::MAX) - 1]);
        assert_eq!((blocks(&known, 8), blocks(&known, 0)), (Vec::from([3]), Vec::from([0])));
        assert_eq!((blocks(&known, 9), known.used), (Vec::new(), 4));
    }

    #[test]
    fn table_grows_up_to_its_limit() {
        let mut known = KnownNames::try_new(InodeNumber(2)).ok().unwrap();
        let count = (0..).take_while(|number| known.add(*number, number / 100).is_ok()).count();
        assert_eq!(count, PLACES_MAX);
        for number in [0, 99, 100, 54_321, PLACES_MAX as u32 - 1] {
            assert_eq!(blocks(&known, number), [u64::from(number / 100)]);
        }
        assert_eq!(blocks(&known, PLACES_MAX as u32), []);
    }
}
