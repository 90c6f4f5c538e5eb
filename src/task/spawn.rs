//! The start and the end of a thread, and waiting for its end.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::Ordering;

use blocking::WaitError;
use run_queue::{Policy, Start};

use super::cpu::{self, SchedCpu};
use super::cpu_set::CpuSet;
use super::id::ThreadId;
use super::locked_queue::LockedQueue;
use super::program_state::{self, ProgramState};
use super::scheduler;
use super::table;
use super::thread::{DEFAULT_POLICY, Job, State, Thread};
use crate::arch::boot_stage;
use crate::arch::cpu::control_registers;
use crate::arch::cpu::percpu::CPUS_MAX;
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::mm::kernel::kernel_stack::{self, KernelStack};
use crate::mm::kernel::stacks::{Stack, Use};
use crate::mm::user::address_space::AddressSpace;
use crate::sync::{IrqMutex, Latch, Rank};

/// How many stacks of threads that have ended are kept for others.
const STACKS_KEPT: u32 = 64;

/// Why there is no further thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// There are as many as there can be, or no memory for more.
    NoThread,
    /// It can't have a stack.
    NoStack(kernel_stack::Error),
    /// No memory is left for the function that it is to run.
    NoMemory,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoThread => write!(f, "there can be no more than {} threads", table::THREADS_MAX),
            Self::NoStack(error) => write!(f, "{error}"),
            Self::NoMemory => f.write_str("no memory is left for the function of a thread"),
        }
    }
}

impl core::error::Error for SpawnError {}

/// The properties of a new thread.
#[derive(Clone)]
pub struct Builder<'a> {
    name: &'a str,
    policy: Policy,
    allowed: CpuSet,
    process: u32,
    address_space: Option<Arc<AddressSpace>>,
}

impl<'a> Builder<'a> {
    /// Makes the properties of a fair thread with this name, of which the first 24 bytes are kept.
    pub fn new(name: &'a str) -> Self {
        Self {
            name,
            policy: DEFAULT_POLICY,
            allowed: CpuSet::first(CPUS_MAX),
            process: 0,
            address_space: None,
        }
    }

    /// Sets its policy.
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// Restricts it to these CPUs.
    pub fn allowed(self, allowed: CpuSet) -> Self {
        Self { allowed, ..self }
    }

    /// Sets the number of its process.
    pub fn process(self, process: u32) -> Self {
        Self { process, ..self }
    }

    /// Sets the address space that it runs in.
    pub fn address_space(self, address_space: Arc<AddressSpace>) -> Self {
        Self { address_space: Some(address_space), ..self }
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub fn spawn<T: Send + 'static>(
        self,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, SpawnError> {
        let end = End { result: IrqMutex::new(Rank::Thread, None), has_come: Latch::new(1) };
        let end = Arc::try_new(end).map_err(|_| SpawnError::NoMemory)?;
        let job_end = end.clone();
        let job = Box::try_new(move || {
            let result = body();
            *job_end.result.lock() = Some(result);
            job_end.has_come.count_down();
        })
        .map_err(|_| SpawnError::NoMemory)?;
        // Beside itself, the handle holds it.
        let thread = self.place(Job::Kernel(job), None, 1, |_| {})?;
        Ok(JoinHandle { thread, end })
    }

    /// Makes the thread and puts it on a run queue, with `handles` holders beside itself. Calls
    /// `prepared` before that: afterwards it may run, and end, at any time.
    pub(super) fn place(
        self,
        job: Job,
        state: Option<ProgramState>,
        handles: u32,
        prepared: impl FnOnce(&'static Thread),
    ) -> Result<&'static Thread, SpawnError> {
        // It may run elsewhere by the time that it is placed.
        let thread = prepare(self.name, self.policy, job, cpu::this())?;
        thread.allowed.store(self.allowed.words());
        thread.process.store(self.process, Ordering::Relaxed);
        program_state::prepare(thread, self.address_space, state);
        // Other threads may have found it already.
        thread.holders.fetch_add(handles, Ordering::Relaxed);
        prepared(thread);
        let interrupts_off = InterruptsOff::new();
        let queue = LockedQueue::lock_of(thread, &interrupts_off);
        scheduler::place(queue, thread, Start::New, &interrupts_off);
        Ok(thread)
    }
}

/// Starts a fair thread that is called `name`, of which the first 24 bytes are kept.
///
/// # Errors
/// See [`SpawnError`].
pub fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, SpawnError> {
    Builder::new(name).spawn(body)
}

/// The result of a thread, and whether it has ended.
struct End<T> {
    /// Protects the result; taken by the thread at its end, and by the thread that joins it.
    result: IrqMutex<Option<T>>,
    has_come: Latch,
}

/// A handle to wait for the end of a thread. The thread continues if the handle is dropped.
pub struct JoinHandle<T> {
    thread: &'static Thread,
    end: Arc<End<T>>,
}

impl<T> JoinHandle<T> {
    /// Returns the thread.
    pub fn thread(&self) -> &'static Thread {
        self.thread
    }

    /// Returns whether the thread has ended.
    pub fn has_ended(&self) -> bool {
        self.end.has_come.is_open()
    }

    /// Waits until the thread has ended; returns its result.
    pub fn join(self) -> T {
        self.end.has_come.wait();
        self.take_result()
    }

    /// Waits until the thread has ended, but no longer than until `deadline_ns` on the
    /// kernel's clock; returns its result, or the handle.
    pub fn join_until(self, deadline_ns: u64) -> Result<T, Self> {
        match self.end.has_come.wait_until(deadline_ns) {
            Ok(()) => Ok(self.take_result()),
            Err(WaitError::TimedOut | WaitError::Cancelled) => Err(self),
        }
    }

    fn take_result(&self) -> T {
        let result = self.end.result.lock().take();
        result.expect("a thread leaves its result before it ends, and it is taken once")
    }
}

impl<T> Drop for JoinHandle<T> {
    fn drop(&mut self) {
        scheduler::release(self.thread);
    }
}

/// Makes a thread ready to run `job`: all but putting it on a run queue.
fn prepare(
    name: &str,
    policy: Policy,
    job: Job,
    cpu: &'static SchedCpu,
) -> Result<&'static Thread, SpawnError> {
    let thread = table::take().ok_or(SpawnError::NoThread)?;
    let id = ThreadId::next();
    // Stacks are called by the number that threads are shown with.
    let purpose = Use::Thread(id.number() as u32);
    let stack = match take_stack(thread) {
        Some(mut stack) => {
            stack.set_purpose(purpose);
            stack
        }
        None => match KernelStack::try_new(purpose) {
            Ok(stack) => stack,
            Err(error) => {
                table::give_back(thread);
                return Err(SpawnError::NoStack(error));
            }
        },
    };
    reset(thread, id, name, policy, cpu);
    thread.stack_top.store(stack.stack().top().as_u64(), Ordering::Relaxed);
    *thread.job.lock() = Some(job);
    thread.context.prepare(stack, run);
    Ok(thread)
}

/// Takes the stack that a thread has left in its place, if it has.
fn take_stack(thread: &Thread) -> Option<KernelStack> {
    thread.context.is_retired().then(|| thread.context.take_stack()).flatten()
}

/// Resets the state of the slot for a new thread, which is on no queue.
fn reset(
    thread: &'static Thread,
    id: ThreadId,
    name: &str,
    policy: Policy,
    cpu: &'static SchedCpu,
) {
    thread.set_id(id);
    thread.set_name(name);
    thread.process.store(0, Ordering::Relaxed);
    thread.allowed.store(CpuSet::first(CPUS_MAX).words());
    thread.is_cancelled.store(false, Ordering::Relaxed);
    thread.switches.store(0, Ordering::Relaxed);
    *thread.own_policy.lock() = policy;
    table::hand_out(thread, policy, cpu);
    thread.samples.clear();
    thread.holders.store(1, Ordering::Relaxed);
    // Not one that is free any more.
    thread.set_state(State::Waking);
}

/// The first function of a thread: after a switch, with interrupts off.
extern "C" fn run() -> ! {
    scheduler::finish();
    let thread = table::current();
    thread.fpu_state.enter(&InterruptsOff::new());
    interrupt_flag::begin_thread();
    let job = thread.job.lock().take();
    match job.expect("a thread has something to run when it begins") {
        Job::Kernel(run) => run(),
        Job::Program(start) => {
            boot_stage::finish();
            let (program, registers) = *start;
            thread.context.enter_program(program, &registers)
        }
    }
    end()
}

/// Ends the running thread.
pub(super) fn end() -> ! {
    let thread = table::current();
    thread.fpu_state.give_up();
    thread.address_space.give_up();
    let holds_none = thread.held_ranks.load(Ordering::Relaxed) == 0 && !thread.has_inherited();
    assert!(holds_none, "a thread ends with a mutex held");
    scheduler::end()
}

/// Turns the context that runs on this CPU into a thread, which keeps its stack.
pub(super) fn adopt(name: &str, cpu: &'static SchedCpu) -> Result<&'static Thread, SpawnError> {
    let thread = table::take().ok_or(SpawnError::NoThread)?;
    reset(thread, ThreadId::next(), name, DEFAULT_POLICY, cpu);
    adopt_here(thread);
    Ok(thread)
}

/// Turns the context that runs on this CPU into `thread`.
fn adopt_here(thread: &'static Thread) {
    thread.context.adopt();
    table::set_current(thread);
    let stack = Stack::of_slot_at(control_registers::stack_pointer());
    thread.stack_top.store(stack.map_or(0, |stack| stack.top().as_u64()), Ordering::Relaxed);
}

/// Makes an idle thread, which runs `idle` and is on no run queue.
pub(super) fn prepare_idle(
    idle: fn() -> !,
    cpu: &'static SchedCpu,
) -> Result<&'static Thread, SpawnError> {
    let job = Box::try_new(move || idle()).map_err(|_| SpawnError::NoMemory)?;
    prepare("idle", DEFAULT_POLICY, Job::Kernel(job), cpu)
}

/// Reserves a thread for the context that another CPU will start with.
pub(super) fn reserve_idle(cpu: &'static SchedCpu) -> Result<&'static Thread, SpawnError> {
    let thread = table::take().ok_or(SpawnError::NoThread)?;
    // The stack of the slot's last thread: this thread runs on the stack of its CPU.
    drop(take_stack(thread));
    reset(thread, ThreadId::next(), "idle", DEFAULT_POLICY, cpu);
    Ok(thread)
}

/// Turns the context that runs on this CPU into `thread`, which was reserved.
pub(super) fn adopt_idle(thread: &'static Thread) {
    adopt_here(thread);
    thread.set_state(State::Runnable);
}

/// Frees a stack if too many are kept. Idle threads call it.
pub(super) fn trim_some() {
    free_stack(STACKS_KEPT);
}

/// Frees the stacks of threads that have ended: all that are kept for others.
pub fn trim() {
    while free_stack(0) {}
}

/// Frees a stack that a thread has left, if more than `kept` are kept; returns whether one
/// was.
fn free_stack(kept: u32) -> bool {
    let Some(thread) = table::take_with_stack(kept) else {
        return false;
    };
    drop(take_stack(thread));
    table::give_back(thread);
    true
}
