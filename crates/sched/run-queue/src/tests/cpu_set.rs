//! Sets of CPUs, beside those of the standard library.

use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use crate::{CpuSet, OutOfRange};

/// Three words, the last one not full of what the tests insert.
type Set = CpuSet<3>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn set_does_as_a_sorted_set(
        changes in prop::collection::vec((any::<bool>(), 0..200_usize), 0..100),
        other in any::<[u64; 3]>(),
        from in 0..250_usize,
    ) {
        let (mut set, mut model) = (Set::new(), BTreeSet::new());
        for (inserts, cpu) in changes {
            if inserts {
                let expected = if cpu < Set::CAPACITY { Ok(()) } else { Err(OutOfRange) };
                prop_assert_eq!(set.try_insert(cpu), expected);
                model.extend(expected.map(|()| cpu));
            } else {
                set.remove(cpu);
                model.remove(&cpu);
            }
            prop_assert_eq!(set.contains(cpu), model.contains(&cpu));
        }
        prop_assert_eq!(set.len(), model.len());
        prop_assert_eq!(set.is_empty(), model.is_empty());
        prop_assert!(set.iter().eq(model.iter().copied()));
        for (index, cpu) in model.iter().enumerate() {
            prop_assert_eq!(set.nth(index), Some(*cpu));
        }
        prop_assert_eq!(set.nth(model.len()), None);
        prop_assert_eq!(Set::from_words(*set.words()), set);

        let common: Vec<usize> = CpuSet::from_words(other).iter().filter(|cpu| model.contains(cpu)).collect();
        let start = if from < Set::CAPACITY { from } else { 0 };
        let expected = common.iter().find(|cpu| **cpu >= start).or(common.first());
        let found = set.first_common(|word| other[word], from);
        prop_assert_eq!(found.as_ref(), expected);
    }
}

#[test]
fn first_ones_are_in() {
    for count in [0, 1, 63, 64, 65, 128, 191, 192, 193, 5000] {
        let set = Set::first(count);
        assert!(set.iter().eq(0..count.min(Set::CAPACITY)), "{count}");
    }
    assert_eq!(Set::default(), Set::first(0));
}

#[test]
fn no_words_have_no_room() {
    let mut set = CpuSet::<0>::first(9);
    assert_eq!(set.try_insert(0), Err(OutOfRange));
    set.remove(0);
    assert!(set.is_empty() && !set.contains(0));
    assert_eq!((set.nth(0), set.first_common(|_| u64::MAX, 0)), (None, None));
    assert_eq!(std::format!("{OutOfRange}"), "the set has no room for this CPU");
}
