//! Where the names of a large directory are, so that a search need not read all of them.

use alloc::vec::Vec;

use crate::fields::InodeNumber;

/// The most names; the table then has 4 MiB, or 8 MiB after many were removed.
const NAMES_MAX: usize = 1 << 18;
/// The slots of a new table.
const SLOTS_MIN: usize = 1 << 10;

/// Records begin at multiples of this number of bytes.
const RECORD_ALIGN: u64 = 4;
/// The bits of a slot for the place of a record, in units of [`RECORD_ALIGN`]. Those above them are for
/// the lower bits of the hash of its name.
const PLACE_BITS: u32 = 42;
const PLACE: u64 = (1 << PLACE_BITS) - 1;

const FREE: u64 = 0;
/// A slot that had a name, and that a search passes. No record is at 0: the volume's superblock is
/// before all of them.
const REMOVED: u64 = 1 << PLACE_BITS;

/// The names of one directory: a hash table, with open addressing, of the places of their records. It has
/// each record with a name, and nothing else: bytes at another place could look like a record.
#[derive(Debug)]
pub(crate) struct KnownNames {
    directory: InodeNumber,
    /// Their number is a power of two.
    slots: Vec<u64>,
    names: usize,
    /// The slots that are not free.
    used: usize,
}

/// The table has no room, for lack of memory or because there are too many names.
pub(crate) struct Full;

fn try_new_slots(count: usize) -> Result<Vec<u64>, Full> {
    let mut slots = Vec::new();
    slots.try_reserve_exact(count).map_err(|_| Full)?;
    slots.resize(count, FREE);
    Ok(slots)
}

/// Returns the upper bits of the slots for names with this hash, of which they have the lower bits.
fn upper(hash: u32) -> u64 {
    u64::from(hash) << PLACE_BITS
}

/// Returns the indexes of the slots in which a slot with these upper bits may be, in the order of a
/// search.
fn search_order(upper: u64, slots: usize) -> impl Iterator<Item = usize> {
    let first = ((upper >> PLACE_BITS) as u32).wrapping_mul(0x9E37_79B9) as usize;
    (0..slots).map(move |step| first.wrapping_add(step) & (slots - 1))
}

impl KnownNames {
    /// Makes the table of a directory without names.
    pub(crate) fn try_new(directory: InodeNumber) -> Result<Self, Full> {
        Ok(Self { directory, slots: try_new_slots(SLOTS_MIN)?, names: 0, used: 0 })
    }

    /// Returns the directory.
    pub(crate) fn directory(&self) -> InodeNumber {
        self.directory
    }

    /// Adds the record at `place`, in bytes, whose name has this hash, if it isn't there.
    pub(crate) fn add(&mut self, hash: u32, place: u64) -> Result<(), Full> {
        let place = place / RECORD_ALIGN;
        if place > PLACE {
            return Err(Full);
        }
        if self.used * 2 >= self.slots.len() {
            self.rebuild()?;
        }
        let slot = upper(hash) | place;
        match self.find(slot) {
            Ok(_) => {}
            Err(free) => {
                self.slots[free] = slot;
                self.names += 1;
                self.used += 1;
            }
        }
        Ok(())
    }

    /// Removes the record at `place`, in bytes, whose name has this hash, if it is there.
    pub(crate) fn remove(&mut self, hash: u32, place: u64) {
        if let Ok(at) = self.find(upper(hash) | (place / RECORD_ALIGN)) {
            self.slots[at] = REMOVED;
            self.names -= 1;
        }
    }

    /// Returns the index of a slot, or that of the first free one where it would be. One is free.
    fn find(&self, slot: u64) -> Result<usize, usize> {
        for at in search_order(slot & !PLACE, self.slots.len()) {
            if self.slots[at] == slot {
                return Ok(at);
            }
            if self.slots[at] == FREE {
                return Err(at);
            }
        }
        unreachable!("at most half of the slots are used")
    }

    /// Makes room for further names.
    fn rebuild(&mut self) -> Result<(), Full> {
        if self.names >= NAMES_MAX {
            return Err(Full);
        }
        let count = (4 * self.names).next_power_of_two().max(SLOTS_MIN);
        let old = core::mem::replace(&mut self.slots, try_new_slots(count)?);
        self.used = self.names;
        for slot in old.into_iter().filter(|slot| slot & PLACE != 0) {
            if let Err(free) = self.find(slot) {
                self.slots[free] = slot;
            }
        }
        Ok(())
    }

    /// Returns the places of the records that may have a name with this hash, in bytes; no other one has.
    pub(crate) fn places(&self, hash: u32) -> impl Iterator<Item = u64> {
        let upper = upper(hash);
        search_order(upper, self.slots.len())
            .map(|at| self.slots[at])
            .take_while(|slot| *slot != FREE)
            .filter(move |slot| slot & !PLACE == upper && slot & PLACE != 0)
            .map(|slot| (slot & PLACE) * RECORD_ALIGN)
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn places(known: &KnownNames, hash: u32) -> Vec<u64> {
        known.places(hash).collect()
    }

    #[test]
    fn places_of_equal_and_of_near_hashes_are_told_apart() {
        let mut known = KnownNames::try_new(InodeNumber(2)).ok().unwrap();
        let last = PLACE * RECORD_ALIGN;
        for (hash, place) in [(7, 4), (7, last), (7, 4), (8, 12), (1, 8)] {
            known.add(hash, place).ok().unwrap();
        }
        assert_eq!(places(&known, 7), [4, last]);
        assert_eq!((places(&known, 8), places(&known, 1)), (Vec::from([12]), Vec::from([8])));
        assert_eq!((places(&known, 9), known.names), (Vec::new(), 4));
        assert!(known.add(7, last + RECORD_ALIGN).is_err());
        // What follows a removed one is still found.
        known.remove(7, 4);
        known.remove(7, 8);
        known.remove(1, 8);
        assert_eq!(
            (places(&known, 7), places(&known, 1), known.names),
            ([last].into(), [].into(), 2)
        );
        known.add(7, 4).ok().unwrap();
        assert_eq!(places(&known, 7), [last, 4]);
    }

    #[test]
    fn table_grows_up_to_its_limit() {
        let mut known = KnownNames::try_new(InodeNumber(2)).ok().unwrap();
        let place = |number: u32| 4 + 4 * u64::from(number);
        let count = (0..).take_while(|number| known.add(*number, place(*number)).is_ok()).count();
        assert_eq!(count, NAMES_MAX);
        for number in [0, 99, 100, 54_321, NAMES_MAX as u32 - 1] {
            assert_eq!(places(&known, number), [place(number)]);
        }
        assert_eq!(places(&known, NAMES_MAX as u32), []);
    }

    #[test]
    fn removed_names_take_no_room_for_ever() {
        let mut known = KnownNames::try_new(InodeNumber(2)).ok().unwrap();
        known.add(5, 400).ok().unwrap();
        for number in 0..10 * SLOTS_MIN as u32 {
            known.add(number, 4).ok().unwrap();
            known.remove(number, 4);
        }
        assert_eq!((known.slots.len(), known.names), (SLOTS_MIN, 1));
        assert_eq!(places(&known, 5), [400]);
    }
}
