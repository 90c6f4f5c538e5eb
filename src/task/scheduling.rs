//! What the scheduler keeps of a thread under the lock of a run queue.

use core::cell::Cell;

use run_queue::{Policy, SchedEntity};

/// The scheduling state of a thread. One lock at a time owns it: that of the run queue on which the
/// thread is, or was last; for a free thread, that of the list of free threads. `T` refers
/// to a thread.
pub(super) struct Scheduling<T> {
    /// What the run queue keeps of it.
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
    /// Returns that of a free thread.
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
