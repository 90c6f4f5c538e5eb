//! Threads: they come and go, take turns, wait, and keep what is theirs.
//!
//! QEMU: -cpu max -smp 1
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

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use farjump::arch::cpu::id::ApicId;
use farjump::arch::cpu::percpu;
use farjump::arch::irq::ipi;
use farjump::arch::time::clock::now_ns;
use farjump::mm::debug::peek;
use farjump::mm::kernel::frames::{self, Purpose};
use farjump::mm::kernel::heap;
use farjump::mm::kernel::kernel_stack::KernelStack;
use farjump::mm::kernel::stacks::Use;
use farjump::sync::{Channel, Latch, Mutex, WaitQueue};
use farjump::task::{self, Builder, ProcessorSet};
use farjump::testing::ShouldPanic;
use run_queue::{Nice, Policy, RealTimePriority};
use x86_64::VirtAddr;

farjump::test_kernel!(test_main);

const MS: u64 = 1_000_000;

fn real_time(priority: u8) -> Policy {
    Policy::RealTime(RealTimePriority::try_new(priority).expect("it is one"))
}

fn first_processor() -> ProcessorSet {
    let mut first = ProcessorSet::new();
    first.try_insert(0).expect("it is one");
    first
}

/// Keeps the running thread on these processors.
fn stay_on(processors: ProcessorSet) {
    task::set_allowed(task::current(), &processors);
    // It leaves one where it mustn't be at the next choice.
    task::yield_now();
}

/// Keeps the running thread on the processor that it is on.
fn stay_here() {
    let mut here = ProcessorSet::new();
    here.try_insert(task::current().processor() as usize).expect("it is one");
    stay_on(here);
}

#[test_case]
fn thread_runs_and_leaves_its_result() {
    let thread = task::spawn("one", || {
        assert_eq!(task::current().name(), "one");
        6 * 7
    });
    let thread = thread.expect("there is memory");
    assert_eq!(thread.thread().name(), "one");
    assert!(!thread.has_ended());
    assert_eq!(thread.join(), 42);
}

#[test_case]
fn what_threads_take_comes_back() {
    let stacks = || frames::counts().used_for(Purpose::Stacks);
    // Those of threads before it.
    task::sleep_ns(5 * MS).expect("nobody cancels it");
    task::trim();
    let at_first = stacks();
    let round = || {
        let threads: Vec<_> = (0..500)
            .map(|index| task::spawn("many", move || index * 2).expect("there is memory"))
            .collect();
        let sum: u64 = threads.into_iter().map(|thread| thread.join()).sum();
        assert_eq!(sum, 499 * 500);
        // The last ones are on their way out.
        while stacks() > at_first {
            task::sleep_ns(MS).expect("nobody cancels it");
            task::trim();
        }
    };
    // Places for more threads than there are at once later: these stay.
    static GATE: Latch = Latch::new(1);
    let waiting: Vec<_> = (0..600)
        .map(|_| task::spawn("waiting", || GATE.wait()).expect("there is memory"))
        .collect();
    GATE.count_down();
    waiting.into_iter().for_each(|thread| thread.join());
    round();
    let before = heap::statistics().allocated_bytes;
    (0..3).for_each(|_| round());
    assert_eq!(heap::statistics().allocated_bytes, before);
    assert_eq!(stacks(), at_first);
}

#[test_case]
fn yielding_threads_take_turns() {
    static TURNS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    static IS_STARTED: Latch = Latch::new(2);
    // Returns how far the other one was at the end.
    let player = |own: usize| {
        move || {
            IS_STARTED.count_down();
            IS_STARTED.wait();
            for _ in 0..1000 {
                TURNS[own].fetch_add(1, Ordering::Relaxed);
                task::yield_now();
            }
            TURNS[1 - own].load(Ordering::Relaxed)
        }
    };
    let builder = Builder::new("player").allowed(first_processor());
    let threads = [0, 1].map(|own| builder.spawn(player(own)).expect("there is memory"));
    for other in threads.map(|thread| thread.join()) {
        assert!(other > 800, "the other one had {other} turns of 1000");
    }
}

#[test_case]
fn threads_that_never_yield_share_by_their_weight() {
    let first = first_processor();
    let end_ns = now_ns() + 300 * MS;
    let busy = move || {
        while now_ns() < end_ns {
            core::hint::spin_loop();
        }
    };
    let spawn = |name, nice| {
        let nice = Nice::try_new(nice).expect("it is one");
        let builder = Builder::new(name).policy(Policy::Fair(nice)).allowed(first);
        builder.spawn(busy).expect("there is memory")
    };
    let threads = [spawn("one", 0), spawn("other", 0), spawn("nice", 5)];
    task::sleep_until(end_ns - 10 * MS).expect("nobody cancels it");
    let times = threads.each_ref().map(|thread| thread.thread().run_time_ns());
    threads.into_iter().for_each(|thread| thread.join());
    assert!(times[0].abs_diff(times[1]) < times[0] / 4, "{times:?}");
    // 1024 to 335.
    assert!(times[0] > 2 * times[2] && times[0] < 5 * times[2], "{times:?}");
}

/// They begin on one processor; the others, which halt, take them over once they may.
#[test_case]
fn waiting_threads_are_taken_over() {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let processors = task::processors().count();
    let all = (1 << processors) - 1;
    // This one wakes no other processor.
    stay_here();
    let end_ns = now_ns() + 3_000 * MS;
    let threads: Vec<_> = (0..processors + 1)
        .map(|_| {
            let busy = move || {
                while now_ns() < end_ns && SEEN.load(Ordering::Relaxed) != all {
                    SEEN.fetch_or(1 << task::current().processor(), Ordering::Relaxed);
                }
            };
            let builder = Builder::new("busy").allowed(task::current().allowed());
            builder.spawn(busy).expect("there is memory")
        })
        .collect();
    for thread in &threads {
        task::set_allowed(thread.thread(), &ProcessorSet::first(64));
    }
    threads.into_iter().for_each(|thread| thread.join());
    task::set_allowed(task::current(), &ProcessorSet::first(64));
    assert_eq!(SEEN.load(Ordering::Relaxed), all);
}

/// A processor that has read a page remembers where it is, until it is told to forget.
#[test_case]
fn other_processors_forget_unmapped_pages() {
    if task::processors().count() == 1 {
        return;
    }
    static READ: Channel<VirtAddr, 1> = Channel::new();
    static FOUND: Channel<Option<u8>, 1> = Channel::new();
    let mut second = ProcessorSet::new();
    second.try_insert(1).expect("there are two");
    let reader = Builder::new("reader").allowed(second).spawn(|| {
        while let Ok(address) = READ.recv() {
            assert!(FOUND.send(peek::read(address)).is_ok());
        }
    });
    let found = |address| {
        assert!(READ.send(address).is_ok());
        FOUND.recv().expect("it isn't closed")
    };
    stay_on(first_processor());
    for _ in 0..50 {
        let stack = KernelStack::try_new(Use::Thread(0)).expect("there is memory");
        let address = stack.stack().top() - 1;
        assert!(found(address).is_some());
        drop(stack);
        assert_eq!(found(address), None);
    }
    stay_on(ProcessorSet::first(64));
    READ.close();
    reader.expect("there is memory").join();
}

#[test_case]
fn functions_are_called_on_other_processors() {
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
    let processors = task::processors().count() as u64;
    assert_eq!(SEEN.load(Ordering::Relaxed), (1 << processors) - 1);
    assert_eq!(CALLS.load(Ordering::Relaxed), 3 * 20 * processors);
}

#[test_case]
fn real_time_thread_preempts_at_once() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    stay_here();
    ORDER.lock().push("before");
    let urgent = Builder::new("urgent").policy(real_time(50)).allowed(task::current().allowed());
    let urgent = urgent.spawn(|| ORDER.lock().push("urgent")).expect("there is memory");
    ORDER.lock().push("after");
    urgent.join();
    task::set_allowed(task::current(), &ProcessorSet::first(64));
    assert_eq!(*ORDER.lock(), ["before", "urgent", "after"]);
}

#[test_case]
fn sleeps_end_in_order_and_in_time() {
    static ORDER: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    let start_ns = now_ns();
    let threads: Vec<_> = [30, 10, 50, 20, 40]
        .into_iter()
        .map(|ms| {
            task::spawn("sleeper", move || {
                task::sleep_until(start_ns + ms * MS).expect("nobody cancels it");
                assert!(now_ns() >= start_ns + ms * MS);
                ORDER.lock().push(ms);
            })
            .expect("there is memory")
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join());
    assert_eq!(*ORDER.lock(), [10, 20, 30, 40, 50]);
}

#[test_case]
fn mutex_keeps_threads_apart() {
    struct Two(u64, u64);
    let counts = Arc::new(Mutex::new(Two(0, 0)));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let counts = counts.clone();
            task::spawn("counter", move || {
                for round in 0..500 {
                    let mut counts = counts.lock();
                    counts.0 += 1;
                    if round % 50 == 0 {
                        task::yield_now();
                    }
                    counts.1 += 1;
                    assert_eq!(counts.0, counts.1);
                }
            })
            .expect("there is memory")
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join());
    assert_eq!(counts.lock().0, 4000);
}

/// A lower one has what a higher one waits for, and one in between never gives way: without
/// inheritance it would go on for ever.
#[test_case]
fn lower_thread_inherits_from_who_waits_for_it() {
    static HELD: Mutex<()> = Mutex::new(());
    static IS_HELD: Latch = Latch::new(1);
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    let low = task::spawn("low", || {
        let held = HELD.lock();
        IS_HELD.count_down();
        // The thread in between comes here.
        let end_ns = now_ns() + 20 * MS;
        while now_ns() < end_ns {
            core::hint::spin_loop();
        }
        let has_inherited = task::current().has_inherited();
        drop(held);
        assert!(!task::current().has_inherited(), "with the last mutex it ends");
        has_inherited
    });
    let low = low.expect("there is memory");
    IS_HELD.wait();
    let high = Builder::new("high").policy(real_time(20)).spawn(|| {
        task::sleep_ns(5 * MS).expect("nobody cancels it");
        let start_ns = now_ns();
        drop(HELD.lock());
        IS_OVER.store(true, Ordering::Relaxed);
        now_ns() - start_ns
    });
    let high = high.expect("there is memory");
    let between = Builder::new("between").policy(real_time(10)).spawn(|| {
        task::sleep_ns(8 * MS).expect("nobody cancels it");
        let end_ns = now_ns() + 2_000 * MS;
        while !IS_OVER.load(Ordering::Relaxed) && now_ns() < end_ns {
            core::hint::spin_loop();
        }
    });
    between.expect("there is memory").join();
    let waited_ns = high.join();
    assert!(low.join(), "it has inherited");
    // What the lower one had left to do, and not what the one in between has.
    assert!(waited_ns < 500 * MS, "{waited_ns} ns");
}

#[test_case]
fn waits_end_at_their_deadline_or_when_cancelled() {
    static NEVER: WaitQueue = WaitQueue::new();
    let start_ns = now_ns();
    assert!(NEVER.wait_until_deadline(start_ns + 5 * MS, || false).is_err());
    assert!(now_ns() >= start_ns + 5 * MS);
    let waiting = task::spawn("waiting", || {
        let first = NEVER.wait_until_cancellable(None, || false);
        let second = task::sleep_ns(10_000 * MS);
        (first, second)
    });
    let waiting = waiting.expect("there is memory");
    task::sleep_ns(5 * MS).expect("nobody cancels it");
    task::cancel(waiting.thread());
    let (first, second) = waiting.join();
    assert!(first.is_err() && second.is_err());
    assert!(now_ns() < start_ns + 5_000 * MS);
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
    task::sleep_ns(MS).expect("nobody cancels it");
    farjump::testing::machine().timer.run_in_interrupt(|| {
        COUNT.fetch_add(1, Ordering::Relaxed);
        WOKEN.wake_all();
    });
    threads.into_iter().for_each(|thread| thread.join());
}

#[test_case]
const OVERFLOW_OF_A_THREAD_IS_TOLD: ShouldPanic = ShouldPanic::new(
    "threads::overflow_of_a_thread_is_told",
    "overflow of the stack of thread",
    || {
        let thread = task::spawn("deep", farjump::arch::debug::provoke::overflow_stack);
        thread.expect("there is memory").join();
    },
);

#[test_case]
const SLEEPING_WITH_A_SPIN_LOCK_IS_TOLD: ShouldPanic = ShouldPanic::new(
    "threads::sleeping_with_a_spin_lock_is_told",
    "a thread waits while it holds a spin lock",
    || {
        farjump::console::while_serial_locked(|| {
            let _ = task::sleep_ns(MS);
        });
    },
);

#[test_case]
const SLEEPING_WITH_INTERRUPTS_OFF_IS_TOLD: ShouldPanic = ShouldPanic::new(
    "threads::sleeping_with_interrupts_off_is_told",
    "a thread waits with interrupts off",
    || {
        let _off = farjump::arch::irq::interrupt_flag::InterruptsOff::new();
        task::yield_now();
    },
);

#[test_case]
const SLEEPING_IN_AN_INTERRUPT_IS_TOLD: ShouldPanic = ShouldPanic::new(
    "threads::sleeping_in_an_interrupt_is_told",
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
fn processor_that_hangs_is_told() {
    if task::processors().count() < 2 {
        return;
    }
    assert_eq!(task::watchdog_told(), 0);
    for processor in [0, 1] {
        let mut there = ProcessorSet::new();
        there.try_insert(processor).expect("it is one");
        let hanging = Builder::new("hanging").allowed(there).spawn(|| {
            let _off = farjump::arch::irq::interrupt_flag::InterruptsOff::new();
            let end_ns = now_ns() + 15_000 * MS;
            let before = task::watchdog_told();
            while task::watchdog_told() == before && now_ns() < end_ns {
                core::hint::spin_loop();
            }
            task::watchdog_told() > before
        });
        assert!(hanging.expect("there is memory").join(), "processor {processor}");
    }
}

#[test_case]
fn processor_that_does_not_answer_is_left_out() {
    // Only where no other one was started: that is prepared once.
    let machine = farjump::testing::machine();
    let processors = task::processors().count();
    if processors > 1 {
        return;
    }
    let stacks = frames::counts().used_for(Purpose::Stacks);
    task::start_others(machine.tasks, &[ApicId::new(0), ApicId::new(77)], 8);
    assert_eq!(task::processors().count(), processors);
    // Its stacks stay: it might come to use them.
    let kept = frames::counts().used_for(Purpose::Stacks) - stacks;
    assert!(kept <= 8 + 3 * 6, "{kept} frames");
    assert_eq!(task::spawn("after", || 5).expect("there is memory").join(), 5);
}
