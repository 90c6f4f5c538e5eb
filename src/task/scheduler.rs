//! Who runs: the switch from thread to thread, wake-ups, and preemption.
//!
//! A thread is on a run queue as long as it runs or could; which one is in
//! `Thread::processor`, and that run queue's lock owns the thread's node. While a thread
//! is on no queue, only who has changed its state to [`State::Waking`], or has taken it off
//! a queue, may put it on one.
//!
//! A thread that waits first says so ([`State::Waiting`]) and then leaves the processor.
//! Who wakes it in between finds it on its run queue still, and lets it run on. Who finds it
//! off the queue may put it on another one before its processor has left it: the processor
//! that goes on with it there waits for that.

use core::sync::atomic::{AtomicU64, Ordering};

use run_queue::{Former, LAG_MAX_NS, Policy, RunQueue, Start};

use super::balance;
use super::deadlines;
use super::processor::{self, Processor};
use super::processor_set::ProcessorSet;
use super::table::{self, Table};
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
        schedule(Former::Runnable);
    });
}

/// Makes `thread`, which runs on this processor already, its current one.
pub(super) fn take_over(processor: &Processor, thread: &Thread) {
    let now_ns = clock::now_ns();
    let mut queue = processor.run_queue.lock();
    queue.enqueue(&Table, thread.slot, Start::New, now_ns);
    let picked = pick(processor, &mut queue, now_ns, Former::Blocked);
    assert!(picked.is_some_and(|it| core::ptr::eq(it, thread)), "nobody else is there");
    thread.set_state(State::Runnable);
}

/// Lets others run first.
pub fn yield_now() {
    check_may_leave();
    let _interrupts_off = InterruptsOff::new();
    schedule(Former::Yielding);
}

/// Leaves the processor until somebody wakes the running thread, which has said that it
/// waits. The one `InterruptsOff` lives since then.
pub(super) fn leave() {
    schedule(Former::Blocked);
}

/// Ends the running thread: its place is given up when it is left.
pub(super) fn end() -> ! {
    let _interrupts_off = InterruptsOff::new();
    table::current().set_state(State::Ended);
    schedule(Former::Blocked);
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
        !processor::processors().any(|processor| core::ptr::eq(processor.idle(), running)),
        "an idle thread waits"
    );
}

/// Chooses who runs, and switches there. Returns when the running thread is chosen again,
/// maybe on another processor. Interrupts are off, by one `InterruptsOff`.
fn schedule(former: Former) {
    let processor = processor::this();
    let running = table::current();
    let now_ns = clock::now_ns();
    preemption::clear_request();
    let is_idle = core::ptr::eq(running, processor.idle());
    let target;
    let mut next = {
        let mut queue = processor.run_queue.lock();
        // It may have been woken since it said that it waits.
        let is_waiting = former == Former::Blocked
            && matches!(running.state(), State::Waiting | State::Waking | State::Ended);
        // Where it may not run it leaves the queue, and goes to another one. That is looked at
        // with the queue locked: who changes it later finds the thread running, and asks again.
        let may_stay = running.allowed.contains(CpuId::new(processor.number));
        let is_moved = !is_idle && !is_waiting && !may_stay;
        let former = match former {
            _ if is_waiting || is_moved => Former::Blocked,
            Former::Blocked => Former::Runnable,
            former => former,
        };
        let next = pick(processor, &mut queue, now_ns, former);
        target = is_moved.then(|| balance::assign(running));
        next
    };
    if let Some(target) = target {
        enqueue(target, running, Start::Woken);
    }
    if next.is_none() {
        if is_idle {
            next = steal(processor, now_ns);
        } else if !balance::is_alone() {
            // The idle thread is to look around. This one mustn't: another processor may wait
            // until it is left, and this one could come to wait for that processor.
            preemption::request();
        }
    }
    let next = next.unwrap_or_else(|| processor.idle());
    if core::ptr::eq(next, running) {
        if is_idle {
            // Somebody may have placed a thread here that is elsewhere by now.
            balance::set_idle(processor, true);
        }
        return;
    }
    note_switch(processor, running, next, now_ns);
    switch(processor, running, next);
}

/// Takes a thread over from another processor, and chooses.
fn steal(processor: &'static Processor, now_ns: u64) -> Option<&'static Thread> {
    let stolen = balance::steal(processor, now_ns)?;
    note_steal(processor, stolen, now_ns);
    let mut queue = processor.run_queue.lock();
    queue.enqueue(&Table, stolen.slot, Start::Woken, now_ns);
    pick(processor, &mut queue, now_ns, Former::Blocked)
}

/// Chooses from the queue of `processor`, which is this one.
fn pick(
    processor: &Processor,
    queue: &mut RunQueue,
    now_ns: u64,
    former: Former,
) -> Option<&'static Thread> {
    let next = queue.pick(&Table, now_ns, former);
    processor.publish(queue);
    set_timer(queue);
    next.map(table::thread)
}

/// Sets this CPU's timer to when its running thread has to be looked at again: at the end of
/// its slice, or, if it doesn't end, when those that wait might go elsewhere.
fn set_timer(queue: &RunQueue) {
    if let Some(end_ns) = queue.slice_end_ns(&Table) {
        timer::set_deadline(end_ns);
    } else if queue.len() > 1 && !balance::is_alone() {
        timer::set_deadline(clock::now_ns() + LAG_MAX_NS);
    }
}

/// Does on `processor` what has become due because `thread` has come to its queue, which is
/// locked, or has another policy there.
fn note_change(processor: &Processor, queue: &RunQueue, thread: &Thread) {
    processor.publish(queue);
    let is_here = processor.number == percpu::current().id().number();
    // Another processor sets its timer itself. It is set if fair threads have shared it
    // before; a real-time one may have nobody to share with but its equals.
    let is_real_time = matches!(thread.node.policy(), Policy::RealTime(_));
    let needs_timer = !is_here && (queue.len() == 2 || is_real_time);
    let may_not_run = !thread.allowed.contains(CpuId::new(processor.number));
    let is_due = queue.should_preempt(&Table) || needs_timer || may_not_run;
    if !is_due {
        if is_here {
            set_timer(queue);
        }
    } else if let Some(cpu) = percpu::get(CpuId::new(processor.number)) {
        ipi::request_reschedule(cpu);
    }
}

pub(super) fn note_steal(processor: &Processor, stolen: &Thread, now_ns: u64) {
    add(&processor.steals, 1);
    processor.trace.note(now_ns, Event::Steal(stolen.number()));
}

/// Adds to a counter that only this processor writes.
fn add(counter: &AtomicU64, count: u64) {
    counter.store(counter.load(Ordering::Relaxed) + count, Ordering::Relaxed);
}

fn note_switch(processor: &Processor, running: &Thread, next: &Thread, now_ns: u64) {
    let idle = processor.idle();
    add(&processor.switches, 1);
    add(&next.switches, 1);
    if running.node.state() == run_queue::State::Off && !core::ptr::eq(running, idle) {
        processor.trace.note(now_ns, Event::Leave(running.number()));
    }
    if core::ptr::eq(next, idle) {
        processor.trace.note(now_ns, Event::Idle);
    } else {
        processor.trace.note(now_ns, Event::Run(next.number()));
        let ready_since_ns = next.ready_since_ns.load(Ordering::Relaxed);
        if ready_since_ns != 0 {
            processor.note_latency(now_ns.saturating_sub(ready_since_ns));
            next.ready_since_ns.store(0, Ordering::Relaxed);
        }
    }
    if core::ptr::eq(next, idle) {
        balance::set_idle(processor, true);
        processor.idle_since_ns.store(now_ns, Ordering::Relaxed);
    } else if core::ptr::eq(running, idle) {
        balance::set_idle(processor, false);
        let since_ns = processor.idle_since_ns.swap(0, Ordering::Relaxed);
        processor.idle_ns.fetch_add(now_ns.saturating_sub(since_ns), Ordering::Relaxed);
    }
}

fn switch(processor: &'static Processor, running: &'static Thread, next: &'static Thread) {
    running.registers.leave();
    table::set_current(next);
    // Settled before the switch: behind it the thread may run elsewhere, and end there.
    let has_ended = running.state() == State::Ended;
    let ended = if has_ended { running.slot } else { run_queue::NONE };
    processor.ended.store(ended, Ordering::Relaxed);
    if has_ended {
        context::retire(&running.context, &next.context);
    }
    let were_on = interrupt_flag::were_on();
    context::switch(&running.context, &next.context);
    interrupt_flag::set_were_on(were_on);
    finish();
    // Behind the switch: the processor that it was on has saved them by now.
    running.registers.enter();
}

/// Ends what the thread that ran here before has left to do. The first thing that a
/// thread does behind a switch.
pub(super) fn finish() {
    let ended = processor::this().ended.load(Ordering::Relaxed);
    if ended != run_queue::NONE {
        release(table::thread(ended));
    }
}

/// Gives up a hold of `thread`; the last one makes it free.
pub(super) fn release(thread: &'static Thread) {
    if thread.holders.fetch_sub(1, Ordering::AcqRel) == 1 {
        table::give_back(thread);
    }
}

/// Lets `thread` run on, which was waiting and is [`State::Waking`] now.
pub(super) fn wake(thread: &'static Thread) {
    let _interrupts_off = InterruptsOff::new();
    let before = processor::get(thread.processor.load(Ordering::Relaxed));
    let target = {
        let _queue = before.run_queue.lock();
        if thread.node.state() != run_queue::State::Off {
            // It is about to leave; now it won't.
            thread.set_state(State::Runnable);
            return;
        }
        balance::assign(thread)
    };
    enqueue(target, thread, Start::Woken);
}

/// Puts `thread`, which is on no queue, on that of `target`, to which it was
/// [assigned](balance::assign). Interrupts are off.
pub(super) fn enqueue(target: &'static Processor, thread: &'static Thread, start: Start) {
    let now_ns = clock::now_ns();
    // Or another thread would be placed there as well.
    balance::set_idle(target, false);
    let mut queue = target.run_queue.lock();
    debug_assert_eq!(thread.processor(), target.number);
    thread.set_state(State::Runnable);
    thread.ready_since_ns.store(now_ns, Ordering::Relaxed);
    queue.enqueue(&Table, thread.slot, start, now_ns);
    processor::this().trace.note(now_ns, Event::Wake(thread.number()));
    note_change(target, &queue, thread);
}

/// Runs `action` on the queue that owns the node of `thread`, locked.
pub(super) fn with_queue_of<R>(
    thread: &Thread,
    action: impl FnOnce(&'static Processor, &mut RunQueue) -> R,
) -> R {
    loop {
        let processor = processor::get(thread.processor.load(Ordering::Relaxed));
        let mut queue = processor.run_queue.lock();
        // It may have been moved meanwhile.
        if thread.processor.load(Ordering::Relaxed) == processor.number {
            return action(processor, &mut queue);
        }
    }
}

/// Charges `thread` for the time up to now if it runs: one that nobody competes with is
/// charged only when it is left.
pub(super) fn charge(thread: &Thread) {
    if thread.node.state() == run_queue::State::Running {
        with_queue_of(thread, |_, queue| queue.update(&Table, clock::now_ns()));
    }
}

/// Changes the policy of `thread`, whose node the locked `queue` of `processor` owns.
pub(super) fn change_policy(
    processor: &Processor,
    queue: &mut RunQueue,
    thread: &Thread,
    policy: Policy,
) {
    if thread.node.state() == run_queue::State::Off {
        thread.node.set_policy(policy);
    } else {
        queue.set_policy(&Table, thread.slot, policy, clock::now_ns());
        note_change(processor, queue, thread);
    }
}

/// Lets `thread` run on the processors in `allowed` alone, from its next choice on.
pub fn set_allowed(thread: &'static Thread, allowed: &ProcessorSet) {
    thread.allowed.store(allowed.words());
    let _interrupts_off = InterruptsOff::new();
    let target = with_queue_of(thread, |processor, queue| match thread.node.state() {
        _ if thread.allowed.contains(CpuId::new(processor.number)) => None,
        // Who puts it on a queue sees it then.
        run_queue::State::Off => None,
        run_queue::State::Running => {
            if let Some(cpu) = percpu::get(CpuId::new(processor.number)) {
                ipi::request_reschedule(cpu);
            }
            None
        }
        run_queue::State::Waiting => {
            queue.update(&Table, clock::now_ns());
            queue.dequeue(&Table, thread.slot);
            processor.publish(queue);
            Some(balance::assign(thread))
        }
    });
    if let Some(target) = target {
        enqueue(target, thread, Start::Woken);
    }
}

/// Looks at the running thread: its slice may be over. Called by the timer's interrupt
/// handler.
pub(super) fn look(now_ns: u64) {
    let processor = processor::this();
    balance::level(processor, now_ns);
    {
        let mut queue = processor.run_queue.lock();
        queue.update(&Table, now_ns);
        if queue.should_preempt(&Table) {
            preemption::request();
        } else {
            set_timer(&queue);
        }
    }
    if let Some(idle) = balance::idle_beside(processor).map(CpuId::new).and_then(percpu::get) {
        // It takes one over.
        ipi::request_reschedule(idle);
    }
    if let Some(first_ns) = deadlines::first_ns(processor) {
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
            processor::processors().flat_map(Processor::trace).filter(own).count()
        };
        let all = ProcessorSet::first(thread.allowed().len());
        let mut elsewhere = ProcessorSet::new();
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
