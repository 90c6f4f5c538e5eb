//! How a test waits: for what it needs, never for a time in which it should have come.
//!
//! How long a thread, a CPU or the host takes is not the test's business. A condition
//! that never holds is a hang, which the runner reports. Where times themselves are tested,
//! the kernel's file asks for `-icount`, as `tests/time.rs` does: there the machine's clock
//! counts instructions.

use spin::Once;

use crate::task;

/// How long the waiting thread sleeps between two looks.
const PAUSE_NS: u64 = 200_000;

/// How many threads there were before the first test.
static THREADS_AT_START: Once<usize> = Once::new();

/// Counts the threads that aren't tests'.
pub(super) fn start() {
    THREADS_AT_START.call_once(thread_count);
}

/// Waits until `condition` holds; other threads run meanwhile.
pub fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        // A thread that is cancelled looks again at once.
        let _ = task::sleep_ns(PAUSE_NS);
    }
}

/// Waits until no thread is left that a test has started, and frees the stacks that they
/// had.
///
/// # Panics
/// If this isn't a test kernel.
pub fn wait_for_threads() {
    let at_start = *THREADS_AT_START.get().expect("test kernels start by testing::start");
    wait_until(|| thread_count() <= at_start);
    task::trim();
}

/// Counts threads; CPUs that don't answer keep their idle threads.
fn thread_count() -> usize {
    let mut count = 0;
    task::for_each(|thread| count += usize::from(thread.name() != "idle"));
    count
}
