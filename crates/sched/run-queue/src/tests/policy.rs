//! Policies, and what they are made of.

use super::threads::{nice, real_time};
use crate::{NICE_0_WEIGHT, Nice, Policy, RealTimePriority, SchedEntity, Slice};

#[test]
fn values_are_checked() {
    let priorities = (0..=u8::MAX).filter_map(RealTimePriority::try_new);
    assert!(priorities.map(RealTimePriority::get).eq(1..=99));
    let nices = (i8::MIN..=i8::MAX).filter_map(Nice::try_new);
    assert!(nices.map(Nice::get).eq(-20..=19));
    let slices = [99_999, 100_000, 3_000_000, 100_000_000, 100_000_001].map(Slice::try_new);
    let expected = [None, Some(Slice::MIN), Some(Slice::BASE), Some(Slice::MAX), None];
    assert_eq!(slices, expected);
    assert_eq!(RealTimePriority::MIN.get(), 1);
    assert_eq!((Policy::default(), Policy::DEFAULT), (nice(0), nice(0)));
}

#[test]
fn weights_fall_by_a_quarter_a_step() {
    let weight = |nice| Nice::try_new(nice).expect("it exists").weight();
    assert_eq!((weight(-20), weight(0), weight(19)), (88_761, NICE_0_WEIGHT, 15));
    for nice in -20..19 {
        let ratio = f64::from(weight(nice)) / f64::from(weight(nice + 1));
        assert!((1.17..1.30).contains(&ratio), "nice {nice}: {ratio}");
    }
}

#[test]
fn every_policy_has_a_number_and_is_kept_by_a_node() {
    let fifo = |priority| Policy::Fifo(RealTimePriority::try_new(priority).expect("it exists"));
    let batch = |nice| Policy::Batch(Nice::try_new(nice).expect("it exists"));
    let fair = (-20..=19).map(nice).chain((-20..=19).map(batch));
    let real_time = (1..=99).map(real_time).chain((1..=99).map(fifo));
    for policy in fair.chain(real_time).chain([Policy::Idle]) {
        assert_eq!(SchedEntity::<u32>::new(policy).policy(), policy);
        assert_eq!(Policy::decoded(policy.encoded()), policy);
    }
}
