//! The map compared with a naive model, and edge cases.

extern crate std;

use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const KINDS: [Kind; 8] = [
    Kind::Usable,
    Kind::Kernel,
    Kind::Loader,
    Kind::AcpiReclaimable,
    Kind::AcpiNvs,
    Kind::Device,
    Kind::Reserved,
    Kind::Defective,
];
/// The size of the model's memory, in bytes.
const SPACE_BYTES: u64 = 512;
/// The base at which the model's memory ends at `u64::MAX`.
const TOP: u64 = u64::MAX - SPACE_BYTES;
/// More regions than the model's memory can need.
const REGIONS: usize = SPACE_BYTES as usize;
/// The arguments of a call of `add`.
type Add = (u64, u64, Kind);

/// A naive map: one kind for each byte, from the physical address `base` on.
#[derive(Clone)]
struct Model {
    base: u64,
    bytes: Vec<Option<Kind>>,
}

impl Model {
    fn new(base: u64) -> Self {
        Self { base, bytes: vec![None; SPACE_BYTES as usize] }
    }

    fn add(&mut self, (start, len_bytes, kind): Add) {
        for (address, byte) in (u128::from(self.base)..).zip(&mut self.bytes) {
            let start = u128::from(start);
            if start <= address && address < start + u128::from(len_bytes) {
                *byte = (*byte).max(Some(kind));
            }
        }
    }

    fn kind_at(&self, address: u64) -> Option<Kind> {
        let index = address.checked_sub(self.base)?;
        *self.bytes.get(index as usize)?
    }

    fn addresses(&self) -> impl Iterator<Item = u64> {
        self.base..self.base + SPACE_BYTES
    }

    fn regions(&self) -> Vec<Region> {
        let mut regions: Vec<Region> = Vec::new();
        for address in self.addresses() {
            let Some(kind) = self.kind_at(address) else { continue };
            match regions.last_mut() {
                Some(last) if last.end == address && last.kind == kind => last.end += 1,
                _ => regions.push(Region { start: address, end: address + 1, kind }),
            }
        }
        regions
    }

    /// Returns the ranges of whole frames in which every byte is of a wanted kind.
    fn frames(&self, frame_bytes: u64, is_wanted: fn(Kind) -> bool) -> Vec<(u64, u64)> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for start in self.addresses().filter(|address| address % frame_bytes == 0) {
            let is_wanted_at = |offset| {
                let kind = start.checked_add(offset).and_then(|address| self.kind_at(address));
                kind.is_some_and(is_wanted)
            };
            if !(0..frame_bytes).all(is_wanted_at) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.1 == start => last.1 += frame_bytes,
                _ => ranges.push((start, start + frame_bytes)),
            }
        }
        ranges
    }
}

/// Returns a base of the model's memory, and ranges in it; those at `TOP` may exceed it.
fn base_and_adds() -> impl Strategy<Value = (u64, Vec<Add>)> {
    let base = prop::sample::select(vec![0, 1, 0x1000, (1 << 40) + 13, TOP]);
    let len_bytes = prop_oneof![
        4 => 0..24_u64,
        2 => 0..=SPACE_BYTES,
        1 => Just(u64::MAX),
    ];
    let range = (0..=SPACE_BYTES, len_bytes, prop::sample::select(KINDS.to_vec()));
    (base, prop::collection::vec(range, 0..32)).prop_map(|(base, ranges)| {
        let is_cut = base != TOP;
        let adds = ranges.into_iter().map(|(offset, len_bytes, kind)| {
            let room_bytes = if is_cut { SPACE_BYTES - offset } else { u64::MAX };
            (base + offset, len_bytes.min(room_bytes), kind)
        });
        (base, adds.collect())
    })
}

/// Makes a map whose storage is leaked.
fn new_map(regions: usize) -> MemoryMap<'static> {
    MemoryMap::new(Vec::leak(vec![Region::EMPTY; regions]))
}

/// Makes a map with the storage that `storage_needed` returns.
fn map_of(adds: &[Add]) -> MemoryMap<'static> {
    let mut map = new_map(storage_needed(adds.len()));
    for &(start, len_bytes, kind) in adds {
        map.add(start, len_bytes, kind).expect("there is room");
    }
    map
}

fn region(start: u64, end: u64, kind: Kind) -> Region {
    Region { start, end, kind }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn map_is_equal_to_the_model_after_each_add((base, adds) in base_and_adds()) {
        let mut map = new_map(REGIONS);
        let mut model = Model::new(base);
        for add in adds {
            prop_assert_eq!(map.add(add.0, add.1, add.2), Ok(()));
            model.add(add);
            prop_assert_eq!(map.regions(), model.regions());
        }
    }

    #[test]
    fn regions_stay_sorted_disjoint_merged_and_non_empty((_, adds) in base_and_adds()) {
        let mut map = new_map(REGIONS);
        for (start, len_bytes, kind) in adds {
            prop_assert_eq!(map.add(start, len_bytes, kind), Ok(()));
            prop_assert!(map.regions().iter().all(|region| region.start < region.end));
            for pair in map.regions().windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
                prop_assert!(pair[0].end < pair[1].start || pair[0].kind != pair[1].kind);
            }
        }
    }

    #[test]
    fn queries_agree_with_the_model((base, adds) in base_and_adds()) {
        let map = map_of(&adds);
        let mut model = Model::new(base);
        adds.into_iter().for_each(|add| model.add(add));
        for address in base.saturating_sub(2)..=base.saturating_add(SPACE_BYTES + 2) {
            prop_assert_eq!(map.kind_at(address), model.kind_at(address));
        }
        for kind in KINDS {
            let total = model.bytes.iter().filter(|byte| **byte == Some(kind)).count();
            prop_assert_eq!(map.total_bytes(kind), total as u64);
        }
        let is_ram = |address: &u64| model.kind_at(*address).is_some_and(|kind| kind < Kind::Device);
        for start in (base..base + SPACE_BYTES).step_by(7) {
            for end in (start..base + SPACE_BYTES).step_by(41) {
                prop_assert_eq!(map.is_ram(start, end), (start..end).all(|at| is_ram(&at)));
            }
        }
        let end = model.addresses().filter(is_ram).last().map_or(0, |address| address + 1);
        prop_assert_eq!(map.end_of_memory(), end);
    }

    #[test]
    fn frames_are_those_of_the_model((base, adds) in base_and_adds(), keep in 0..4) {
        // Most ranges are usable; otherwise there is rarely a whole frame.
        let adds: Vec<Add> = (0..)
            .zip(adds)
            .map(|(i, add)| if i % 4 < keep { (add.0, add.1, Kind::Usable) } else { add })
            .collect();
        let map = map_of(&adds);
        let mut model = Model::new(base);
        adds.into_iter().for_each(|add| model.add(add));
        for frame_bytes in [1, 4, 16] {
            let usable: Vec<_> = map.usable_frames(frame_bytes).collect();
            prop_assert_eq!(usable, model.frames(frame_bytes, |kind| kind == Kind::Usable));
            let ram: Vec<_> = map.ram_frames(frame_bytes).collect();
            prop_assert_eq!(ram, model.frames(frame_bytes, Kind::is_ram));
        }
    }

    #[test]
    fn order_of_adds_does_not_matter(
        (adds, shuffled) in base_and_adds()
            .prop_flat_map(|(_, adds)| (Just(adds.clone()), Just(adds).prop_shuffle()))
    ) {
        let maps = [map_of(&adds), map_of(&shuffled)];
        prop_assert_eq!(maps[0].regions(), maps[1].regions());
    }

    #[test]
    fn full_map_stays_unchanged((base, adds) in base_and_adds()) {
        let mut map = new_map(6);
        let mut model = Model::new(base);
        for add in adds {
            let mut wanted = model.clone();
            wanted.add(add);
            match map.add(add.0, add.1, add.2) {
                Ok(()) => model = wanted,
                // An addition temporarily needs a few more regions than the map has at the
                // end.
                Err(Full) => prop_assert!(wanted.regions().len() > 2 || model.regions().len() > 2),
            }
            prop_assert_eq!(map.regions(), model.regions());
        }
    }

    #[test]
    fn find_room_returns_the_lowest_free_room(
        len_bytes in 0..40_u64,
        align_bytes in prop::sample::select(vec![1, 2, 8]),
        ranges in prop::collection::vec((any::<bool>(), 0..SPACE_BYTES, 0..60_u64), 0..12),
    ) {
        let of = |is_free| {
            let ranges = ranges.iter().filter(move |range| range.0 == is_free);
            ranges.map(|&(_, start, len)| start..start + len)
        };
        let is_room = |start: &u64| {
            let room = *start..start + len_bytes;
            of(true).any(|free| free.start <= room.start && room.end <= free.end)
                && !of(false).any(|taken| taken.start < room.end && room.start < taken.end)
        };
        let expected = (0..=2 * SPACE_BYTES).step_by(align_bytes as usize).find(is_room);
        prop_assert_eq!(find_room(len_bytes, align_bytes, of(true), of(false)), expected);
    }
}

#[test]
fn thousands_of_holes_fit() {
    let holes: Vec<Add> = (0..5000).map(|index| (index * 8192, 4096, Kind::Defective)).collect();
    let mut adds = vec![(0, 5000 * 8192, Kind::Usable)];
    adds.extend(holes);
    let map = map_of(&adds);
    assert_eq!(map.regions().len(), 10_000);
    assert_eq!(map.total_bytes(Kind::Usable), 5000 * 4096);
}

#[test]
fn find_room_finds_room_near_the_last_address() {
    let all = || core::iter::once(0..u64::MAX);
    assert_eq!(find_room(1, 8, all(), core::iter::once(0..u64::MAX - 3)), None);
    assert_eq!(find_room(u64::MAX, 4096, all(), core::iter::empty()), Some(0));
    assert_eq!(find_room(u64::MAX, 4096, all(), core::iter::once(0..1)), None);
}

#[test]
fn kinds_are_ordered_from_least_to_most_reserved() {
    assert!(KINDS.is_sorted_by(|a, b| a < b));
}

#[test]
fn empty_map_has_nothing() {
    let map = new_map(REGIONS);
    assert_eq!(map.regions(), []);
    assert_eq!(map.kind_at(0), None);
    assert_eq!(map.total_bytes(Kind::Usable), 0);
    assert_eq!(map.usable_frames(4096).count(), 0);
    assert_eq!(map.end_of_memory(), 0);
}

#[test]
fn zero_length_changes_nothing_even_in_a_full_map() {
    let mut map = new_map(1);
    map.add(0, 10, Kind::Usable).expect("there is room");
    for start in [0, 5, 10, 20, u64::MAX] {
        assert_eq!(map.add(start, 0, Kind::Reserved), Ok(()));
    }
    assert_eq!(map.regions(), [region(0, 10, Kind::Usable)]);
}

#[test]
fn range_past_the_last_address_is_truncated() {
    let map = map_of(&[(u64::MAX - 5, u64::MAX, Kind::Usable), (u64::MAX, 1, Kind::Kernel)]);
    assert_eq!(map.regions(), [region(u64::MAX - 5, u64::MAX, Kind::Usable)]);
    assert_eq!(map.usable_frames(1 << 63).count(), 0);

    let whole = map_of(&[(0, u64::MAX, Kind::Usable)]);
    assert_eq!(whole.total_bytes(Kind::Usable), u64::MAX);
    assert!(whole.usable_frames(4096).eq([(0, u64::MAX - 4095)]));
}

#[test]
fn exact_duplicate_takes_the_more_reserved_kind() {
    for kinds in [[Kind::Usable, Kind::Defective], [Kind::Defective, Kind::Usable]] {
        let map = map_of(&kinds.map(|kind| (8, 8, kind)));
        assert_eq!(map.regions(), [region(8, 16, Kind::Defective)]);
    }
}

#[test]
fn contained_range_splits_only_a_less_reserved_one() {
    let outer = (0, 30, Kind::Kernel);
    let map = map_of(&[outer, (10, 10, Kind::Usable)]);
    assert_eq!(map.regions(), [region(0, 30, Kind::Kernel)]);
    let map = map_of(&[outer, (10, 10, Kind::Device)]);
    let expected = [(0, 10, Kind::Kernel), (10, 20, Kind::Device), (20, 30, Kind::Kernel)]
        .map(|r| region(r.0, r.1, r.2));
    assert_eq!(map.regions(), expected);
}

#[test]
fn containing_range_fills_the_gaps_around_more_reserved_ranges() {
    let map = map_of(&[(10, 10, Kind::Device), (40, 10, Kind::Usable), (0, 60, Kind::Loader)]);
    let expected = [(0, 10, Kind::Loader), (10, 20, Kind::Device), (20, 60, Kind::Loader)]
        .map(|r| region(r.0, r.1, r.2));
    assert_eq!(map.regions(), expected);
}

#[test]
#[should_panic(expected = "a frame of 24 bytes")]
fn frame_size_must_be_a_power_of_two() {
    drop(new_map(REGIONS).usable_frames(24));
}
