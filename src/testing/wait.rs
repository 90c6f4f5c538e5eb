//! Waiting in tests: for a condition, never for a time after which it should hold.
//!
//! So no test depends on the speed of a thread, a CPU or the host. A condition that never becomes
//! true is a hang, which the runner reports. Tests about times run under `-icount`, like those of
//! `tests/time.rs`: there the machine's clock counts instructions.

use spin::Once;

use crate::mm::kernel::frames::{self, Purpose};
use crate::task;

/// The time between two checks of the condition, in nanoseconds.
const PAUSE_NS: u64 = 200_000;

/// The number of threads before the first test.
static THREADS_AT_START: Once<usize> = Once::new();

/// Counts the threads that don't belong to a test.
pub(super) fn start() {
    THREADS_AT_START.call_once(thread_count);
}

/// Waits until `condition` returns true. Other threads run in the meantime.
pub fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        // If the thread is cancelled, the sleep ends at once.
        let _ = task::sleep_ns(PAUSE_NS);
    }
}

/// Waits until all threads that tests have started have ended, and frees their stacks.
///
/// # Panics
/// If this isn't a test kernel.
pub fn wait_for_threads() {
    let at_start = *THREADS_AT_START.get().expect("test kernels start by testing::start");
    wait_until(|| thread_count() <= at_start);
    task::trim();
}

/// Returns the number of frames of threads' stacks.
pub fn stack_frames() -> usize {
    frames::counts().used_for(Purpose::Stacks)
}

/// Waits until all threads that tests have started have ended, and the stacks of threads have at
/// most `limit` frames. An idle thread that was preempted while freeing a stack may still hold its
/// frames.
///
/// # Panics
/// If this isn't a test kernel.
pub fn wait_for_stacks(limit: usize) {
    wait_for_threads();
    wait_until(|| stack_frames() <= limit);
}

/// Returns the number of threads, without those of the kernel that never end: idle ones, and that of
/// timers, which begins with the first timer.
fn thread_count() -> usize {
    let mut count = 0;
    task::for_each(|thread| count += usize::from(!["idle", "timers"].contains(&&*thread.name())));
    count
}
