//! What belongs to one processor.

use crate::atomics::{AtomicU64, Ordering};
use crate::request::Request;

/// One processor's part: what it asks of others, and who asks it.
pub(crate) struct Station<const WORDS: usize> {
    own: OwnLine<WORDS>,
    asking: AskingLine<WORDS>,
}

/// What the processor asks. Aligned as a cache line: initiators write the other part of
/// the station while this one waits.
#[repr(align(64))]
struct OwnLine<const WORDS: usize> {
    start: AtomicU64,
    pages: AtomicU64,
    space: AtomicU64,
    generation: AtomicU64,
    /// The targets that haven't flushed yet.
    unanswered: [AtomicU64; WORDS],
}

/// The initiators that ask the processor and that it hasn't heard yet.
#[repr(align(64))]
struct AskingLine<const WORDS: usize>([AtomicU64; WORDS]);

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
            asking: AskingLine([const { AtomicU64::new(0) }; WORDS]),
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
            asking: AskingLine(words()),
        }
    }

    /// Writes the request and its targets, none of which may read the last one any more.
    pub(crate) fn publish(&self, request: Request, targets: &[u64; WORDS]) {
        // Relaxed: a target reads it behind the bit that it is told by.
        self.own.start.store(request.start, Ordering::Relaxed);
        self.own.pages.store(request.pages, Ordering::Relaxed);
        self.own.space.store(request.space, Ordering::Relaxed);
        self.own.generation.store(request.generation, Ordering::Relaxed);
        for (unanswered, targets) in self.own.unanswered.iter().zip(targets) {
            unanswered.store(*targets, Ordering::Relaxed);
        }
    }

    /// Returns the request, to who has taken the processor's bit.
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

    /// Returns the initiators that ask the processor and that it hasn't heard yet.
    #[inline]
    pub(crate) fn asking(&self) -> &[AtomicU64; WORDS] {
        &self.asking.0
    }
}
