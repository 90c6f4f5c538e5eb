//! Who runs: the switch from thread to thread, wake-ups, and preemption.
//!
//! A thread is on a run queue as long as it runs or could. The lock of a run queue owns the
//! entities of its threads, also of those that wait and were on it last
//! ([`LockedQueue`](super::locked_queue)). A thread that is on no queue is put on one only by
//! the code that has changed its state to [`State::Waking`], or has taken it off a queue.
//!
//! A thread that waits first says so ([`State::Waiting`]) and then leaves the CPU. A wake-up
//! in between finds it still on its run queue, and it runs on. A wake-up that finds it off the
//! queue may put it on another one before its CPU has left it: the CPU that goes on with it
//! there waits for that.

use core::sync::atomic::{AtomicU64, Ordering};

use deadline_queue::NONE;
use run_queue::{LAG_MAX_NS, Policy, Previous, Start};

use super::balance;
use super::cpu::{self, SchedCpu};
use super::cpu_set::CpuSet;
use super::deadlines;
use super::locked_queue::LockedQueue;
use super::table;
use super::thread::{State, Thread};
use super::trace::Event;
use crate::arch::context;
use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu;
use crate::arch::irq;
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::{ipi, preemption};
use crate::arch::time::{clock, timer};
use crate::sync;

/// Makes the scheduler the one that is asked for.
pub(super) fn start() {
    preemption::set_hook(|| {
        let _interrupts_off = InterruptsOff::new();
        schedule(Previous::Runnable);
    });
}

/// Makes `thread`, which runs on this CPU already, its current one.
pub(super) fn take_over(cpu: &'static SchedCpu, thread: &'static Thread) {
    let now_ns = clock::now_ns();
    let mut queue = LockedQueue::lock(cpu);
    queue.enqueue(thread, Start::New, now_ns);
    let picked = pick(&mut queue, now_ns, Previous::Blocked);
    assert!(picked == Some(thread), "there is no other thread");
    thread.set_state(State::Runnable);
}

/// Lets others run first.
pub fn yield_now() {
    check_may_leave();
    let _interrupts_off = InterruptsOff::new();
    schedule(Previous::Yielding);
}

/// Leaves the CPU until somebody wakes the running thread, which has said that it
/// waits. The one `InterruptsOff` lives since then.
pub(super) fn leave() {
    schedule(Previous::Blocked);
}

/// Ends the running thread: its place is given up when it is left.
pub(super) fn end() -> ! {
    let _interrupts_off = InterruptsOff::new();
    table::current().set_state(State::Ended);
    schedule(Previous::Blocked);
    unreachable!("nobody goes back to a thread that has ended")
}

/// Sees that a thread may wait here.
///
/// # Panics
/// If interrupts are off, a spin lock is held, preemption is forbidden, or this is an
/// interrupt handler: whoever is waited for might wait for that.
pub(super) fn check_may_leave() {
    assert!(!irq::is_in_interrupt(), "an interrupt handler waits");
    assert!(sync::held_ranks() == 0, "a thread waits while it holds a spin lock");
    assert!(interrupt_flag::are_enabled(), "a thread waits with interrupts off");
    assert!(!preemption::is_off(), "a thread waits where preemption is off");
    let running = table::current();
    debug_assert!(
        !cpu::cpus().any(|cpu| core::ptr::eq(cpu.idle(), running)),
        "an idle thread waits"
    );
}

/// Chooses who runs, and switches there. Returns when the running thread is chosen again,
/// maybe on another CPU. Interrupts are off, by one `InterruptsOff`.
fn schedule(previous: Previous) {
    let cpu = cpu::this();
    let running = table::current();
    let now_ns = clock::now_ns();
    preemption::clear_request();
    let is_idle = core::ptr::eq(running, cpu.idle());
    let mut queue = LockedQueue::lock(cpu);
    // It may have been woken since it said that it waits.
    let is_waiting = previous == Previous::Blocked
        && matches!(running.state(), State::Waiting | State::Waking | State::Ended);
    // Where it may not run it leaves the queue, and goes to another one. That is looked at
    // with the queue locked: a later change finds the thread running, and asks again.
    let is_moved = !is_idle && !is_waiting && !running.may_run_on(cpu.id());
    let previous = match previous {
        _ if is_waiting || is_moved => Previous::Blocked,
        Previous::Blocked => Previous::Runnable,
        previous => previous,
    };
    let mut next = pick(&mut queue, now_ns, previous);
    if is_moved {
        place(queue, running, Start::Woken);
    } else {
        drop(queue);
    }
    if next.is_none() {
        if is_idle {
            next = steal(cpu, now_ns);
        } else if !balance::is_alone() {
            // The idle thread is to look around. This one mustn't: another CPU may wait
            // until it is left, and this one could come to wait for that CPU.
            preemption::request();
        }
    }
    let next = next.unwrap_or_else(|| cpu.idle());
    // Its affinity may have been changed between two queues, where no look finds it. It is
    // moved as soon as it has begun, if there is a CPU for it.
    if !next.may_run_on(cpu.id())
        && !core::ptr::eq(next, cpu.idle())
        && cpu::cpus().any(|other| next.may_run_on(other.id()))
    {
        preemption::request();
    }
    if core::ptr::eq(next, running) {
        if is_idle {
            // Somebody may have placed a thread here that is elsewhere by now.
            balance::set_idle(cpu, true);
        }
        return;
    }
    note_switch(cpu, running, next, is_waiting || is_moved, now_ns);
    switch(cpu, running, next);
}

/// Takes a thread over from another CPU, and chooses.
fn steal(cpu: &'static SchedCpu, now_ns: u64) -> Option<&'static Thread> {
    let stolen = balance::steal(cpu, now_ns)?;
    note_steal(cpu, stolen, now_ns);
    let mut queue = LockedQueue::lock(cpu);
    queue.enqueue(stolen, Start::Woken, now_ns);
    pick(&mut queue, now_ns, Previous::Blocked)
}

/// Picks the next thread from the queue of this CPU, and sets the timer to its end.
#[inline]
fn pick(queue: &mut LockedQueue, now_ns: u64, previous: Previous) -> Option<&'static Thread> {
    let next = queue.pick(now_ns, previous);
    set_timer(queue);
    next
}

/// Sets this CPU's timer to when its running thread has to be looked at again: at the end of
/// its slice, or, if it doesn't end, when those that wait might go elsewhere.
#[inline]
fn set_timer(queue: &mut LockedQueue) {
    if queue.len() < 2 {
        return;
    }
    if let Some(end_ns) = queue.slice_end_ns() {
        timer::set_deadline(end_ns);
    } else if !balance::is_alone() {
        timer::set_deadline(clock::now_ns() + LAG_MAX_NS);
    }
}

/// Does what has become due because `thread` has come to the queue, or has another policy
/// there.
fn note_change(queue: &mut LockedQueue, thread: &Thread) {
    let cpu = queue.cpu();
    let is_here = core::ptr::eq(cpu, cpu::this());
    // Another CPU sets its timer itself. It is set if fair threads have shared it before; a
    // real-time one may have nothing to share with but its equals.
    let is_real_time = matches!(thread.policy(), Policy::RealTime(_));
    let needs_timer = !is_here && (queue.len() == 2 || is_real_time);
    let is_due = queue.should_preempt() || needs_timer || !thread.may_run_on(cpu.id());
    if !is_due {
        if is_here {
            set_timer(queue);
        }
    } else if is_here {
        preemption::request();
    } else {
        request(cpu);
    }
}

/// Asks for the scheduler on `cpu`.
fn request(cpu: &SchedCpu) {
    if let Some(cpu) = percpu::get(CpuId::new(cpu.number)) {
        ipi::request_reschedule(cpu);
    }
}

fn note_steal(cpu: &SchedCpu, stolen: &Thread, now_ns: u64) {
    add(&cpu.steals, 1);
    cpu.trace.note(now_ns, Event::Steal(stolen.number()));
}

/// Adds to a counter that only this CPU writes.
fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Ordering::Relaxed) + count, Ordering::Relaxed);
}

fn note_switch(cpu: &SchedCpu, running: &Thread, next: &Thread, has_left: bool, now_ns: u64) {
    let idle = cpu.idle();
    add(&cpu.switches, 1);
    add(&next.switches, 1);
    if has_left {
        cpu.trace.note(now_ns, Event::Leave(running.number()));
    }
    if core::ptr::eq(next, idle) {
        cpu.trace.note(now_ns, Event::Idle);
    } else {
        cpu.trace.note(now_ns, Event::Run(next.number()));
        let ready_since_ns = next.ready_since_ns.load(Ordering::Relaxed);
        if ready_since_ns != 0 {
            cpu.note_latency(now_ns.saturating_sub(ready_since_ns));
            next.ready_since_ns.store(0, Ordering::Relaxed);
        }
    }
    if core::ptr::eq(next, idle) {
        balance::set_idle(cpu, true);
        cpu.idle_since_ns.store(now_ns, Ordering::Relaxed);
    } else if core::ptr::eq(running, idle) {
        balance::set_idle(cpu, false);
        let since_ns = cpu.idle_since_ns.swap(0, Ordering::Relaxed);
        cpu.idle_ns.fetch_add(now_ns.saturating_sub(since_ns), Ordering::Relaxed);
    }
}

fn switch(cpu: &'static SchedCpu, running: &'static Thread, next: &'static Thread) {
    running.fpu_state.leave();
    running.address_space.leave();
    next.address_space.enter();
    table::set_current(next);
    // Settled before the switch: after it the thread may run elsewhere, and end there.
    let has_ended = running.state() == State::Ended;
    let ended = if has_ended { running.slot } else { NONE };
    cpu.ended.store(ended, Ordering::Relaxed);
    if has_ended {
        context::retire(&running.context, &next.context);
    }
    let were_on = interrupt_flag::were_on();
    context::switch(&running.context, &next.context);
    interrupt_flag::set_were_on(were_on);
    finish();
    // Behind the switch: the CPU that it was on has saved them by now.
    running.fpu_state.enter();
}

/// Ends what the thread that ran here before has left to do. The first thing that a
/// thread does behind a switch.
pub(super) fn finish() {
    let ended = cpu::this().ended.load(Ordering::Relaxed);
    if ended != NONE {
        release(table::thread(ended));
    }
}

/// Gives up a hold of `thread`; the last one makes it free.
pub(super) fn release(thread: &'static Thread) {
    if thread.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
        // Until it is free, code that looks for the lock of its entity spins.
        let _interrupts_off = InterruptsOff::new();
        LockedQueue::lock_of(thread).give_up(thread);
        table::give_back(thread);
    }
}

/// Makes `thread` run, which was waiting and is [`State::Waking`] now.
pub(super) fn wake(thread: &'static Thread) {
    let _interrupts_off = InterruptsOff::new();
    let mut queue = LockedQueue::lock_of(thread);
    if queue.state(thread) == run_queue::QueueState::Off {
        place(queue, thread, Start::Woken);
    } else {
        // It is about to leave; now it won't.
        thread.set_state(State::Runnable);
    }
}

/// Puts `thread`, which is on no queue and which `queue` owns, on that of the CPU that suits it
/// best. Interrupts are off.
pub(super) fn place(mut queue: LockedQueue, thread: &'static Thread, start: Start) {
    let target = balance::pick_cpu(thread);
    if !core::ptr::eq(target, queue.cpu()) {
        queue.hand_over(thread, target);
        drop(queue);
        queue = LockedQueue::lock(target);
    }
    enqueue(queue, thread, start);
}

/// Puts `thread`, which is on no queue, on `queue`, which owns it. Interrupts are off.
pub(super) fn enqueue(mut queue: LockedQueue, thread: &'static Thread, start: Start) {
    let now_ns = clock::now_ns();
    // Or another thread would be placed there as well.
    balance::set_idle(queue.cpu(), false);
    thread.set_state(State::Runnable);
    thread.ready_since_ns.store(now_ns, Ordering::Relaxed);
    queue.enqueue(thread, start, now_ns);
    cpu::this().trace.note(now_ns, Event::Wake(thread.number()));
    note_change(&mut queue, thread);
}

/// Changes the policy of `thread`, which `queue` owns.
pub(super) fn change_policy(queue: &mut LockedQueue, thread: &'static Thread, policy: Policy) {
    if queue.set_policy(thread, policy, clock::now_ns()) {
        note_change(queue, thread);
    }
}

/// Lets `thread` run on the CPUs in `allowed` alone, from its next choice on.
pub fn set_allowed(thread: &'static Thread, allowed: &CpuSet) {
    thread.allowed.store(allowed.words());
    let _interrupts_off = InterruptsOff::new();
    let Some(mut queue) = LockedQueue::try_lock_of(thread) else {
        return;
    };
    if thread.may_run_on(queue.cpu().id()) {
        return;
    }
    match queue.state(thread) {
        // Whatever puts it on a queue sees it then.
        run_queue::QueueState::Off => {}
        run_queue::QueueState::Running => request(queue.cpu()),
        run_queue::QueueState::Waiting => {
            queue.dequeue(thread, clock::now_ns());
            place(queue, thread, Start::Woken);
        }
    }
}

/// Looks at the running thread: its slice may be over. Called by the timer's interrupt
/// handler.
pub(super) fn look(now_ns: u64) {
    let cpu = cpu::this();
    if let Some((thread, target)) = balance::take_surplus(cpu, now_ns) {
        note_steal(target, thread, now_ns);
        enqueue(LockedQueue::lock(target), thread, Start::Woken);
    }
    {
        let mut queue = LockedQueue::lock(cpu);
        queue.update(now_ns);
        if queue.should_preempt() {
            preemption::request();
        } else {
            set_timer(&mut queue);
        }
    }
    if let Some(idle) = balance::idle_beside(cpu).map(CpuId::new).and_then(percpu::get) {
        // It takes one over.
        ipi::request_reschedule(idle);
    }
    if let Some(first_ns) = deadlines::first_ns(cpu) {
        timer::set_deadline(first_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It has said that it waits; then other CPUs are allowed than this one, then it is woken.
    #[test_case]
    fn thread_that_is_woken_before_it_leaves_moves_where_it_may_run() {
        let thread = table::current();
        let wakes = || {
            let own = |event: &(u64, Event)| event.1 == Event::Wake(thread.number());
            cpu::cpus().flat_map(SchedCpu::trace).filter(own).count()
        };
        let all = CpuSet::first(thread.allowed().len());
        let mut elsewhere = CpuSet::new();
        elsewhere.try_insert(all.len() - 1).expect("it is in the set of all");
        {
            let interrupts_off = InterruptsOff::new();
            thread.set_state(State::Waiting);
            set_allowed(thread, &elsewhere);
            assert!(thread.change_state(State::Waiting, State::Waking));
            wake(thread);
            let before = wakes();
            leave();
            // It was put on a queue of one where it may run, or nearest to that.
            assert_eq!(wakes(), before + 1);
            drop(interrupts_off);
        }
        set_allowed(thread, &all);
        yield_now();
    }
}
