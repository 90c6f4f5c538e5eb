//! The last events of the scheduler on each CPU, in a ring.
//!
//! Each CPU writes its own ring, with interrupts off. All may read it, and may then see an event
//! that is being overwritten.

use core::fmt;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::id::ThreadId;

/// The number of events that are kept for each CPU.
const EVENTS: usize = 1024;

const KIND_BITS: u32 = 8;

/// An event of the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The CPU has switched to this thread.
    Run(ThreadId),
    /// The CPU has nothing to do.
    Idle,
    /// This thread was woken here.
    Wake(ThreadId),
    /// This thread waits, or has ended: the CPU switches from it.
    Leave(ThreadId),
    /// This thread was taken from another CPU.
    Steal(ThreadId),
}

impl Event {
    fn word(self) -> u64 {
        let (kind, number) = match self {
            Self::Idle => (0, 0),
            Self::Run(id) => (1, id.number()),
            Self::Wake(id) => (2, id.number()),
            Self::Leave(id) => (3, id.number()),
            Self::Steal(id) => (4, id.number()),
        };
        number << KIND_BITS | kind
    }

    fn of_word(word: u64) -> Self {
        let id = ThreadId::new(word >> KIND_BITS);
        match word & ((1 << KIND_BITS) - 1) {
            0 => Self::Idle,
            1 => Self::Run(id),
            2 => Self::Wake(id),
            3 => Self::Leave(id),
            _ => Self::Steal(id),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::Run(id) => write!(f, "runs {id}"),
            Self::Wake(id) => write!(f, "wakes {id}"),
            Self::Leave(id) => write!(f, "leaves {id}"),
            Self::Steal(id) => write!(f, "takes {id} over"),
        }
    }
}

/// The events of a CPU.
pub(super) struct Ring {
    /// The time, in nanoseconds on the kernel's clock, and the event.
    events: [[AtomicU64; 2]; EVENTS],
    /// How many were ever written.
    written: AtomicUsize,
}

impl Ring {
    pub(super) const fn new() -> Self {
        Self {
            events: [const { [const { AtomicU64::new(0) }; 2] }; EVENTS],
            written: AtomicUsize::new(0),
        }
    }

    /// Notes an event. Interrupts are off, and this is the ring's CPU.
    #[inline]
    pub(super) fn note(&self, now_ns: u64, event: Event) {
        let written = self.written.load(Ordering::Relaxed);
        let [time, what] = &self.events[written % EVENTS];
        time.store(now_ns, Ordering::Relaxed);
        what.store(event.word(), Ordering::Relaxed);
        self.written.store(written.wrapping_add(1), Ordering::Release);
    }

    /// Returns the events, oldest first, each with its time in nanoseconds.
    pub(super) fn events(&self) -> impl Iterator<Item = (u64, Event)> {
        let written = self.written.load(Ordering::Acquire);
        (written.saturating_sub(EVENTS)..written).map(|index| {
            let [time, what] = &self.events[index % EVENTS];
            let word = what.load(Ordering::Relaxed);
            (time.load(Ordering::Relaxed), Event::of_word(word))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;

    #[test_case]
    fn newest_events_are_kept_in_their_order() {
        let ring = Box::new(Ring::new());
        assert_eq!(ring.events().count(), 0);
        let event = |index: u64| {
            let id = ThreadId::new(index);
            match index % 5 {
                0 => Event::Idle,
                1 => Event::Run(id),
                2 => Event::Wake(id),
                3 => Event::Leave(id),
                _ => Event::Steal(id),
            }
        };
        (0..3000).for_each(|index| ring.note(index * 10, event(index)));
        assert!(ring.events().eq((3000 - 1024..3000).map(|index| (index * 10, event(index)))));
    }
}
