//! Threads start, end, take turns and wait; locks, calls of other CPUs and TLB flushes.
//!
//! QEMU: -icount shift=5,sleep=off -cpu max -smp 1
//! QEMU: -cpu max,-apic
//! QEMU: -cpu max -smp 2 -accel tcg,thread=multi
//! QEMU: -cpu max -smp 4 -accel tcg,thread=multi

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

#[path = "threads/locks.rs"]
mod locks;

use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use farjump::arch::cpu::id::ApicId;
use farjump::arch::cpu::percpu;
use farjump::arch::irq::ipi;
use farjump::arch::time::clock::now_ns;
use farjump::mm::debug::peek;
use farjump::mm::kernel::heap;
use farjump::mm::kernel::kernel_stack::KernelStack;
use farjump::mm::kernel::stacks::Use;
use farjump::sync::{Latch, Mutex, Rank, WaitQueue};
use farjump::task::{self, Builder, Cancellation, CpuSet, State};
use farjump::testing::{ShouldPanic, stack_frames, wait_for_stacks, wait_for_threads, wait_until};
use run_queue::{Policy, RealTimePriority};
use x86_64::VirtAddr;

farjump::test_kernel!(test_main);

const MS: u64 = 1_000_000;

fn real_time(priority: u8) -> Policy {
    Policy::RealTime(RealTimePriority::try_new(priority).expect("it is a priority"))
}

fn first_cpu() -> CpuSet {
    let mut first = CpuSet::new();
    first.try_insert(0).expect("the set has room for all CPUs");
    first
}

/// Keeps the running thread on these CPUs.
fn stay_on(cpus: CpuSet) {
    task::set_allowed(task::current(), &cpus);
    // The next pick moves it away from a CPU that isn't allowed.
    task::yield_now();
}

/// Keeps the running thread on its CPU.
fn stay_here() {
    let mut here = CpuSet::new();
    here.try_insert(task::current().cpu().index()).expect("the set has room for all CPUs");
    stay_on(here);
}

#[test_case]
fn thread_runs_and_leaves_its_result() {
    static GATE: Latch = Latch::new(1);
    let thread = task::spawn("one", || {
        GATE.wait();
        assert_eq!(task::current().name(), "one");
        6 * 7
    });
    let thread = thread.expect("there is memory");
    assert_eq!(thread.thread().name(), "one");
    assert!(!thread.has_ended());
    GATE.count_down();
    wait_until(|| thread.has_ended());
    assert_eq!(thread.join(), 42);
}

#[test_case]
fn what_threads_take_comes_back() {
    // For threads of earlier tests.
    wait_for_threads();
    let at_first = stack_frames();
    // On several CPUs each thread costs more, because all CPUs flush when its stack is
    // unmapped.
    let count = 500 / task::cpus().count();
    let round = || {
        let threads: Vec<_> = (0..count)
            .map(|index| task::spawn("many", move || index * 2).expect("there is memory"))
            .collect();
        let sum: usize = threads.into_iter().map(|thread| thread.join()).sum();
        assert_eq!(sum, (count - 1) * count);
        // The last threads may still be ending.
        wait_for_threads();
    };
    // Makes more places for threads than are needed later: places are kept.
    static GATE: Latch = Latch::new(1);
    let waiting: Vec<_> = (0..count + 100)
        .map(|_| task::spawn("waiting", || GATE.wait()).expect("there is memory"))
        .collect();
    GATE.count_down();
    waiting.into_iter().for_each(|thread| thread.join());
    round();
    let before = heap::statistics().allocated_bytes;
    (0..3).for_each(|_| round());
    assert_eq!(heap::statistics().allocated_bytes, before);
    wait_for_stacks(at_first);
}

/// All threads start on one CPU. The other CPUs, which halt, take threads over as soon as
/// these may run there.
#[test_case]
fn waiting_threads_are_taken_over() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let cpus = task::cpus().count();
    let all = (1 << cpus) - 1;
    // This thread wakes no other CPU.
    stay_here();
    let threads: Vec<_> = (0..cpus + 1)
        .map(|_| {
            let busy = move || {
                while SEEN.load(Ordering::Relaxed) != all {
                    SEEN.fetch_or(1 << task::current().cpu().number(), Ordering::Relaxed);
                }
            };
            let builder = Builder::new("busy").allowed(task::current().allowed());
            builder.spawn(busy).expect("there is memory")
        })
        .collect();
    for thread in &threads {
        task::set_allowed(thread.thread(), &CpuSet::first(64));
    }
    threads.into_iter().for_each(|thread| thread.join());
    task::set_allowed(task::current(), &CpuSet::first(64));
}

/// A CPU that has read a page keeps its translation until it is asked to flush it.
#[test_case]
fn other_cpus_flush_unmapped_pages() {
    if task::cpus().count() == 1 {
        return;
    }
    const NONE: u64 = 0;
    const END: u64 = 1;
    /// The address to read, [`NONE`] or [`END`].
    static ASKED: AtomicU64 = AtomicU64::new(NONE);
    static IS_MAPPED: AtomicBool = AtomicBool::new(false);
    static CHANGED: WaitQueue = WaitQueue::new();
    let mut second = CpuSet::new();
    second.try_insert(1).expect("there are two");
    let reader = Builder::new("reader").allowed(second).spawn(|| {
        loop {
            CHANGED.wait_until(|| ASKED.load(Ordering::Acquire) != NONE);
            let address = ASKED.load(Ordering::Relaxed);
            if address == END {
                return;
            }
            IS_MAPPED.store(peek::read(VirtAddr::new(address)).is_some(), Ordering::Relaxed);
            ASKED.store(NONE, Ordering::Release);
            CHANGED.wake_all();
        }
    });
    let is_mapped = |address: VirtAddr| {
        ASKED.store(address.as_u64(), Ordering::Release);
        CHANGED.wake_all();
        CHANGED.wait_until(|| ASKED.load(Ordering::Acquire) == NONE);
        IS_MAPPED.load(Ordering::Relaxed)
    };
    stay_on(first_cpu());
    for _ in 0..50 {
        let stack = KernelStack::try_new(Use::Thread(0)).expect("there is memory");
        let address = stack.stack().top() - 1;
        assert!(is_mapped(address));
        drop(stack);
        assert!(!is_mapped(address));
    }
    stay_on(CpuSet::first(64));
    ASKED.store(END, Ordering::Release);
    CHANGED.wake_all();
    reader.expect("there is memory").join();
}

#[test_case]
fn functions_are_called_on_other_cpus() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let callers: Vec<_> = (0..3)
        .map(|_| {
            task::spawn("caller", || {
                for _ in 0..20 {
                    for cpu in percpu::all() {
                        ipi::call(cpu, || {
                            SEEN.fetch_or(1 << percpu::current().id().number(), Ordering::Relaxed);
                            CALLS.fetch_add(1, Ordering::Relaxed);
                        });
                    }
                }
            })
            .expect("there is memory")
        })
        .collect();
    callers.into_iter().for_each(|caller| caller.join());
    let cpus = task::cpus().count() as u64;
    assert_eq!(SEEN.load(Ordering::Relaxed), (1 << cpus) - 1);
    assert_eq!(CALLS.load(Ordering::Relaxed), 3 * 20 * cpus);
}

#[test_case]
fn real_time_thread_preempts_at_once() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Rank::AddressSpace, Vec::new());
    stay_here();
    ORDER.lock().push("before");
    let urgent = Builder::new("urgent").policy(real_time(50)).allowed(task::current().allowed());
    let urgent = urgent.spawn(|| ORDER.lock().push("urgent")).expect("there is memory");
    ORDER.lock().push("after");
    urgent.join();
    task::set_allowed(task::current(), &CpuSet::first(64));
    assert_eq!(*ORDER.lock(), ["before", "urgent", "after"]);
}

#[test_case]
fn waits_end_at_their_deadline_or_when_cancelled() {
    const DAY_MS: u64 = 24 * 3600 * 1000;
    static NEVER: WaitQueue = WaitQueue::new();
    let start_ns = now_ns();
    assert!(NEVER.wait_until_deadline(start_ns + 5 * MS, || false).is_err());
    assert!(now_ns() >= start_ns + 5 * MS);
    let waiting = task::spawn("waiting", || {
        let first = NEVER.wait_until_cancellable(None, || false);
        let second = task::sleep_ns(DAY_MS * MS);
        (first, second)
    });
    let waiting = waiting.expect("there is memory");
    wait_until(|| waiting.thread().state() == State::Waiting);
    assert_eq!(task::cancel(waiting.thread()), Cancellation::WaitEnded);
    let (first, second) = waiting.join();
    assert!(first.is_err() && second.is_err());
}

#[test_case]
fn thread_that_does_not_wait_can_poll_its_cancellation() {
    static POLLS: AtomicU64 = AtomicU64::new(0);
    let busy = task::spawn("busy", || {
        while !task::is_cancelled() {
            POLLS.fetch_add(1, Ordering::Relaxed);
            task::yield_now();
        }
        task::sleep_ns(1)
    });
    let busy = busy.expect("there is memory");
    wait_until(|| POLLS.load(Ordering::Relaxed) > 0);
    assert_eq!(task::cancel(busy.thread()), Cancellation::Pending);
    assert!(busy.join().is_err());
    assert!(!task::is_cancelled());
}

#[test_case]
fn interrupt_handlers_wake_threads() {
    static WOKEN: WaitQueue = WaitQueue::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let threads: Vec<_> = (0..10)
        .map(|_| {
            task::spawn("woken", || WOKEN.wait_until(|| COUNT.load(Ordering::Relaxed) > 0))
                .expect("there is memory")
        })
        .collect();
    wait_until(|| threads.iter().all(|thread| thread.thread().state() == State::Waiting));
    farjump::testing::machine().timer.run_in_interrupt(|| {
        COUNT.fetch_add(1, Ordering::Relaxed);
        WOKEN.wake_all();
    });
    threads.into_iter().for_each(|thread| thread.join());
}

#[test_case]
const OVERFLOW_OF_A_THREAD_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "threads::overflow_of_a_thread_is_reported",
    "overflow of the stack of thread",
    || {
        let thread = task::spawn("deep", farjump::arch::debug::provoke::overflow_stack);
        thread.expect("there is memory").join();
    },
);

#[test_case]
const SLEEPING_WITH_A_SPIN_LOCK_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "threads::sleeping_with_a_spin_lock_is_reported",
    "a thread waits while it holds a spin lock",
    || {
        farjump::console::while_serial_locked(|| {
            let _ = task::sleep_ns(MS);
        });
    },
);

#[test_case]
const SLEEPING_WITH_INTERRUPTS_OFF_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "threads::sleeping_with_interrupts_off_is_reported",
    "a thread waits with interrupts off",
    || {
        let _off = farjump::arch::irq::interrupt_flag::InterruptsOff::new();
        task::yield_now();
    },
);

#[test_case]
const SLEEPING_IN_AN_INTERRUPT_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "threads::sleeping_in_an_interrupt_is_reported",
    "an interrupt handler waits",
    || {
        farjump::testing::machine().timer.run_in_interrupt(|| {
            let _ = task::sleep_ns(MS);
        });
        loop {
            core::hint::spin_loop();
        }
    },
);

#[test_case]
fn cpu_that_does_not_answer_is_left_out() {
    // The test runs only if no other CPU was started, because the trampoline is prepared
    // once.
    let machine = farjump::testing::machine();
    let cpus = task::cpus().count();
    if cpus > 1 {
        return;
    }
    let stacks = stack_frames();
    task::start_others(machine.tasks, &[ApicId::new(0), ApicId::new(77)], 8);
    assert_eq!(task::cpus().count(), cpus);
    // The CPU's stacks stay allocated, because it might still use them.
    let kept = stack_frames() - stacks;
    assert!(kept <= 8 + 4 * 6, "{kept} frames");
    assert_eq!(task::spawn("after", || 5).expect("there is memory").join(), 5);
}
