//! The order of the turns.
//!
//! Ticket numbers wrap at 2³², and are only compared for equality. That is correct as long
//! as fewer than 2³² tickets are drawn and not served.

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

    /// Loom's atomics can't be made in a constant. Tests choose the first ticket, so that
    /// the numbers wrap.
    #[cfg(test)]
    pub(crate) fn starting_at(first: u32) -> Self {
        Self { next: AtomicU32::new(first), serving: AtomicU32::new(first) }
    }

    /// Draws a ticket, and calls `relax` until it is served.
    #[inline]
    pub(crate) fn wait_for_turn(&self, mut relax: impl FnMut()) {
        // Relaxed: the atomic addition alone makes each ticket unique, and orders no access
        // to the value. Acquire: a CPU that sees its turn sees all that was done in the
        // previous turn, whose end stored the number with Release.
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        while self.serving.load(Ordering::Acquire) != ticket {
            relax();
        }
    }

    /// Draws a ticket only if it is served at once; returns whether it was.
    ///
    /// It would fail if exactly a multiple of 2³² tickets were drawn between its two
    /// operations.
    #[inline]
    pub(crate) fn try_take_turn(&self) -> bool {
        // Acquire as in `wait_for_turn`. The exchange may be Relaxed: it succeeds only if
        // the ticket that the load found served has not been drawn, so there was no turn
        // since then. It doesn't write to a lock that is held, which would slow its holder
        // down.
        let serving = self.serving.load(Ordering::Acquire);
        let after = serving.wrapping_add(1);
        let relaxed = Ordering::Relaxed;
        self.next.load(relaxed) == serving
            && self.next.compare_exchange(serving, after, relaxed, relaxed).is_ok()
    }

    /// Ends the turn, which must be the caller's.
    #[inline]
    pub(crate) fn end_turn(&self) {
        // No read-modify-write is needed: no other CPU writes this, so the load returns the
        // own ticket. Release: the CPU that sees the next turn sees all that was done in
        // this one.
        let ticket = self.serving.load(Ordering::Relaxed);
        self.serving.store(ticket.wrapping_add(1), Ordering::Release);
    }

    /// Returns how many tickets were drawn and not yet ended, at a moment during the call.
    #[inline]
    pub(crate) fn drawn(&self) -> u32 {
        // Acquire, and before the other load: otherwise a ticket could be seen as served
        // but not as drawn, and the difference could be negative.
        let serving = self.serving.load(Ordering::Acquire);
        self.next.load(Ordering::Relaxed).wrapping_sub(serving)
    }
}
