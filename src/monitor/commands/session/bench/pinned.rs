//! Threads that stay on one CPU.

use crate::arch::cpu::id::CpuId;
use crate::task::{self, Builder, CpuSet, JoinHandle, SpawnError, State, Thread, ThreadId};

/// The name of the threads.
const NAME: &str = "bench";

/// The time between two looks whether a thread has ended, in nanoseconds.
const PAUSE_NS: u64 = 100_000;

/// Returns the properties of a thread that stays on `cpu`.
pub(super) fn builder(cpu: CpuId) -> Builder<'static> {
    let mut only = CpuSet::new();
    only.try_insert(cpu.index()).expect("the CPU runs");
    Builder::new(NAME).allowed(only)
}

/// Starts a thread that stays on `cpu`.
///
/// # Errors
/// See [`SpawnError`].
pub(super) fn spawn<T: Send + 'static>(
    cpu: CpuId,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, SpawnError> {
    builder(cpu).spawn(body)
}

/// Waits until the thread has ended, and its stack can be freed; returns its result. Not for a
/// thread that the running one has to give the CPU to.
pub(super) fn join<T>(handle: JoinHandle<T>) -> T {
    let (thread, id) = (handle.thread(), handle.thread().id());
    let result = handle.join();
    wait_for_end(thread, id);
    result
}

/// Waits until the thread `id`, in the slot of `thread`, has ended and its slot is free.
pub(super) fn wait_for_end(thread: &'static Thread, id: ThreadId) {
    while thread.id() == id && thread.state() != State::Free {
        // If the running thread is cancelled, the sleep ends at once.
        let _ = task::sleep_ns(PAUSE_NS);
    }
}
