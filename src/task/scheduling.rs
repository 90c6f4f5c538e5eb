//! The state of a thread that the lock of a run queue owns.

use core::cell::Cell;

use run_queue::{Policy, SchedEntity};

/// The scheduling state of a thread. One lock at a time owns it: the lock of the run queue on which
/// the thread is, or was last; for a free thread, the lock of the free threads. `T` refers to a
/// thread.
pub(super) struct Scheduling<T> {
    /// Its entry for the run queue.
    pub(super) entity: SchedEntity<T>,
    /// When it became ready to run, if no CPU has run it since.
    pub(super) ready_since_ns: Cell<Option<u64>>,
    /// How long the threads ran that had this place in the table before.
    pub(super) run_time_before_ns: Cell<u64>,
    /// The number of waiting threads that lend it their policy.
    pub(super) loans: Cell<u32>,
    /// The next free thread.
    pub(super) next_free: Cell<Option<T>>,
}

impl<T: Copy> Scheduling<T> {
    /// Returns the state of a free thread.
    pub(super) const fn new(policy: Policy) -> Self {
        Self {
            entity: SchedEntity::new(policy),
            ready_since_ns: Cell::new(None),
            run_time_before_ns: Cell::new(0),
            loans: Cell::new(0),
            next_free: Cell::new(None),
        }
    }
}
