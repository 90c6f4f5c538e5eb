//! An affinity that changes while a thread is on its way off its CPU.

use super::*;

/// Its state is that of one that waits; then other CPUs are allowed than this one, then it is
/// woken.
#[test_case]
fn thread_that_is_woken_before_it_leaves_moves_where_it_may_run() {
    let thread = table::current();
    let wakes = || {
        let own = |event: &(u64, Event)| event.1 == Event::Wake(thread.id());
        cpu::cpus().flat_map(SchedCpu::trace).filter(own).count()
    };
    let all = CpuSet::first(thread.allowed().len());
    let mut elsewhere = CpuSet::new();
    elsewhere.try_insert(all.len() - 1).expect("it is in the set of all");
    {
        let interrupts_off = InterruptsOff::new();
        thread.set_state(State::Waiting);
        set_allowed(thread, &elsewhere);
        thread.set_state(State::Waking);
        wake(thread, &interrupts_off);
        let before = wakes();
        leave(&interrupts_off);
        // It was put on a queue of one where it may run, or nearest to that.
        assert_eq!(wakes(), before + 1);
        drop(interrupts_off);
    }
    set_allowed(thread, &all);
    yield_now();
}
