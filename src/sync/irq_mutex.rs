//! A spin lock that is only ever held with interrupts off.

use core::ops::{Deref, DerefMut};

use ticket_lock::{TicketMutex, TicketMutexGuard};

use super::Rank;
use super::key::Key;
use crate::arch::cpu::percpu;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::smp::tlb;
use crate::arch::time::clock;

/// A spin lock for data that interrupt handlers share.
///
/// Taking it turns interrupts off on this CPU, releasing it restores them. Debug builds check the
/// [`Rank`].
pub struct IrqMutex<T> {
    rank: Rank,
    inner: TicketMutex<T>,
}

impl<T> IrqMutex<T> {
    /// Makes a lock of `rank` around `value`.
    pub const fn new(rank: Rank, value: T) -> Self {
        Self { rank, inner: TicketMutex::new(value) }
    }

    /// Takes the lock; spins while another CPU holds it, or has waited for longer.
    ///
    /// # Panics
    /// In debug builds, if a lock of the same or a higher rank is held here.
    #[inline]
    pub fn lock(&self) -> IrqMutexGuard<'_, T> {
        let interrupts_off = InterruptsOff::new();
        let mut rank_held = RankHeld::new(self.rank);
        let mut has_waited = false;
        let value = self.inner.lock_with(|| {
            has_waited = true;
            relax();
        });
        rank_held.begin(has_waited);
        IrqMutexGuard { value, lock: self, _rank_held: rank_held, _interrupts_off: interrupts_off }
    }

    /// Runs `action` on the value if the lock is free, without checking the rank. For the report of
    /// a panic: a lock that is held at that time will never be released.
    pub fn try_with(&self, action: impl FnOnce(&mut T)) {
        let _interrupts_off = InterruptsOff::new();
        if let Some(mut value) = self.inner.try_lock() {
            action(&mut value);
        }
    }
}

/// One turn of the waiting loop for a lock, with interrupts off.
pub(super) fn relax() {
    core::hint::spin_loop();
    // The lock's holder may wait for this CPU to answer a shoot-down.
    tlb::answer_shootdowns();
}

/// Access to what an [`IrqMutex`] protects; dropping it releases the lock.
///
/// The fields are dropped in their order: first the lock is released, last interrupts are restored.
pub struct IrqMutexGuard<'a, T> {
    value: TicketMutexGuard<'a, T>,
    lock: &'a IrqMutex<T>,
    _rank_held: RankHeld,
    _interrupts_off: InterruptsOff,
}

impl<T> IrqMutexGuard<'_, T> {
    /// Returns the value, and the key to the [cells](super::LockCell) that the lock owns.
    #[inline]
    pub fn parts(&mut self) -> (&mut T, Key<'_>) {
        (&mut self.value, Key::new(self.lock))
    }
}

impl<T> Deref for IrqMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for IrqMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// Records the rank on this CPU, and the time at which the lock was taken; in debug builds.
pub(super) struct RankHeld {
    rank: Rank,
    since_tsc: u64,
}

impl RankHeld {
    #[inline]
    pub(super) fn new(rank: Rank) -> Self {
        if cfg!(debug_assertions) {
            rank.enter();
        }
        Self { rank, since_tsc: 0 }
    }

    #[inline]
    pub(super) fn begin(&mut self, has_waited: bool) {
        if cfg!(debug_assertions) {
            self.rank.statistics(percpu::current()).note_taken(has_waited);
            self.since_tsc = clock::read_tsc();
        }
    }
}

impl Drop for RankHeld {
    #[inline]
    fn drop(&mut self) {
        if cfg!(debug_assertions) {
            let cpu = percpu::current();
            let held_ticks = clock::read_tsc().wrapping_sub(self.since_tsc);
            self.rank.statistics(cpu).note_held(held_ticks);
            self.rank.leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::irq::interrupt_flag;
    use crate::testing::ShouldPanic;

    static OUTER: IrqMutex<u32> = IrqMutex::new(Rank::Device, 0);
    static INNER: IrqMutex<u32> = IrqMutex::new(Rank::Console, 0);

    #[test_case]
    fn interrupts_are_off_while_any_lock_is_held() {
        assert!(interrupt_flag::are_enabled());
        let outer = OUTER.lock();
        let inner = INNER.lock();
        assert!(!interrupt_flag::are_enabled());
        // Released in another order than taken.
        drop(outer);
        assert!(!interrupt_flag::are_enabled());
        drop(inner);
        assert!(interrupt_flag::are_enabled());
        assert_eq!(crate::sync::held_ranks(), 0);
    }

    #[test_case]
    const RISING_ORDER_IS_ENFORCED: ShouldPanic =
        ShouldPanic::new("sync::lower_rank_inside_higher", "rank Device", || {
            let _inner = INNER.lock();
            let _outer = OUTER.lock();
        });
}
