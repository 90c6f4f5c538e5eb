//! The scheduler's data of each CPU.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use cpu_times::CpuTimes;
use deadline_queue::DeadlineQueue;
use run_queue::{Balancer, RunQueue};
use spin::Once;

use super::samples::Samples;
use super::thread::Thread;
use super::trace::{Event, Ring};
use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::{self, CPUS_MAX, StaticRef};
use crate::per_cpu;
use crate::sync::{IrqMutex, Rank};

/// Times from 1 ns to 2^36 ns, a minute, and longer, by powers of two.
pub const LATENCIES: usize = 37;

/// The run queue of one CPU.
pub(super) type Queue = RunQueue<&'static Thread>;

/// A CPU, as the scheduler sees it.
pub struct SchedCpu {
    id: CpuId,
    /// Protects its runnable threads; taken by the scheduler, on any CPU, and
    /// by interrupt handlers that wake threads.
    pub(super) run_queue: IrqMutex<Queue>,
    /// Protects the deadlines of threads that have begun to wait here; taken by them, and by
    /// the timer's interrupt handler.
    pub(super) deadlines: IrqMutex<DeadlineQueue<&'static Thread>>,
    /// The idle thread, which runs when no other thread is runnable.
    idle: Once<&'static Thread>,
    /// The number of runnable threads, as of the last change. Other CPUs read it.
    pub(super) runnable: AtomicU32,
    /// The load of its run queue. Other CPUs read it.
    pub(super) load: AtomicU64,
    /// Protects what it knows about the progress of other CPUs. Taken by the timer's
    /// interrupt handler of this CPU, before run queues.
    pub(super) balancer: IrqMutex<Balancer>,
    /// The number of its switches from thread to thread.
    pub(super) switches: AtomicU64,
    /// The number of threads that it has taken from other CPUs.
    pub(super) steals: AtomicU64,
    /// How often threads waited for it, from being woken to running, by time: entry N is for
    /// times from 2^N ns on.
    pub(super) latencies: [AtomicU64; LATENCIES],
    /// The last events.
    pub(super) trace: Ring,
    /// How long it was idle, in nanoseconds, up to `idle_since_ns`.
    pub(super) idle_ns: AtomicU64,
    /// Since when it has been idle; 0 if it isn't.
    pub(super) idle_since_ns: AtomicU64,
    /// Where it spent its time.
    pub(super) samples: Samples,
    /// Protects how its time was split last; taken to show it.
    pub(super) times: IrqMutex<CpuTimes>,
}

per_cpu! {
    static THIS: StaticRef<SchedCpu> = StaticRef::none();
}

static CPUS: [Once<&'static SchedCpu>; CPUS_MAX] = [const { Once::new() }; CPUS_MAX];

impl SchedCpu {
    const fn new(id: CpuId) -> Self {
        Self {
            id,
            run_queue: IrqMutex::new(Rank::RunQueue, RunQueue::new()),
            deadlines: IrqMutex::new(Rank::Deadlines, DeadlineQueue::new()),
            idle: Once::new(),
            runnable: AtomicU32::new(0),
            load: AtomicU64::new(0),
            balancer: IrqMutex::new(Rank::Balance, Balancer::new()),
            switches: AtomicU64::new(0),
            steals: AtomicU64::new(0),
            latencies: [const { AtomicU64::new(0) }; LATENCIES],
            trace: Ring::new(),
            idle_ns: AtomicU64::new(0),
            idle_since_ns: AtomicU64::new(0),
            samples: Samples::new(),
            times: IrqMutex::new(Rank::Thread, CpuTimes::ZERO),
        }
    }

    /// Returns the idle thread.
    #[inline]
    pub fn idle(&self) -> &'static Thread {
        self.idle.get().expect("CPUs that run have an idle thread")
    }

    /// Returns its number.
    #[inline]
    pub fn id(&self) -> CpuId {
        self.id
    }

    /// Sets the idle thread.
    pub(super) fn set_idle_thread(&self, idle: &'static Thread) {
        self.idle.call_once(|| idle);
    }

    /// Returns the number of runnable threads.
    pub fn runnable(&self) -> u32 {
        self.runnable.load(Ordering::Relaxed)
    }

    /// Publishes the length and the load of its run queue, which is locked, for other CPUs.
    #[inline]
    pub(super) fn publish(&self, queue: &Queue) {
        self.runnable.store(queue.len(), Ordering::Relaxed);
        self.load.store(queue.load(), Ordering::Relaxed);
    }

    /// Returns the number of its switches from thread to thread.
    pub fn switches(&self) -> u64 {
        self.switches.load(Ordering::Relaxed)
    }

    /// Returns the number of threads that it has taken from other CPUs.
    pub fn steals(&self) -> u64 {
        self.steals.load(Ordering::Relaxed)
    }

    /// Returns how often threads waited from being woken to running, by time: entry N is
    /// for times from 2^N ns on, up to the next.
    pub fn latencies(&self) -> [u64; LATENCIES] {
        self.latencies.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn note_latency(&self, latency_ns: u64) {
        let entry = latency_ns.max(1).ilog2() as usize;
        // Only this CPU writes it.
        let count = &self.latencies[entry.min(LATENCIES - 1)];
        count.store(count.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Returns the last events, oldest first, each with its time in nanoseconds.
    pub fn trace(&self) -> impl Iterator<Item = (u64, Event)> {
        self.trace.events()
    }

    /// Returns how `busy_ns`, for which it has worked in all, is split as samples found the threads
    /// that it ran. Neither part ever decreases.
    pub fn split_times(&self, busy_ns: u64) -> CpuTimes {
        let mut last = self.times.lock();
        *last = self.samples.sums().split(busy_ns, *last);
        *last
    }

    /// Returns how long it was idle, in nanoseconds, as of `now_ns`.
    pub fn idle_ns(&self, now_ns: u64) -> u64 {
        let since_ns = self.idle_since_ns.load(Ordering::Relaxed);
        let now = if since_ns == 0 { 0 } else { now_ns.saturating_sub(since_ns) };
        self.idle_ns.load(Ordering::Relaxed) + now
    }
}

/// Returns the CPU that this runs on. It may be another one by the time that it is
/// used, unless interrupts are off.
#[inline]
pub(super) fn this() -> &'static SchedCpu {
    THIS.get().expect("threads are only on CPUs that run")
}

/// Makes `cpu` the one that [`this`] returns here.
pub(super) fn use_here(cpu: &'static SchedCpu) {
    THIS.set(cpu);
}

/// Returns the CPU with this number.
///
/// # Panics
/// If it doesn't run threads.
#[inline]
pub(super) fn get(id: CpuId) -> &'static SchedCpu {
    CPUS[id.index()].get().expect("threads are only on CPUs that run")
}

/// Returns the CPUs that run threads.
pub fn cpus() -> impl Iterator<Item = &'static SchedCpu> {
    let running = |cpu: &&'static SchedCpu| percpu::get(cpu.id).is_some();
    CPUS.iter().filter_map(Once::get).copied().filter(running)
}

/// Makes the scheduler's data of the CPU `id`.
pub(super) fn prepare(id: CpuId) -> &'static SchedCpu {
    let make = || -> &'static SchedCpu { Box::leak(Box::new(SchedCpu::new(id))) };
    CPUS[id.index()].call_once(make)
}
