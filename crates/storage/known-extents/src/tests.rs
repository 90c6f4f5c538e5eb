//! The list beside a model that has the place of each byte.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const BYTES: u64 = 64;

/// Returns what the model knows from `offset` on.
fn find(model: &BTreeMap<u64, u64>, offset: u64) -> Option<Piece> {
    let place = *model.get(&offset)?;
    let follows = |index: &u64| model.get(&(offset + index)) == Some(&(place + index));
    Some(Piece { place, len_bytes: (0..).take_while(follows).count() as u64 })
}

proptest! {
    #[test]
    fn list_finds_what_the_model_finds(
        // Few distances from the file to the disk, so that many extents are in line.
        added in prop::collection::vec((0..BYTES, 0..12_u64, 0..3_u64), 0..40),
    ) {
        let (mut known, mut model) = (KnownExtents::new(), BTreeMap::new());
        for (start, len, distance) in added {
            let place = start + 1000 * distance;
            known.add(start..start + len, place);
            // An extent that is replaced in part is forgotten as a whole.
            model.extend((0..len).map(|index| (start + index, place + index)));
            for offset in 0..BYTES + 12 {
                let (found, expected) = (known.find(offset), find(&model, offset));
                match found {
                    Some(_) => prop_assert_eq!(found, expected, "{} of {:?}", offset, &known),
                    None => drop(model.remove(&offset)),
                }
            }
            for (index, extent) in known.list.iter().enumerate() {
                prop_assert!(extent.start < extent.end);
                if let Some(next) = known.list.get(index + 1) {
                    prop_assert!(extent.end <= next.start, "{:?}", &known);
                    prop_assert!(extent.end < next.start || !extent.is_in_line_with(next));
                }
            }
        }
    }
}

#[test]
fn what_was_added_is_found_until_all_is_forgotten() {
    let mut known = KnownExtents::new();
    // Backwards, and each second one: none of them touch.
    for index in (0..EXTENTS_MAX as u64).rev() {
        known.add(2 * index..2 * index + 1, 7 * index);
    }
    for index in 0..EXTENTS_MAX as u64 {
        assert_eq!(known.find(2 * index), Some(Piece { place: 7 * index, len_bytes: 1 }));
        assert_eq!(known.find(2 * index + 1), None);
    }
    known.add(5000..5001, 1);
    assert_eq!((known.find(0), known.find(5000).is_some()), (None, true));
    known.clear();
    assert_eq!(known.find(5000), None);
}

#[test]
fn pieces_that_touch_in_line_are_one() {
    let mut known = KnownExtents::new();
    for start in [8, 0, 4] {
        known.add(start..start + 4, 100 + start);
    }
    assert_eq!(known.find(1), Some(Piece { place: 101, len_bytes: 11 }));
    assert_eq!(known.list.len(), 1);
    known.add(4..4, 0);
    assert_eq!(known.find(4), Some(Piece { place: 104, len_bytes: 8 }));
}
