//! The switch from thread to thread, wake-ups, and preemption.
//!
//! A thread is on a run queue as long as it runs or could run. The lock of a run queue owns the
//! scheduling state of its threads, also of those that wait and were on it last
//! ([`LockedQueue`](super::locked_queue)). A thread that is on no queue is put on one only by
//! the code that has changed its state to [`State::Waking`], or has taken it off a queue.
//!
//! A thread that waits first changes its state to [`State::Waiting`] and then leaves the CPU. A
//! wake-up in between finds it still on its run queue, and it continues. A wake-up that finds it
//! off the queue may put it on another one before its CPU has switched away from it: the CPU that
//! switches to it there waits for that.

#[cfg(test)]
mod tests;

use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use run_queue::{LAG_MAX_NS, Policy, Previous, Start};

use super::balance;
use super::cpu::{self, SchedCpu};
use super::cpu_set::CpuSet;
use super::deadlines;
use super::locked_queue::LockedQueue;
use super::samples;
use super::table;
use super::thread::{State, Thread};
use super::trace::Event;
use crate::arch::context;
use crate::arch::cpu::percpu::{self, StaticRef};
use crate::arch::irq;
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::irq::{ipi, preemption};
use crate::arch::time::{clock, timer};
use crate::{per_cpu, sync};

per_cpu! {
    /// Whether this CPU has just switched from a thread that has ended, which is [`ENDED`].
    static HAS_LEFT_ENDED: AtomicBool = AtomicBool::new(false);
    static ENDED: StaticRef<Thread> = StaticRef::none();
}

/// Registers the scheduler as the hook of preemption.
pub(super) fn start() {
    preemption::set_hook(|| schedule(Previous::Runnable, &InterruptsOff::new()));
}

/// Makes `thread`, which runs on this CPU already, its current one.
pub(super) fn take_over(cpu: &'static SchedCpu, thread: &'static Thread) {
    let now_ns = clock::now_ns();
    let interrupts_off = InterruptsOff::new();
    let mut queue = LockedQueue::lock(cpu, &interrupts_off);
    queue.enqueue(thread, Start::New, now_ns);
    let picked = pick(&mut queue, now_ns, Previous::Blocked);
    assert!(picked == Some(thread), "there is no other thread");
    thread.set_state(State::Runnable);
}

/// Yields: runs the other threads of this CPU first.
pub fn yield_now() {
    let interrupts_off = InterruptsOff::new();
    check_may_leave(&interrupts_off);
    schedule(Previous::Yielding, &interrupts_off);
}

/// Leaves the CPU until a wake-up of the running thread, whose state is [`State::Waiting`].
/// `interrupts_off` is the only one, and lives since that state was set.
#[inline(never)]
pub(super) fn leave(interrupts_off: &InterruptsOff) {
    schedule(Previous::Blocked, interrupts_off);
}

/// Ends the running thread: the CPU releases it after the switch to the next one.
pub(super) fn end() -> ! {
    let interrupts_off = InterruptsOff::new();
    table::current().set_state(State::Ended);
    leave(&interrupts_off);
    unreachable!("no CPU switches to a thread that has ended")
}

/// Checks that a thread may wait here.
///
/// # Panics
/// If interrupts were off, a spin lock is held, preemption is forbidden, or this is an
/// interrupt handler: the code that would wake the thread might need one of these.
#[inline]
pub(super) fn check_may_leave(interrupts_off: &InterruptsOff) {
    assert!(!irq::is_in_interrupt(), "an interrupt handler waits");
    // Release builds don't record the ranks.
    debug_assert!(sync::held_ranks() == 0, "a thread waits while it holds a spin lock");
    assert!(interrupts_off.has_turned_off(), "a thread waits with interrupts off");
    assert!(!preemption::is_off(), "a thread waits where preemption is off");
    debug_assert!(
        !cpu::cpus().any(|cpu| ptr::eq(cpu.idle(), table::current())),
        "an idle thread waits"
    );
}

/// Picks the next thread and switches to it. It is compiled once for each caller, as most of it
/// depends on `previous`. Returns when the running thread is picked again,
/// maybe on another CPU. `interrupts_off` is the only one.
#[inline(always)]
fn schedule(previous: Previous, interrupts_off: &InterruptsOff) {
    let cpu = cpu::this();
    let running = table::current();
    let idle = cpu.idle();
    let now_ns = clock::now_ns();
    preemption::clear_request();
    let is_idle = ptr::eq(running, idle);
    let mut queue = LockedQueue::lock(cpu, interrupts_off);
    // It may have been woken since its state was set.
    let is_waiting = previous == Previous::Blocked && !running.is_in(State::Runnable);
    // Where it may not run it leaves the queue, and goes to another one. That is looked at
    // with the queue locked: a later change finds the thread running, and requests preemption.
    let is_moved = !running.may_run_on(cpu.id()) && !is_waiting && !is_idle;
    let previous = match previous {
        _ if is_waiting || is_moved => Previous::Blocked,
        Previous::Blocked => Previous::Runnable,
        previous => previous,
    };
    let mut next = pick(&mut queue, now_ns, previous);
    if is_moved {
        place_elsewhere(queue, running, interrupts_off);
    } else {
        drop(queue);
    }
    if next.is_none() {
        if is_idle {
            next = steal(cpu, now_ns, interrupts_off);
        } else if !balance::is_alone() {
            // The idle thread is to look for work. This one must not: another CPU may wait
            // until this CPU has switched from it, and this CPU could come to wait for that one.
            preemption::request();
        }
    }
    let next = next.unwrap_or(idle);
    if ptr::eq(next, running) {
        if is_idle {
            // A thread may have been placed here that is elsewhere by now.
            balance::set_idle(cpu, true);
        }
        return;
    }
    if !balance::is_alone() && !next.may_run_on(cpu.id()) {
        move_soon(next, cpu);
    }
    if next.address_space.is_some() {
        timer::set_deadline(now_ns.wrapping_add(samples::TICK_NS));
    }
    let has_left = is_waiting || is_moved;
    note_switch(cpu, (running, next, idle), has_left, now_ns);
    let has_ended = is_waiting && running.is_in(State::Ended);
    switch(running, next, has_ended, interrupts_off);
}

/// Requests preemption if there is a CPU on which `next` may run: its affinity was changed while
/// it was between two queues, where no look finds it. It is moved as soon as it runs.
#[cold]
fn move_soon(next: &'static Thread, cpu: &SchedCpu) {
    if !ptr::eq(next, cpu.idle()) && cpu::cpus().any(|other| next.may_run_on(other.id())) {
        preemption::request();
    }
}

/// Puts the running thread, which may not run here, on the queue of another CPU.
#[cold]
fn place_elsewhere<'i>(
    queue: LockedQueue<'i>,
    running: &'static Thread,
    interrupts_off: &'i InterruptsOff,
) {
    place(queue, running, Start::Woken, interrupts_off);
}

/// Takes a thread from another CPU, and picks.
#[cold]
fn steal(
    cpu: &'static SchedCpu,
    now_ns: u64,
    interrupts_off: &InterruptsOff,
) -> Option<&'static Thread> {
    let stolen = balance::steal(cpu, now_ns, interrupts_off)?;
    note_steal(cpu, stolen, now_ns);
    let mut queue = LockedQueue::lock(cpu, interrupts_off);
    queue.enqueue(stolen, Start::Woken, now_ns);
    pick(&mut queue, now_ns, Previous::Blocked)
}

/// Picks the next thread from the queue of this CPU, and sets the timer to its end.
#[inline(always)]
fn pick(queue: &mut LockedQueue<'_>, now_ns: u64, previous: Previous) -> Option<&'static Thread> {
    let next = queue.pick(now_ns, previous);
    set_timer(queue);
    next
}

/// Sets this CPU's timer to when its running thread has to be looked at again: at the end of
/// its slice, or, if it doesn't end, when those that wait might go elsewhere.
#[inline(always)]
fn set_timer(queue: &mut LockedQueue<'_>) {
    if queue.len() < 2 {
        return;
    }
    if let Some(end_ns) = queue.slice_end_ns() {
        timer::set_deadline(end_ns);
    } else if !balance::is_alone() {
        timer::set_deadline(clock::now_ns() + LAG_MAX_NS);
    }
}

/// Requests preemption or sets the timer, because `thread` has come to the queue, or has another
/// policy there, as of `now_ns`.
#[inline]
fn note_change(queue: &mut LockedQueue<'_>, thread: &Thread, now_ns: u64) {
    let cpu = queue.cpu();
    let may_stay = thread.may_run_on(cpu.id());
    if ptr::eq(cpu, cpu::this()) {
        if may_stay {
            preempt_or_set_timer(queue, now_ns);
        } else {
            preemption::request();
        }
        return;
    }
    // Another CPU sets its timer itself. It is set if fair threads have shared it before; a
    // real-time one may have nothing to share with but its equals.
    let needs_timer = queue.len() == 2 || thread.policy().real_time_priority().is_some();
    if needs_timer || !may_stay || queue.preempt_ns().is_some() {
        request(cpu);
    }
}

/// Requests preemption if the running thread of this CPU should be preempted; otherwise sets the
/// timer to the time at which it should.
#[inline]
fn preempt_or_set_timer(queue: &mut LockedQueue<'_>, now_ns: u64) {
    match queue.preempt_ns() {
        Some(at_ns) if at_ns <= now_ns => preemption::request(),
        preempt_ns => {
            set_timer(queue);
            preempt_ns.into_iter().for_each(timer::set_deadline);
        }
    }
}

/// Requests preemption on `cpu`.
fn request(cpu: &SchedCpu) {
    if let Some(area) = percpu::get(cpu.id()) {
        ipi::request_reschedule(area);
    }
}

fn note_steal(cpu: &SchedCpu, stolen: &Thread, now_ns: u64) {
    add(&cpu.steals, 1);
    cpu.trace.note(now_ns, Event::Steal(stolen.id()));
}

/// Adds to a counter that only this CPU writes.
#[inline]
fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
}

#[inline]
fn note_switch(
    cpu: &SchedCpu,
    (running, next, idle): (&Thread, &Thread, &Thread),
    has_left: bool,
    now_ns: u64,
) {
    add(&cpu.switches, 1);
    add(&next.switches, 1);
    if has_left {
        cpu.trace.note(now_ns, Event::Leave(running.id()));
    }
    if ptr::eq(next, idle) {
        cpu.trace.note(now_ns, Event::Idle);
        balance::set_idle(cpu, true);
        cpu.idle_since_ns.store(now_ns, Ordering::Relaxed);
        return;
    }
    cpu.trace.note(now_ns, Event::Run(next.id()));
    if ptr::eq(running, idle) {
        balance::set_idle(cpu, false);
        let since_ns = cpu.idle_since_ns.load(Ordering::Relaxed);
        cpu.idle_since_ns.store(0, Ordering::Relaxed);
        add(&cpu.idle_ns, now_ns.saturating_sub(since_ns));
    }
}

/// Switches from `running`, which has ended or not, to `next`.
#[inline]
fn switch(
    running: &'static Thread,
    next: &'static Thread,
    has_ended: bool,
    interrupts_off: &InterruptsOff,
) {
    running.fpu_state.leave(interrupts_off);
    running.address_space.leave();
    next.address_space.enter(interrupts_off);
    table::set_current(next);
    if has_ended {
        // Set before the switch: after it a thread that waits may run elsewhere, and end there.
        ENDED.set(running);
        HAS_LEFT_ENDED.set(true);
        context::retire(&running.context, &next.context, interrupts_off);
    }
    let were_on = interrupt_flag::were_on();
    context::switch(&running.context, &next.context, interrupts_off);
    interrupt_flag::set_were_on(were_on);
    finish();
    // After the switch: the CPU that it was on has saved them by now.
    running.fpu_state.enter(interrupts_off);
}

/// Releases the thread that this CPU has left, if it has ended. The first function that a thread
/// calls after a switch.
#[inline]
pub(super) fn finish() {
    if HAS_LEFT_ENDED.get() {
        HAS_LEFT_ENDED.set(false);
        ENDED.get().into_iter().for_each(release);
    }
}

/// Ends a hold of `thread`; the last one makes it free.
pub(super) fn release(thread: &'static Thread) {
    if thread.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
        // Until it is free, code that looks for the lock of its scheduling state spins.
        let interrupts_off = InterruptsOff::new();
        LockedQueue::lock_of(thread, &interrupts_off).give_up(thread);
        table::give_back(thread);
    }
}

/// Makes `thread` runnable, which was waiting and is [`State::Waking`] now.
pub(super) fn wake(thread: &'static Thread, interrupts_off: &InterruptsOff) {
    let mut queue = LockedQueue::lock_of(thread, interrupts_off);
    if queue.state(thread) == run_queue::QueueState::Off {
        place(queue, thread, Start::Woken, interrupts_off);
    } else {
        // It was about to leave; now it continues.
        thread.set_state(State::Runnable);
    }
}

/// Puts `thread`, which is on no queue and which `queue` owns, on the queue of the CPU that suits
/// it best.
#[inline]
pub(super) fn place<'i>(
    mut queue: LockedQueue<'i>,
    thread: &'static Thread,
    start: Start,
    interrupts_off: &'i InterruptsOff,
) {
    let target = balance::pick_cpu(thread);
    if !ptr::eq(target, queue.cpu()) {
        queue.hand_over(thread, target);
        drop(queue);
        queue = LockedQueue::lock(target, interrupts_off);
    }
    enqueue(queue, thread, start);
}

/// Puts `thread`, which is on no queue, on `queue`, which owns it.
#[inline]
pub(super) fn enqueue(mut queue: LockedQueue<'_>, thread: &'static Thread, start: Start) {
    let now_ns = clock::now_ns();
    // Otherwise another thread would be placed there as well.
    balance::set_idle(queue.cpu(), false);
    thread.set_state(State::Runnable);
    queue.set_ready(thread, now_ns);
    queue.enqueue(thread, start, now_ns);
    cpu::this().trace.note(now_ns, Event::Wake(thread.id()));
    note_change(&mut queue, thread, now_ns);
}

/// Changes the policy of `thread`, which `queue` owns.
pub(super) fn change_policy(queue: &mut LockedQueue<'_>, thread: &'static Thread, policy: Policy) {
    let now_ns = clock::now_ns();
    if queue.set_policy(thread, policy, now_ns) {
        note_change(queue, thread, now_ns);
    }
}

/// Restricts `thread` to the CPUs in `allowed`, from the next time on that it is picked.
pub fn set_allowed(thread: &'static Thread, allowed: &CpuSet) {
    thread.allowed.store(allowed.words());
    let interrupts_off = InterruptsOff::new();
    let Some(mut queue) = LockedQueue::try_lock_of(thread, &interrupts_off) else {
        return;
    };
    if thread.may_run_on(queue.cpu().id()) {
        return;
    }
    match queue.state(thread) {
        // The code that puts it on a queue checks the affinity.
        run_queue::QueueState::Off => {}
        run_queue::QueueState::Running => request(queue.cpu()),
        run_queue::QueueState::Waiting => {
            queue.dequeue(thread, clock::now_ns());
            place(queue, thread, Start::Woken, &interrupts_off);
        }
    }
}

/// Interrupts the CPU that `thread` runs on, if that is another one.
pub(super) fn kick(thread: &'static Thread) {
    let interrupts_off = InterruptsOff::new();
    let Some(mut queue) = LockedQueue::try_lock_of(thread, &interrupts_off) else {
        return;
    };
    if queue.state(thread) == run_queue::QueueState::Running
        && !core::ptr::eq(queue.cpu(), cpu::this())
    {
        request(queue.cpu());
    }
}

/// Takes a sample of the running thread, which has run for `run_ns` in all. In the handler of the
/// timer's interrupt.
fn sample(cpu: &SchedCpu, running: &Thread, run_ns: u64) {
    let since_ns = run_ns.saturating_sub(running.samples.sums().total_ns());
    let is_of_program = irq::has_interrupted_program();
    running.samples.add(is_of_program, since_ns);
    cpu.samples.add(is_of_program, since_ns);
}

/// Checks whether the slice of the running thread is over. Called by the timer's interrupt
/// handler.
pub(super) fn look(now_ns: u64) {
    let interrupts_off = InterruptsOff::new();
    let cpu = cpu::this();
    if let Some((thread, target)) = balance::take_surplus(cpu, now_ns, &interrupts_off) {
        note_steal(target, thread, now_ns);
        enqueue(LockedQueue::lock(target, &interrupts_off), thread, Start::Woken);
    }
    {
        let mut queue = LockedQueue::lock(cpu, &interrupts_off);
        queue.update(now_ns);
        let running = table::current();
        if !ptr::eq(running, cpu.idle()) {
            sample(cpu, running, queue.charged_ns(running));
        }
        if running.address_space.is_some() {
            timer::set_deadline(now_ns + samples::TICK_NS);
        }
        preempt_or_set_timer(&mut queue, now_ns);
    }
    if let Some(idle) = balance::idle_beside(cpu).and_then(percpu::get) {
        // It takes one.
        ipi::request_reschedule(idle);
    }
    if let Some(first_ns) = deadlines::first_ns(cpu) {
        timer::set_deadline(first_ns);
    }
}
