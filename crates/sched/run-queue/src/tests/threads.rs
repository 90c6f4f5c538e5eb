//! Threads for the tests, and random numbers.

use std::vec::Vec;

use crate::fair::Fair;
use crate::virtual_time::VirtualTime;
use crate::{Nice, Policy, RealTimePriority, RunQueue, SchedEntity, Slice};

/// Returns the entities of `count` threads of nice 0.
pub(crate) fn entities(count: usize) -> Vec<SchedEntity> {
    (0..count).map(|_| SchedEntity::default()).collect()
}

/// Returns the fair policy of a nice value, which exists.
pub(crate) fn nice(nice: i8) -> Policy {
    Policy::Fair(Nice::try_new(nice).expect("the test names one that exists"))
}

/// Returns the real-time policy of a priority, which exists.
pub(crate) fn real_time(priority: u8) -> Policy {
    Policy::RealTime(RealTimePriority::try_new(priority).expect("the test names one that exists"))
}

/// Returns the slice of a length, which exists.
pub(crate) fn slice(length_ns: u32) -> Slice {
    Slice::try_new(length_ns).expect("the test names one that exists")
}

/// Returns a queue whose virtual time begins at `floor`.
pub(crate) fn queue_at(floor: u64) -> RunQueue {
    let mut queue = RunQueue::new();
    queue.fair = Fair { time: VirtualTime::new(floor), ..Fair::new() };
    queue
}

/// A generator of random numbers (G. Marsaglia, Xorshift RNGs, 2003).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) % end
    }
}
