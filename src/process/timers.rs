//! The timers of a process: the three of setitimer(2), those of timer_create(2), and that of
//! RLIMIT_CPU.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::fs::clock_timer::ClockTimer;
use crate::fs::error::FsError;
use crate::sync::{Rank, SpinMutex};

/// A timer that every process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum FixedTimer {
    /// ITIMER_REAL, which sends SIGALRM.
    Real,
    /// ITIMER_VIRTUAL, which sends SIGVTALRM.
    Virtual,
    /// ITIMER_PROF, which sends SIGPROF.
    Profile,
    /// The timer of RLIMIT_CPU.
    CpuLimit,
}

const FIXED: usize = 4;

/// A timer of timer_create(2).
pub struct CreatedTimer {
    pub(super) timer: Arc<ClockTimer>,
    pub(super) overruns: Arc<Overruns>,
}

/// How often a timer expired while its signal was pending.
#[derive(Default)]
pub(super) struct Overruns {
    /// The number for the signal before the last one.
    previous: AtomicU64,
    /// The number for the last signal.
    last: AtomicU64,
}

impl Overruns {
    /// Begins the count for another signal.
    pub(super) fn begin(&self, overruns: u64) {
        self.previous.store(self.last.load(Ordering::Relaxed), Ordering::Relaxed);
        self.last.store(overruns, Ordering::Relaxed);
    }

    /// Adds to the count for the last signal.
    pub(super) fn add(&self, overruns: u64) {
        self.last.fetch_add(overruns, Ordering::Relaxed);
    }

    /// Returns the overruns of the last delivered signal.
    pub(super) fn of_delivered(&self, is_last_pending: bool) -> u64 {
        let count = if is_last_pending { &self.previous } else { &self.last };
        count.load(Ordering::Relaxed)
    }
}

/// The timers of a process.
pub(super) struct Timers {
    /// Protects the three timers that each process has; each is made when it is first set.
    fixed: SpinMutex<[Option<Arc<ClockTimer>>; FIXED]>,
    /// Protects the timers of timer_create(2), by their numbers.
    created: SpinMutex<Vec<Option<Arc<CreatedTimer>>>>,
}

impl Timers {
    pub(super) const fn new() -> Self {
        Self {
            fixed: SpinMutex::new(Rank::Process, [const { None }; FIXED]),
            created: SpinMutex::new(Rank::Process, Vec::new()),
        }
    }

    /// Returns a timer that every process has, if it was ever set.
    pub(super) fn fixed(&self, which: FixedTimer) -> Option<Arc<ClockTimer>> {
        self.fixed.lock()[which as usize].clone()
    }

    /// Stores a timer that every process has, unless another thread was faster; returns the stored
    /// timer.
    pub(super) fn keep_fixed(&self, which: FixedTimer, timer: Arc<ClockTimer>) -> Arc<ClockTimer> {
        self.fixed.lock()[which as usize].get_or_insert_with(|| timer.clone()).clone()
    }

    /// Returns a timer of timer_create(2).
    pub(super) fn created(&self, id: i32) -> Option<Arc<CreatedTimer>> {
        let index = usize::try_from(id).ok()?;
        self.created.lock().get(index)?.clone()
    }

    /// Returns a number for another timer, and reserves room for it, if there are less than `most`.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::NoMemory`].
    pub(super) fn add(
        &self,
        most: u64,
        make: impl FnOnce(i32) -> Result<Arc<CreatedTimer>, FsError>,
    ) -> Result<i32, FsError> {
        let id = {
            let mut created = self.created.lock();
            if created.iter().flatten().count() as u64 >= most {
                return Err(FsError::WouldBlock);
            }
            let free = created.iter().position(Option::is_none).unwrap_or(created.len());
            if free == created.len() {
                created.try_reserve(1)?;
                created.push(None);
            }
            i32::try_from(free).map_err(|_| FsError::WouldBlock)?
        };
        let timer = make(id)?;
        let before =
            self.created.lock().get_mut(id as usize).and_then(|place| place.replace(timer));
        // Another thread has made one with this number at the same time.
        if let Some(before) = before {
            before.timer.disarm();
        }
        Ok(id)
    }

    /// Deletes a timer of timer_create(2); returns whether it existed.
    pub(super) fn delete(&self, id: i32) -> bool {
        let Ok(index) = usize::try_from(id) else {
            return false;
        };
        let deleted = self.created.lock().get_mut(index).and_then(Option::take);
        deleted.inspect(|created| created.timer.disarm()).is_some()
    }

    /// Deletes all timers of timer_create(2).
    pub(super) fn delete_all(&self) {
        let created = core::mem::take(&mut *self.created.lock());
        created.iter().flatten().for_each(|created| created.timer.disarm());
    }

    /// Disarms all timers, because the process has ended.
    pub(super) fn stop(&self) {
        self.delete_all();
        let fixed = core::mem::take(&mut *self.fixed.lock());
        fixed.iter().flatten().for_each(|timer| timer.disarm());
    }
}
