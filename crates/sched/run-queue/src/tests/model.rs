//! Random operations on the queue and on its model.

mod both;
mod compare;

use both::Both;
use proptest::prelude::*;

use super::threads::{nice, real_time, slice};
use crate::{Policy, Previous, Start};

const THREADS: u32 = 24;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Enqueue(u32, Start),
    Dequeue(u32),
    Run(u64),
    Pick(Previous),
    /// Picks only if the running one should give way.
    PickIfBetter,
    SetPolicy(u32, Policy),
    SetSlice(u32, u32),
    /// Allows only what is in the mask.
    Steal(u32, u32),
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        6 => (-20..=19_i8).prop_map(nice),
        2 => (1..=2_u8).prop_map(real_time),
        1 => prop_oneof![Just(63), Just(64), Just(99)].prop_map(real_time),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let id = 0..THREADS;
    let start = prop_oneof![Just(Start::New), Just(Start::Woken)];
    let previous = prop_oneof![3 => Just(Previous::Runnable), 1 => Just(Previous::Yielding), 3 => Just(Previous::Blocked)];
    prop_oneof![
        8 => (id.clone(), start).prop_map(|(id, start)| Operation::Enqueue(id, start)),
        2 => id.clone().prop_map(Operation::Dequeue),
        8 => prop_oneof![0..200_000_u64, 0..20_000_000_u64, Just(0)].prop_map(Operation::Run),
        4 => previous.prop_map(Operation::Pick),
        4 => Just(Operation::PickIfBetter),
        2 => (id.clone(), policy()).prop_map(|(id, policy)| Operation::SetPolicy(id, policy)),
        1 => (id, 100_000..8_000_000_u32).prop_map(|(id, ns)| Operation::SetSlice(id, ns)),
        1 => (any::<u32>(), 0..6_u32).prop_map(|(mask, limit)| Operation::Steal(mask, limit)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn queue_does_as_the_model(
        origin in prop_oneof![Just(0), Just(u64::MAX - 1_000_000), Just((1 << 63) - 1_000_000)],
        operations in prop::collection::vec(operation(), 1..300),
    ) {
        let mut both = Both::new(origin);
        for operation in operations {
            match operation {
                Operation::Enqueue(id, start) => both.enqueue(id, start),
                Operation::Dequeue(id) => both.dequeue(id),
                Operation::Run(time_ns) => both.run(time_ns),
                Operation::Pick(previous) => both.pick(previous),
                Operation::PickIfBetter if both.queue.should_preempt(both.entities.as_slice()) => {
                    both.pick(Previous::Runnable);
                }
                Operation::PickIfBetter => {}
                Operation::SetPolicy(id, policy) => both.set_policy(id, policy),
                Operation::SetSlice(id, ns) => {
                    both.entities[id as usize].set_slice(slice(ns));
                    both.thread(id).slice_ns = ns;
                }
                Operation::Steal(mask, limit) => both.steal(mask, limit),
            }
            both.assert_equal();
        }
    }
}
