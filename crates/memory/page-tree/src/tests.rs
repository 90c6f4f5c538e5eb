//! Random operations on an array and on a map of the standard library, and the edges.

use std::collections::BTreeMap;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;
use std::vec::Vec;

use proptest::collection::vec as vec_of;
use proptest::prelude::*;

use crate::PageTree;

#[derive(Clone, Debug)]
enum Operation {
    Insert(u64, u32),
    Remove(u64),
    Change(u64, u32),
    RemoveFirstIn(u64, u64),
    FirstFrom(u64),
    FewFrom(u64, usize),
    FirstFreeFrom(u64),
}

/// Indexes near each other, at the borders of nodes, and anywhere.
fn index() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..200_u64,
        2 => (0..64_u32, 0..3_u64).prop_map(|(bit, more)| (1_u64 << bit).wrapping_add(more)),
        1 => any::<u64>(),
        1 => Just(u64::MAX),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (index(), any::<u32>()).prop_map(|(index, value)| Operation::Insert(index, value)),
        2 => index().prop_map(Operation::Remove),
        1 => (index(), any::<u32>()).prop_map(|(index, value)| Operation::Change(index, value)),
        1 => (index(), index()).prop_map(|(start, end)| Operation::RemoveFirstIn(start, end)),
        1 => index().prop_map(Operation::FirstFrom),
        1 => (index(), 1..8_usize).prop_map(|(start, count)| Operation::FewFrom(start, count)),
        1 => index().prop_map(Operation::FirstFreeFrom),
    ]
}

proptest! {
    #[test]
    fn array_is_the_models(operations in vec_of(operation(), 0..300)) {
        // References are counted, to detect values that are leaked or dropped too early.
        let counted = Arc::new(());
        let mut tree = PageTree::new();
        let mut model = BTreeMap::new();
        for operation in operations {
            match operation {
                Operation::Insert(index, value) => {
                    let old = tree.try_insert(index, (value, counted.clone())).expect("memory");
                    prop_assert_eq!(old.map(|old| old.0), model.insert(index, value));
                }
                Operation::Remove(index) => {
                    let removed = tree.remove(index).map(|old| old.0);
                    prop_assert_eq!(removed, model.remove(&index));
                }
                Operation::Change(index, value) => {
                    let place = tree.get_mut(index);
                    prop_assert_eq!(place.is_some(), model.contains_key(&index));
                    if let Some(place) = place {
                        place.0 = value;
                        model.insert(index, value);
                    }
                }
                Operation::RemoveFirstIn(start, end) => {
                    let expected = model.range(start..).next().filter(|found| *found.0 < end);
                    let expected = expected.map(|(index, value)| (*index, *value));
                    expected.map(|(index, _)| model.remove(&index));
                    let removed = tree.remove_first_in(start..end);
                    prop_assert_eq!(removed.map(|(index, old)| (index, old.0)), expected);
                }
                Operation::FirstFrom(start) => {
                    let found = tree.first_from(start).map(|(index, value)| (index, value.0));
                    let expected = model.range(start..).next();
                    prop_assert_eq!(found, expected.map(|(index, value)| (*index, *value)));
                }
                Operation::FewFrom(start, count) => {
                    let mut few = Vec::new();
                    let last = tree.try_for_each_from(start, |index, value| {
                        few.push((index, value.0));
                        if few.len() == count { Break(index) } else { Continue(()) }
                    });
                    let expected = model.range(start..).take(count);
                    let expected: Vec<_> = expected.map(|(index, value)| (*index, *value)).collect();
                    let breaks = expected.last().filter(|_| expected.len() == count);
                    prop_assert_eq!(last, breaks.map(|found| found.0));
                    prop_assert_eq!(few, expected);
                }
                Operation::FirstFreeFrom(start) => {
                    let mut expected = start;
                    while expected < u64::MAX && model.contains_key(&expected) {
                        expected += 1;
                    }
                    prop_assert_eq!(tree.first_free_from(start), expected);
                }
            }
            prop_assert_eq!(tree.len(), model.len() as u64);
            prop_assert_eq!(Arc::strong_count(&counted), model.len() + 1);
        }
        for index in model.keys().copied().chain([0, 63, 64, 4096, u64::MAX]) {
            prop_assert_eq!(tree.get(index).map(|value| value.0), model.get(&index).copied());
        }
        let mut all = Vec::new();
        tree.for_each(|index, value| all.push((index, value.0)));
        prop_assert_eq!(all, model.into_iter().collect::<Vec<_>>());
        drop(tree);
        prop_assert_eq!(Arc::strong_count(&counted), 1);
    }
}

#[test]
fn last_value_takes_all_nodes_with_it() {
    let mut tree = PageTree::new();
    for index in [u64::MAX, 0, 1 << 40] {
        tree.try_insert(index, index).expect("memory");
    }
    for index in [1 << 40, u64::MAX, 0] {
        assert_eq!(tree.remove(index), Some(index));
        assert_eq!(tree.remove(index), None);
    }
    assert!(tree.root.is_none() && tree.shift == 0);
    assert_eq!(tree.first_from(0), None);
    assert_eq!(tree.get(0), None);
}

#[test]
fn nodes_are_as_small_as_they_say() {
    assert_eq!(size_of::<crate::Node<core::num::NonZero<u64>>>(), 16);
    assert_eq!(size_of::<Option<crate::Node<core::num::NonZero<u64>>>>(), 16);
}
