//! Random operations, beside a sorted set.

use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use crate::{DeadlineQueue, Link};

/// As many elements as the links have.
const ELEMENTS: u32 = 64;

#[derive(Clone, Copy, Debug)]
enum Operation {
    /// Inserts the element, or removes it if it is in.
    Toggle(u32, u64),
    Pop,
}

fn operation() -> impl Strategy<Value = Operation> {
    // Few keys, so that many are equal, beside any.
    let key = prop_oneof![3 => 0..8_u64, 1 => any::<u64>()];
    prop_oneof![
        5 => (0..ELEMENTS, key).prop_map(|(id, key)| Operation::Toggle(id, key)),
        1 => Just(Operation::Pop),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn heap_does_as_a_sorted_set(operations in prop::collection::vec(operation(), 1..400)) {
        let links = [const { Link::new() }; ELEMENTS as usize];
        let mut queue = DeadlineQueue::new();
        // Key, number of the insertion, id.
        let mut model = BTreeSet::new();
        for (step, operation) in operations.into_iter().enumerate() {
            match operation {
                Operation::Toggle(id, key) => {
                    let old = model.iter().copied().find(|(_, _, model_id)| *model_id == id);
                    prop_assert_eq!(links[id as usize].is_linked(), old.is_some());
                    if let Some(old) = old {
                        prop_assert_eq!(links[id as usize].key(), old.0);
                        queue.remove(&links, id);
                        model.remove(&old);
                    } else {
                        queue.insert(&links, id, key);
                        model.insert((key, step, id));
                    }
                }
                Operation::Pop => {
                    prop_assert_eq!(queue.pop(&links), model.pop_first().map(|(_, _, id)| id));
                }
            }
            let mut ids = queue.assert_consistent(&links);
            ids.sort_unstable();
            let mut expected: Vec<_> = model.iter().map(|(_, _, id)| *id).collect();
            expected.sort_unstable();
            prop_assert_eq!(ids, expected);
            prop_assert_eq!(queue.len() as usize, model.len());
            prop_assert_eq!(queue.first(), model.first().map(|(_, _, id)| *id));
            prop_assert_eq!(queue.first_key(&links), model.first().map(|(key, _, _)| *key));
        }
    }
}
