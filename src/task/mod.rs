//! Threads: which of them run on which CPU, and how they wait.
//!
//! | module | what |
//! | --- | --- |
//! | [`thread`] | what is known of a thread |
//! | [`id`] | the numbers that name a thread |
//! | [`thread_ref`] | a hold of a thread that was found by its number |
//! | [`table`] | all threads, by number |
//! | [`spawn`] | how a thread begins and ends, and how others wait for its end |
//! | [`cpu`] | what each CPU has of its own: its run queue, its deadlines |
//! | [`locked_queue`] | a run queue that is locked, and what it owns of threads |
//! | [`idle`] | the thread that runs when no other one can |
//! | [`scheduling`] | what the scheduler keeps of a thread under the lock of a run queue |
//! | [`scheduler`] | the switch, wake-ups, preemption |
//! | [`samples`] | where CPUs spend their time: in programs, or in the kernel |
//! | [`parking`] | the one place where threads wait |
//! | [`bucket`] | the threads that wait for the words of a bucket |
//! | [`parked`] | how a thread waits |
//! | [`cpu_set`] | sets of CPUs |
//! | [`program`] | threads that run a program in ring 3 |
//! | [`program_state`] | the registers of a program that a trap frame doesn't have |
//! | [`address_space`] | the address space that a thread runs in |
//! | [`balance`] | on which CPU a thread runs |
//! | [`deadlines`] | waits that end by themselves, and the timer |
//! | [`inheritance`] | threads that run sooner because others wait for them |
//! | [`smp`] | the other CPUs |
//! | [`sleep`], [`timer_queue`] | waiting for a time; what happens at a time |
//! | [`trace`] | what the scheduler did last |
//! | [`watchdog`], [`watch`] | CPUs that hang |
//! | [`fpu_state`], [`signal_fpu`] | floating point and vectors, for threads that use them, and in signals' frames |
//!
//! The crate `run-queue` picks the thread that runs next; what threads wait with is in
//! `sync`, over the parking lot here.
//!
//! Locks, from outer to inner: a bucket of the parking lot, a run queue, a CPU's
//! deadlines, the free threads. Two run queues are never held at once.

#![forbid(unsafe_code)]

mod address_space;
mod balance;
mod bucket;
mod cpu;
mod cpu_set;
mod deadlines;
mod fpu_state;
mod id;
mod idle;
mod inheritance;
mod interrupt;
mod locked_queue;
mod parked;
mod parking;
mod program;
mod program_state;
mod samples;
mod scheduler;
mod scheduling;
pub mod signal_fpu;
mod sleep;
mod smp;
mod spawn;
mod table;
mod thread;
mod thread_ref;
mod timer_queue;
mod trace;
mod watch;
mod watchdog;

pub use cpu::{LATENCIES, SchedCpu, cpus};
pub use cpu_set::CpuSet;
pub use fpu_state::NoFpu;
pub use id::ThreadId;
pub use inheritance::set_policy;
pub use interrupt::{clear_interrupt, interrupt};
pub use parking::{Cancellation, cancel};
pub use program::{ProgramStart, exec, segment_base, set_segment_base};
pub use program_state::ProgramState;
pub use scheduler::{set_allowed, yield_now};
pub use sleep::{sleep_ns, sleep_until};
pub use spawn::{Builder, JoinHandle, SpawnError, spawn, trim};
pub use table::{current, for_each};
pub use thread::{State, Thread};
pub use thread_ref::ThreadRef;
pub use timer_queue::{Expire, TimerSlot, expire_all as expire_all_timers};
pub use trace::Event;
pub use watchdog::{Tell, told as watchdog_told};

use alloc::sync::Arc;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::id::{ApicId, CpuId};
use crate::arch::init_order::Interrupts;
use crate::arch::time::clock;
use crate::arch::time::timer::Timer;
use crate::arch::user::way_out;
use crate::mm::Memory;
use crate::mm::user::address_space::AddressSpace;

/// Proof that there are threads: what runs has become the first of them, and may wait.
#[derive(Clone, Copy, Debug)]
pub struct Tasks(());

/// Turns the boot context into the first thread, which stays on the boot stack. `tell` reports
/// CPUs that hang.
pub fn start(_memory: Memory, timer: Timer, _interrupts: Interrupts, tell: Tell) -> Tasks {
    boot_stage::mark(Stage::Tasks);
    watchdog::set_tell(tell);
    let boot = cpu::prepare(CpuId::BOOT);
    cpu::use_here(boot);
    let first = spawn::adopt("main", boot).expect("the first thread has memory");
    let idle = spawn::prepare_idle(idle::idle, boot).expect("the first idle thread has memory");
    boot.set_idle_thread(idle);
    scheduler::take_over(boot, first);
    parking::start();
    scheduler::start();
    way_out::set_end_hook(spawn::end);
    timer.add_handler(|| {
        let now_ns = clock::now_ns();
        parking::end_waits_in_time(now_ns);
        scheduler::look(now_ns);
    });
    log::info!("what has started is the first thread");
    Tasks(())
}

/// Starts the CPUs with these APIC numbers, which then run threads, too, up to `cpus_max`
/// in all.
pub fn start_others(_tasks: Tasks, apic_ids: &[ApicId], cpus_max: usize) {
    boot_stage::mark(Stage::Smp);
    smp::start_others(apic_ids, cpus_max);
    watchdog::start();
}

/// Returns whether the running thread is [cancelled](cancel). A thread that runs for long without
/// waiting polls this, and ends.
#[inline]
pub fn is_cancelled() -> bool {
    table::current().is_cancelled()
}

/// Returns the address space that the running thread runs in; `None` for a thread of the
/// kernel.
pub fn current_address_space() -> Option<Arc<AddressSpace>> {
    table::current().address_space.get()
}

/// Takes the running thread, whose program ends, out of its address space, which is freed if the
/// thread was the last one in it.
pub fn leave_address_space() {
    table::current().address_space.give_up();
}

/// Allows the running thread to use the registers for floating point and vectors; they begin
/// as the manual has them after a reset. For all other threads using them is an exception.
///
/// # Errors
/// See [`NoFpu`].
pub fn keep_registers() -> Result<(), NoFpu> {
    table::current().fpu_state.keep()
}
