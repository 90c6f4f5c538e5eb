//! Guards of sleeping locks, with the record that the running thread holds the lock.

use core::ops::{Deref, DerefMut};

use super::rank::HeldByThread;

/// Access to the value of a sleeping lock; dropping it releases the lock. `G` is the guard of the
/// lock without a rank.
///
/// The fields are dropped in their order: first the lock is released, then the record is removed.
pub struct SleepingGuard<G> {
    guard: G,
    _held: HeldByThread,
}

impl<G> SleepingGuard<G> {
    #[inline]
    pub(super) fn new(guard: G, held: HeldByThread) -> Self {
        Self { guard, _held: held }
    }
}

impl<G: Deref> Deref for SleepingGuard<G> {
    type Target = G::Target;

    #[inline]
    fn deref(&self) -> &G::Target {
        &self.guard
    }
}

impl<G: DerefMut> DerefMut for SleepingGuard<G> {
    #[inline]
    fn deref_mut(&mut self) -> &mut G::Target {
        &mut self.guard
    }
}
