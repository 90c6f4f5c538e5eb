//! The state of one CPU.

use crate::atomics::{AtomicU64, Ordering};
use crate::request::Request;

/// The state of one CPU: its own request to others, and the initiators that wait for it.
pub(crate) struct Station<const WORDS: usize> {
    own: OwnLine<WORDS>,
    pending: PendingLine<WORDS>,
}

/// The CPU's own request, in cache lines of its own: other initiators write the other part
/// of the station while this CPU waits.
#[repr(align(64))]
struct OwnLine<const WORDS: usize> {
    start: AtomicU64,
    pages: AtomicU64,
    space: AtomicU64,
    generation: AtomicU64,
    /// The targets that haven't flushed yet.
    unanswered: [AtomicU64; WORDS],
}

/// The initiators whose requests to this CPU it has not taken yet.
#[repr(align(64))]
struct PendingLine<const WORDS: usize>([AtomicU64; WORDS]);

impl<const WORDS: usize> Station<WORDS> {
    #[cfg(not(test))]
    pub(crate) const fn new() -> Self {
        Self {
            own: OwnLine {
                start: AtomicU64::new(0),
                pages: AtomicU64::new(0),
                space: AtomicU64::new(0),
                generation: AtomicU64::new(0),
                unanswered: [const { AtomicU64::new(0) }; WORDS],
            },
            pending: PendingLine([const { AtomicU64::new(0) }; WORDS]),
        }
    }

    #[cfg(test)]
    pub(crate) fn new() -> Self {
        let words = || core::array::from_fn(|_| AtomicU64::new(0));
        Self {
            own: OwnLine {
                start: AtomicU64::new(0),
                pages: AtomicU64::new(0),
                space: AtomicU64::new(0),
                generation: AtomicU64::new(0),
                unanswered: words(),
            },
            pending: PendingLine(words()),
        }
    }

    /// Writes the request and its targets. No target may still read the previous request.
    pub(crate) fn publish(&self, request: Request, targets: &[u64; WORDS]) {
        // Relaxed: a target reads it after it has taken the initiator's bit.
        self.own.start.store(request.start, Ordering::Relaxed);
        self.own.pages.store(request.pages, Ordering::Relaxed);
        self.own.space.store(request.space, Ordering::Relaxed);
        self.own.generation.store(request.generation, Ordering::Relaxed);
        for (unanswered, targets) in self.own.unanswered.iter().zip(targets) {
            unanswered.store(*targets, Ordering::Relaxed);
        }
    }

    /// Returns the request. Only a target that has taken this CPU's bit may call it.
    #[inline]
    pub(crate) fn request(&self) -> Request {
        Request {
            start: self.own.start.load(Ordering::Relaxed),
            pages: self.own.pages.load(Ordering::Relaxed),
            space: self.own.space.load(Ordering::Relaxed),
            generation: self.own.generation.load(Ordering::Relaxed),
        }
    }

    /// Returns the targets of the request that haven't flushed yet.
    #[inline]
    pub(crate) fn unanswered(&self) -> &[AtomicU64; WORDS] {
        &self.own.unanswered
    }

    /// Returns the initiators whose requests to this CPU it has not taken yet.
    #[inline]
    pub(crate) fn pending(&self) -> &[AtomicU64; WORDS] {
        &self.pending.0
    }
}
