//! Timers that belong to no waiting thread: a thread of the kernel runs them when they expire.
//!
//! This thread sleeps until the earliest timer expires; the interrupt handler of the timer only
//! wakes the thread.

use alloc::sync::Arc;
use alloc::vec::Vec;

use deadline_queue::{DeadlineQueue, Link, Links};
use run_queue::{Policy, RealTimePriority};
use spin::Once;

use super::spawn::{Builder, SpawnError};
use crate::arch::time::clock;
use crate::sync::{Rank, SpinMutex, WaitQueue};

/// The action of a timer.
pub trait Expire: Send + Sync {
    /// Runs when the timer expires, or when the clocks of all timers have changed. Called by the
    /// thread of timers, without locks; may wait, but not for long.
    fn expire(self: Arc<Self>);
}

/// A timer: armed or not.
#[derive(Debug)]
pub struct TimerSlot(u32);

struct Slot {
    link: Link,
    /// The action; `None` if the timer isn't armed.
    armed: Option<Arc<dyn Expire>>,
}

struct Slots(Vec<Slot>);

impl Links for Slots {
    type Id = u32;

    fn link(&self, id: u32) -> &Link {
        &self.0[id as usize].link
    }
}

struct Timers {
    queue: DeadlineQueue,
    slots: Slots,
    free: Vec<u32>,
}

/// Protects the timers; taken by threads that set them, inside the locks of the objects that own
/// the timers.
static TIMERS: SpinMutex<Timers> = SpinMutex::new(
    Rank::Files,
    Timers { queue: DeadlineQueue::new(), slots: Slots(Vec::new()), free: Vec::new() },
);

/// Woken when there is an earlier timer than before.
static EARLIER: WaitQueue = WaitQueue::new();

static THREAD: Once<()> = Once::new();

/// Starts the thread of timers, unless it has been started.
fn start() -> Result<(), SpawnError> {
    THREAD.try_call_once(|| {
        let builder = Builder::new("timers").policy(Policy::RealTime(RealTimePriority::MAX));
        builder.spawn(run).map(drop)
    })?;
    Ok(())
}

/// The function of the thread of timers.
fn run() {
    loop {
        while let Some(due) = pop_reached(clock::now_ns()) {
            due.expire();
        }
        let first_ns = first_ns();
        // The loop continues however the wait ends.
        let _ = EARLIER.wait_until_deadline(first_ns, || self::first_ns() < first_ns);
    }
}

/// Returns the time of the earliest timer.
fn first_ns() -> u64 {
    let timers = TIMERS.lock();
    timers.queue.first_key(&timers.slots).unwrap_or(u64::MAX)
}

/// Disarms a timer that has expired, and returns its action.
fn pop_reached(now_ns: u64) -> Option<Arc<dyn Expire>> {
    let mut timers = TIMERS.lock();
    let Timers { queue, slots, .. } = &mut *timers;
    let is_reached = queue.first_key(slots).is_some_and(|first_ns| first_ns <= now_ns);
    let id = is_reached.then(|| queue.pop(slots)).flatten()?;
    slots.0[id as usize].armed.take()
}

/// Expires all armed timers: their clocks were changed.
pub fn expire_all() {
    let mut timers = TIMERS.lock();
    let Timers { queue, slots, .. } = &mut *timers;
    let ids = 0..slots.0.len() as u32;
    for id in ids.filter(|id| slots.link(*id).is_linked()) {
        queue.remove(slots, id);
        queue.insert(slots, id, 0);
    }
    drop(timers);
    EARLIER.wake_all();
}

impl TimerSlot {
    /// Returns a timer that isn't armed.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn try_new() -> Result<Self, SpawnError> {
        start()?;
        let mut timers = TIMERS.lock();
        if let Some(id) = timers.free.pop() {
            return Ok(Self(id));
        }
        let id = u32::try_from(timers.slots.0.len()).map_err(|_| SpawnError::NoMemory)?;
        timers.slots.0.try_reserve(1).map_err(|_| SpawnError::NoMemory)?;
        // Freeing it needs no memory then.
        let capacity = timers.slots.0.capacity();
        let more = capacity - timers.free.len();
        timers.free.try_reserve(more).map_err(|_| SpawnError::NoMemory)?;
        timers.slots.0.push(Slot { link: Link::new(), armed: None });
        Ok(Self(id))
    }

    /// Arms the timer: `expire` runs at `deadline_ns` on the kernel's clock. Returns the action
    /// that was armed before.
    #[must_use = "it is dropped when no lock is held"]
    pub fn arm(&self, deadline_ns: u64, expire: Arc<dyn Expire>) -> Option<Arc<dyn Expire>> {
        let mut timers = TIMERS.lock();
        let Timers { queue, slots, .. } = &mut *timers;
        if slots.link(self.0).is_linked() {
            queue.remove(slots, self.0);
        }
        queue.insert(slots, self.0, deadline_ns);
        let before = slots.0[self.0 as usize].armed.replace(expire);
        let is_first = queue.first() == Some(self.0);
        drop(timers);
        if is_first {
            EARLIER.wake_all();
        }
        before
    }

    /// Disarms the timer; returns the action that was armed.
    #[must_use = "it is dropped when no lock is held"]
    pub fn disarm(&self) -> Option<Arc<dyn Expire>> {
        let mut timers = TIMERS.lock();
        let Timers { queue, slots, .. } = &mut *timers;
        if slots.link(self.0).is_linked() {
            queue.remove(slots, self.0);
        }
        slots.0[self.0 as usize].armed.take()
    }
}

impl Drop for TimerSlot {
    fn drop(&mut self) {
        // Usually none is armed: the action owns the timer, so the timer isn't dropped while it is.
        let armed = self.disarm();
        TIMERS.lock().free.push(self.0);
        drop(armed);
    }
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::task;

    const MS: u64 = 1_000_000;

    /// Counts how often its time has come.
    #[derive(Default)]
    struct Counter(AtomicU32);

    impl Expire for Counter {
        fn expire(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Arms a timer that expires in so many milliseconds.
    fn arm(slot: &TimerSlot, counter: &Arc<Counter>, after_ms: u64) {
        drop(slot.arm(clock::now_ns() + after_ms * MS, counter.clone()));
    }

    #[test_case]
    fn timers_are_called_once_and_only_if_they_are_armed() {
        let counters = core::array::from_fn::<_, 3, _>(|_| Arc::new(Counter::default()));
        let slots =
            core::array::from_fn::<_, 3, _>(|_| TimerSlot::try_new().expect("there is memory"));
        arm(&slots[0], &counters[0], 5);
        arm(&slots[1], &counters[1], 1000);
        arm(&slots[2], &counters[2], 500);
        // Set again: it isn't called at the first time.
        arm(&slots[1], &counters[1], 1);
        assert!(slots[2].disarm().is_some());
        task::sleep_ns(600 * MS).expect("nothing cancels it");
        let counts = counters.each_ref().map(|it| it.0.load(Ordering::Relaxed));
        assert_eq!(counts, [1, 1, 0]);
        assert!(slots.iter().all(|slot| slot.disarm().is_none()));
        drop(slots);
        assert!(counters.iter().all(|it| Arc::strong_count(it) == 1), "a timer is left");
    }

    #[test_case]
    fn all_armed_timers_can_be_called_before_their_time() {
        let counter = Arc::new(Counter::default());
        let slots =
            core::array::from_fn::<_, 2, _>(|_| TimerSlot::try_new().expect("there is memory"));
        arm(&slots[0], &counter, 60_000);
        expire_all();
        task::sleep_ns(10 * MS).expect("nothing cancels it");
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    }
}
