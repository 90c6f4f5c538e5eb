//! A mutex whose waiters sleep, with a rank.

use blocking::WaitError;

use super::Rank;
use super::parking::KernelLot;
use super::rank::HeldByThread;
use super::sleeping_guard::SleepingGuard;

/// A lock for data that a thread may hold while it sleeps. Threads that wait for it sleep; the
/// thread that holds it inherits their priority. Interrupt handlers can't take it.
///
/// Debug builds check the [`Rank`], which is a sleeping one, by thread.
pub struct Mutex<T> {
    rank: Rank,
    inner: blocking::Mutex<KernelLot, T>,
}

/// Access to the value of a [`Mutex`]; dropping it releases the mutex.
pub type MutexGuard<'a, T> = SleepingGuard<blocking::MutexGuard<'a, KernelLot, T>>;

impl<T> Mutex<T> {
    /// Makes a free mutex of `rank` around `value`.
    ///
    /// # Panics
    /// If that is the rank of a spin lock.
    pub const fn new(rank: Rank, value: T) -> Self {
        assert!(rank.is_sleeping(), "the rank is for spin locks");
        Self { rank, inner: blocking::Mutex::new(value) }
    }

    /// Takes the mutex; sleeps while another thread holds it.
    ///
    /// # Panics
    /// If the running thread holds it already. In debug builds, if the thread holds a lock of the
    /// same or a higher rank.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let held = HeldByThread::new(self.rank);
        SleepingGuard::new(self.inner.lock(), held)
    }

    /// Takes the mutex if it is free.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of the same or a higher rank.
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let held = HeldByThread::new(self.rank);
        Some(SleepingGuard::new(self.inner.try_lock()?, held))
    }

    /// Takes the mutex. Sleeps while another thread holds it, until the running thread is
    /// cancelled, or until `deadline_ns`, in nanoseconds on the kernel's clock, if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    ///
    /// # Panics
    /// As [`lock`](Self::lock).
    #[inline]
    pub fn lock_cancellable(
        &self,
        deadline_ns: Option<u64>,
    ) -> Result<MutexGuard<'_, T>, WaitError> {
        let held = HeldByThread::new(self.rank);
        Ok(SleepingGuard::new(self.inner.lock_cancellable(deadline_ns)?, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{IrqMutex, parking};
    use crate::testing::ShouldPanic;

    static ONE: Mutex<u32> = Mutex::new(Rank::AddressSpace, 0);
    static OTHER: Mutex<u32> = Mutex::new(Rank::AddressSpace, 0);
    static INNER: Mutex<u32> = Mutex::new(Rank::SharedMemory, 0);
    static SPIN: IrqMutex<u32> = IrqMutex::new(Rank::Input, 0);

    fn held_ranks() -> u64 {
        parking::held_ranks().load(core::sync::atomic::Ordering::Relaxed)
    }

    #[test_case]
    fn spin_locks_may_be_taken_while_a_mutex_is_held() {
        let mut one = ONE.lock();
        assert_eq!(held_ranks(), u64::from(cfg!(debug_assertions)) << Rank::AddressSpace as u8);
        *one += *SPIN.lock() + 1;
        assert!(ONE.inner.try_lock().is_none());
        drop(one);
        assert_eq!(held_ranks(), 0);
        assert!(ONE.lock_cancellable(None).is_ok());
        assert!(ONE.try_lock().is_some());
        assert_eq!(held_ranks(), 0);
    }

    #[test_case]
    const RANKS_OF_MUTEXES_RISE: ShouldPanic =
        ShouldPanic::new("sync::mutex_of_a_rank_that_is_held", "rank AddressSpace", || {
            let _one = ONE.lock();
            let _other = OTHER.lock();
        });

    #[test_case]
    const OUTER_MUTEX_IS_REFUSED_INSIDE_AN_INNER_ONE: ShouldPanic =
        ShouldPanic::new("sync::outer_mutex_inside_an_inner_one", "rank AddressSpace", || {
            drop((ONE.lock(), INNER.lock()));
            let _inner = INNER.lock();
            let _one = ONE.try_lock();
        });

    #[test_case]
    const FREE_MUTEX_IS_REFUSED_TO_HOLDERS_OF_SPIN_LOCKS: ShouldPanic =
        ShouldPanic::new("sync::mutex_inside_a_spin_lock", "rank AddressSpace", || {
            let _spin = SPIN.lock();
            let _one = ONE.lock();
        });
}
