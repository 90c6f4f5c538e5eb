//! Who is served when.
//!
//! Tickets are numbered modulo 2³², and are only compared for equality: that is right
//! as long as fewer than 2³² are drawn and not served.

use crate::atomics::{AtomicU32, Ordering};

/// The numbers of a queue. The lock is free if they are equal.
pub(crate) struct Tickets {
    /// The ticket that is drawn next.
    next: AtomicU32,
    /// The ticket whose turn it is. Only its holder writes this.
    serving: AtomicU32,
}

impl Tickets {
    #[cfg(not(test))]
    pub(crate) const fn new() -> Self {
        Self { next: AtomicU32::new(0), serving: AtomicU32::new(0) }
    }

    /// Loom's atomics can't be made in a constant. Tests choose the first ticket, to
    /// come to the end of the numbers.
    #[cfg(test)]
    pub(crate) fn starting_at(first: u32) -> Self {
        Self { next: AtomicU32::new(first), serving: AtomicU32::new(first) }
    }

    /// Draws a ticket, and calls `relax` until it is served.
    #[inline]
    pub(crate) fn wait_for_turn(&self, mut relax: impl FnMut()) {
        // Relaxed: a ticket is drawn once by being an atomic addition, and tells nothing
        // about the value. Acquire: who sees its turn sees all that was done in the turn
        // before, whose end stored the number with Release.
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        while self.serving.load(Ordering::Acquire) != ticket {
            relax();
        }
    }

    /// Draws a ticket only if it is served at once; tells if it was.
    ///
    /// It would be wrong if exactly a multiple of 2³² tickets were drawn between its two
    /// operations.
    #[inline]
    pub(crate) fn try_take_turn(&self) -> bool {
        // Acquire as in `wait_for_turn`. The exchange may be Relaxed: it succeeds only if
        // nobody drew the ticket that the load found served, so that nobody had a turn
        // since then. A lock that is taken isn't written, for its holder's sake.
        let serving = self.serving.load(Ordering::Acquire);
        let after = serving.wrapping_add(1);
        let relaxed = Ordering::Relaxed;
        self.next.load(relaxed) == serving
            && self.next.compare_exchange(serving, after, relaxed, relaxed).is_ok()
    }

    /// Ends the turn, which must be the caller's.
    #[inline]
    pub(crate) fn end_turn(&self) {
        // No read-modify-write: nobody else writes, so the load gives the own ticket.
        // Release: who sees its turn sees all that was done in this one.
        let ticket = self.serving.load(Ordering::Relaxed);
        self.serving.store(ticket.wrapping_add(1), Ordering::Release);
    }

    /// Returns how many tickets were drawn and not yet ended, at some time.
    #[inline]
    pub(crate) fn drawn(&self) -> u32 {
        // Acquire, and first: each ticket that was served by then is seen as drawn, or the
        // difference could be negative.
        let serving = self.serving.load(Ordering::Acquire);
        self.next.load(Ordering::Relaxed).wrapping_sub(serving)
    }
}
