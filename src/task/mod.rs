//! Threads: scheduling, waiting, and their start and end.
//!
//! | module | what |
//! | --- | --- |
//! | [`thread`] | a thread: its state, its places in queues, its registers |
//! | [`id`] | the numbers that name a thread |
//! | [`thread_ref`] | a counted reference to a thread |
//! | [`table`] | all threads, by number |
//! | [`spawn`] | the start and the end of a thread, and waiting for its end |
//! | [`cpu`] | the data of each CPU: its run queue, its deadlines |
//! | [`locked_queue`] | a locked run queue, and the scheduling state of threads that it owns |
//! | [`idle`] | the thread that runs when no other one can |
//! | [`scheduling`] | the state of a thread that the lock of a run queue owns |
//! | [`scheduler`] | the switch, wake-ups, preemption |
//! | [`samples`] | samples of where CPUs spend their time: in programs, or in the kernel |
//! | [`parking`] | the one place where threads wait |
//! | [`bucket`] | the threads that wait for the words of a bucket |
//! | [`parked`] | the state of a waiting thread |
//! | [`cpu_set`] | sets of CPUs |
//! | [`program`] | threads that run a program in ring 3 |
//! | [`program_state`] | the registers of a program that are not in a trap frame |
//! | [`address_space`] | the address space that a thread runs in |
//! | [`balance`] | load balancing: on which CPU a thread runs |
//! | [`deadlines`] | the times at which waits end, and the timer |
//! | [`inheritance`] | priority inheritance |
//! | [`smp`] | the start of the other CPUs |
//! | [`sleep`], [`timer_queue`] | waiting for a time; actions at a time |
//! | [`trace`] | the last events of the scheduler |
//! | [`watchdog`], [`watch`] | detection of CPUs that hang |
//! | [`fpu_state`], [`signal_fpu`] | floating point and vectors, for threads that use them, and in signals' frames |
//!
//! The crate `run-queue` picks the thread that runs next; the locks and
//! queues that threads wait with are in `sync`, and use the parking lot here.
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
pub use watchdog::{ReportHang, report_count as watchdog_report_count};

use alloc::sync::Arc;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::fpu_section::{self, FpuSection};
use crate::arch::cpu::id::{ApicId, CpuId};
use crate::arch::init_order::Interrupts;
use crate::arch::irq::preemption_off::PreemptionOff;
use crate::arch::time::clock;
use crate::arch::time::timer::Timer;
use crate::arch::user::way_out;
use crate::mm::Memory;
use crate::mm::user::address_space::AddressSpace;

/// Proof that threads exist: the boot context has become the first thread, and may wait.
#[derive(Clone, Copy, Debug)]
pub struct Tasks(());

/// Turns the boot context into the first thread, which stays on the boot stack. `report`
/// reports CPUs that hang.
pub fn start(_memory: Memory, timer: Timer, _interrupts: Interrupts, report: ReportHang) -> Tasks {
    boot_stage::mark(Stage::Tasks);
    watchdog::set_report(report);
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
    log::info!("the boot context is the first thread");
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

/// Sets the name of the running thread, cut to the longest name of a thread.
pub fn set_name(name: &str) {
    table::current().set_name(name);
}

/// Returns whether this CPU runs its idle thread. For interrupt handlers, and code that stays on
/// its CPU.
pub fn is_idle_here() -> bool {
    *table::current() == *cpu::this().idle()
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

/// Runs `action`, kernel code that uses vector registers. Preemption is off meanwhile, so `action`
/// must be short and must not wait; interrupts stay on. Afterwards the registers of the running
/// thread are as before.
///
/// In a thread without registers of its own, nothing is saved and nothing is restored. Otherwise
/// only the registers that the section may change are.
///
/// # Panics
/// In an interrupt handler, and within another section.
pub fn with_fpu<R>(action: impl FnOnce(&FpuSection) -> R) -> R {
    let preemption_off = PreemptionOff::new();
    let own = &table::current().fpu_state;
    let (save, restore) = (|| own.save_for_section(), || own.restore_after_section());
    fpu_section::run(&preemption_off, save, restore, action)
}
