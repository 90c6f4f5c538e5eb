use proptest::prelude::*;

use crate::IntervalTimer;

/// Steps from expiration to expiration.
fn model(timer: &mut (Option<u64>, u64), now: u64) -> u64 {
    let mut count = 0;
    while let Some(expires) = timer.0
        && expires <= now
    {
        count += 1;
        timer.0 = (timer.1 > 0).then(|| expires + timer.1);
    }
    count
}

proptest! {
    #[test]
    fn counts_as_steps_do(
        expires in proptest::option::of(0_u64..1000),
        interval in 0_u64..50,
        steps in proptest::collection::vec(0_u64..300, 0..20),
    ) {
        let mut timer = IntervalTimer::new();
        timer.set(expires, interval);
        let mut stepped = (expires, interval);
        let mut now = 0;
        for step in steps {
            now += step;
            prop_assert_eq!(timer.advance(now), model(&mut stepped, now));
            prop_assert_eq!(timer.expires_ns(), stepped.0);
            prop_assert_eq!(timer.left_ns(now), stepped.0.map_or(0, |at| at - now));
        }
    }
}

#[test]
fn timer_in_the_past_has_a_nanosecond_left() {
    let mut timer = IntervalTimer::new();
    timer.set(Some(5), 0);
    assert_eq!(timer.left_ns(100), 1);
    assert_eq!(timer.advance(100), 1);
    assert_eq!((timer.left_ns(100), timer.advance(200)), (0, 0));
}

#[test]
fn largest_numbers_do_not_overflow() {
    let mut timer = IntervalTimer::new();
    timer.set(Some(0), 1);
    assert_eq!(timer.advance(u64::MAX), u64::MAX);
    timer.set(Some(1), u64::MAX);
    assert_eq!(timer.advance(2), 1);
    assert_eq!(timer.expires_ns(), Some(u64::MAX));
}
