//! Random changes, compared with a model that has a lock for each byte and owner.

use std::vec::Vec;

use proptest::prelude::*;

use crate::{Kind, Lock, LockTable, Range, WaitError, Waits};

const BYTES: u64 = 24;
const OWNERS: usize = 3;

/// The lock of each owner at each byte.
type Model = [[Option<Kind>; BYTES as usize]; OWNERS];

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Read), Just(Kind::Write)]
}

fn ranges() -> impl Strategy<Value = Range> {
    (0..BYTES, 0..BYTES).prop_map(|(a, b)| Range { first: a.min(b), last: a.max(b) })
}

fn expected_conflict(model: &Model, owner: usize, kind: Kind, range: Range) -> bool {
    let others = model.iter().enumerate().filter(|(other, _)| *other != owner);
    let mut there =
        others.flat_map(|(_, bytes)| &bytes[range.first as usize..=range.last as usize]);
    there.any(|held| match held {
        None => false,
        Some(held) => *held == Kind::Write || kind == Kind::Write,
    })
}

/// Returns the locks of the model, with adjacent ones of one kind merged.
fn expected_locks(model: &Model) -> Vec<(usize, Kind, Range)> {
    let mut locks: Vec<(usize, Kind, Range)> = Vec::new();
    for (owner, bytes) in model.iter().enumerate() {
        for (at, held) in (0..).zip(bytes) {
            let Some(kind) = *held else { continue };
            match locks.last_mut() {
                Some((other, same, range))
                    if (*other, *same, range.last + 1) == (owner, kind, at) =>
                {
                    range.last = at;
                }
                _ => locks.push((owner, kind, Range { first: at, last: at })),
            }
        }
    }
    locks.sort_by_key(|(owner, _, range)| (range.first, *owner));
    locks
}

fn check(table: &LockTable<usize>, model: &Model) {
    assert!(table.locks().is_sorted_by_key(|lock| lock.range.first));
    let mut locks: Vec<_> =
        table.locks().iter().map(|lock| (lock.owner, lock.kind, lock.range)).collect();
    locks.sort_by_key(|(owner, _, range)| (range.first, *owner));
    assert_eq!(locks, expected_locks(model));
}

proptest! {
    #[test]
    fn table_does_what_locks_of_each_byte_do(
        changes in proptest::collection::vec((0..OWNERS, ranges(), proptest::option::of(kinds())), 0..60),
    ) {
        let mut table = LockTable::new();
        let mut model = Model::default();
        for (owner, range, kind) in changes {
            let bytes = range.first as usize..=range.last as usize;
            match kind {
                Some(kind) => {
                    let conflict = table.conflict(owner, kind, range);
                    prop_assert_eq!(
                        conflict.is_some(), expected_conflict(&model, owner, kind, range)
                    );
                    if conflict.is_none() {
                        table.set(Lock { owner, kind, range, pid: 1 }).unwrap();
                        model[owner][bytes].fill(Some(kind));
                    }
                }
                None => {
                    let is_some = model[owner][bytes.clone()].iter().any(Option::is_some);
                    prop_assert_eq!(table.unlock(owner, range), Ok(is_some));
                    model[owner][bytes].fill(None);
                }
            }
            check(&table, &model);
        }
        for owner in 0..OWNERS {
            let has_locks = model[owner].iter().any(Option::is_some);
            prop_assert_eq!(table.release(owner), has_locks);
            model[owner].fill(None);
            check(&table, &model);
        }
        prop_assert!(table.is_empty());
    }

    #[test]
    fn no_owner_waits_for_itself(pairs in proptest::collection::vec((0..5_usize, 0..5_usize), 0..30)) {
        let mut waits = Waits::new();
        let mut reaches = [[false; 5]; 5];
        for (at, reached) in reaches.iter_mut().enumerate() {
            reached[at] = true;
        }
        for (waiter, holder) in pairs {
            let expected = match reaches[holder][waiter] {
                true => Err(WaitError::Deadlock),
                false => Ok(()),
            };
            prop_assert_eq!(waits.begin(waiter, holder), expected);
            if expected.is_ok() {
                for from in 0..5 {
                    for to in 0..5 {
                        reaches[from][to] |= reaches[from][waiter] && reaches[holder][to];
                    }
                }
            }
        }
    }
}

#[test]
fn ends_of_the_file_are_bytes_like_others() {
    let mut table = LockTable::new();
    let lock = Lock { owner: 1, kind: Kind::Write, range: Range::ALL, pid: 1 };
    table.set(lock).unwrap();
    let last = Range { first: u64::MAX, last: u64::MAX };
    assert_eq!(table.unlock(1, last), Ok(true));
    assert_eq!(table.conflict(2, Kind::Read, last), None);
    assert_eq!(table.unlock(1, Range { first: 0, last: 0 }), Ok(true));
    assert_eq!(table.locks(), &[Lock { range: Range { first: 1, last: u64::MAX - 1 }, ..lock }]);
}

#[test]
fn a_wait_that_has_ended_counts_no_more() {
    let mut waits = Waits::new();
    assert_eq!(waits.begin(1, 2), Ok(()));
    assert_eq!(waits.begin(1, 2), Ok(()));
    waits.end(1, 2);
    assert_eq!(waits.begin(2, 1), Err(WaitError::Deadlock));
    waits.end(1, 2);
    assert_eq!(waits.begin(2, 1), Ok(()));
}
