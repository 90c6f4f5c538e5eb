use std::sync::Arc;

use super::lot::{ModelLot, check, join, spawn};
use crate::atomic::AtomicU32;
use crate::atomic::Ordering::Relaxed;
use crate::{Mutex, Parking, Unparked, Wait, Wake};

/// A lot without a lock, where only thread 2 waits: it orders no thread's memory accesses
/// after another's.
struct LooseLot;

#[expect(unsafe_code, reason = "the trait is")]
// SAFETY: the numbers are the other lot's.
unsafe impl Parking for LooseLot {
    fn current() -> u32 {
        ModelLot::current()
    }

    fn park(word: &AtomicU32, expected: u32, _: Wait) -> Wake {
        while word.load(Relaxed) == expected {
            loom::thread::yield_now();
        }
        Wake::Unparked
    }

    fn unpark(_: &AtomicU32, _: u32, then: impl FnOnce(Unparked)) {
        then(Unparked { woken: 1, first: Some(2), next: None });
    }
}

#[test]
fn hand_over_makes_the_value_visible_without_help_of_the_lot() {
    check(3, || {
        let mutex = Arc::new(Mutex::<LooseLot, u32>::new(0));
        let held = mutex.lock();
        let other = mutex.clone();
        let other = spawn(2, move || *other.lock() += 1);
        drop(held);
        for _ in 0..2 {
            if let Some(mut value) = mutex.try_lock() {
                *value += 1;
            }
        }
        join([other]);
        assert!((1..=3).contains(&*mutex.lock()));
    });
}
