//! A reader-writer lock whose waiters sleep, with a rank.

use blocking::WaitError;

use super::Rank;
use super::parking::KernelLot;
use super::rank::HeldByThread;
use super::sleeping_guard::SleepingGuard;

/// A lock that either any number of readers hold, or one writer. Threads that wait for it sleep. A
/// waiting writer blocks later readers, so that it doesn't starve; it inherits the priority of
/// threads that wait for it. Interrupt handlers can't take it.
///
/// Debug builds check the [`Rank`], which is a sleeping one, by thread. They also check readers,
/// because a thread that reads twice waits for ever if a writer requests the lock in between.
pub struct RwLock<T> {
    rank: Rank,
    inner: blocking::RwLock<KernelLot, T>,
}

/// Access to the value of a [`RwLock`], shared with other readers; dropping it releases the lock.
pub type RwLockReadGuard<'a, T> = SleepingGuard<blocking::RwLockReadGuard<'a, KernelLot, T>>;
/// Access to the value of a [`RwLock`]; dropping it releases the lock.
pub type RwLockWriteGuard<'a, T> = SleepingGuard<blocking::RwLockWriteGuard<'a, KernelLot, T>>;

impl<T> RwLock<T> {
    /// Makes a free lock of `rank` around `value`.
    ///
    /// # Panics
    /// If that is the rank of a spin lock.
    pub const fn new(rank: Rank, value: T) -> Self {
        assert!(rank.is_sleeping(), "the rank is for spin locks");
        Self { rank, inner: blocking::RwLock::new(value) }
    }

    /// Takes the lock for reading; sleeps while a writer holds it or waits for it.
    ///
    /// # Panics
    /// If the running thread holds it for writing. In debug builds, if the thread holds a lock of
    /// the same or a higher rank.
    #[inline]
    pub fn read(&self) -> RwLockReadGuard<'_, T> {
        let held = HeldByThread::new(self.rank);
        SleepingGuard::new(self.inner.read(), held)
    }

    /// Takes the lock for reading if no writer holds it or waits for it.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of the same or a higher rank.
    #[inline]
    pub fn try_read(&self) -> Option<RwLockReadGuard<'_, T>> {
        let held = HeldByThread::new(self.rank);
        Some(SleepingGuard::new(self.inner.try_read()?, held))
    }

    /// Takes the lock for reading. Sleeps while a writer holds it or waits for it, until the
    /// running thread is cancelled, or until `deadline_ns`, in nanoseconds on the kernel's clock,
    /// if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    ///
    /// # Panics
    /// As [`read`](Self::read).
    #[inline]
    pub fn read_cancellable(
        &self,
        deadline_ns: Option<u64>,
    ) -> Result<RwLockReadGuard<'_, T>, WaitError> {
        let held = HeldByThread::new(self.rank);
        Ok(SleepingGuard::new(self.inner.read_cancellable(deadline_ns)?, held))
    }

    /// Takes the lock for writing; sleeps while other threads hold it.
    ///
    /// # Panics
    /// If the running thread holds it for writing already. In debug builds, if the thread holds a
    /// lock of the same or a higher rank.
    #[inline]
    pub fn write(&self) -> RwLockWriteGuard<'_, T> {
        let held = HeldByThread::new(self.rank);
        SleepingGuard::new(self.inner.write(), held)
    }

    /// Takes the lock for writing with `rank` instead of its own rank, which is lower: for several
    /// locks of one kind, which are taken in an order of their own.
    ///
    /// # Panics
    /// As [`write`](Self::write), for `rank`.
    #[inline]
    pub fn write_as(&self, rank: Rank) -> RwLockWriteGuard<'_, T> {
        debug_assert!(rank.is_sleeping() && rank > self.rank);
        let held = HeldByThread::new(rank);
        SleepingGuard::new(self.inner.write(), held)
    }

    /// Takes the lock for writing if it is free.
    ///
    /// # Panics
    /// In debug builds, if the thread holds a lock of the same or a higher rank.
    #[inline]
    pub fn try_write(&self) -> Option<RwLockWriteGuard<'_, T>> {
        let held = HeldByThread::new(self.rank);
        Some(SleepingGuard::new(self.inner.try_write()?, held))
    }

    /// Takes the lock for writing. Sleeps while other threads hold it, until the running thread is
    /// cancelled, or until `deadline_ns`, in nanoseconds on the kernel's clock, if there is one.
    ///
    /// # Errors
    /// A [`WaitError`] if the cancellation or the deadline comes first.
    ///
    /// # Panics
    /// As [`write`](Self::write).
    #[inline]
    pub fn write_cancellable(
        &self,
        deadline_ns: Option<u64>,
    ) -> Result<RwLockWriteGuard<'_, T>, WaitError> {
        let held = HeldByThread::new(self.rank);
        Ok(SleepingGuard::new(self.inner.write_cancellable(deadline_ns)?, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ShouldPanic;

    static LOCK: RwLock<u32> = RwLock::new(Rank::AddressSpace, 0);

    #[test_case]
    fn it_is_read_by_many_or_written_by_one() {
        *LOCK.write() += 1;
        let value = LOCK.read();
        assert!(LOCK.inner.try_read().is_some());
        assert!(LOCK.inner.try_write().is_none());
        assert_eq!(*value, 1);
        drop(value);
        assert!(LOCK.try_write().is_some());
        assert!(LOCK.try_read().is_some());
        assert!(LOCK.read_cancellable(None).is_ok());
        assert!(LOCK.write_cancellable(None).is_ok());
    }

    #[test_case]
    const SECOND_READ_OF_A_THREAD_IS_REFUSED: ShouldPanic =
        ShouldPanic::new("sync::second_read_of_a_thread", "rank AddressSpace", || {
            let _one = LOCK.read();
            let _other = LOCK.read();
        });
}
