//! What a thread has in its registers survives switches, on one processor and several.
//!
//! QEMU: -cpu max -smp 1
//! QEMU: -cpu max -smp 4 -accel tcg,thread=multi
//! QEMU: -cpu qemu64

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;

use farjump::arch::debug::patterns;
use farjump::arch::time::clock::now_ns;
use farjump::task;
use farjump::testing::ShouldPanic;

farjump::test_kernel!(test_main);

/// Fills all registers with patterns of their own, threads beside each other, and looks at
/// them again and again: behind calls of the scheduler, and where it preempts.
#[test_case]
fn registers_survive_switches() {
    let end_ns = now_ns() + 400_000_000;
    let threads: Vec<_> = (1..=6_u64)
        .map(|index| {
            task::spawn("registers", move || {
                task::keep_registers().expect("there is memory");
                let mut rounds = 0_u64;
                while now_ns() < end_ns {
                    let seed = index << 32 | rounds;
                    // Half of them yield, half run until they are preempted.
                    let pause = if index % 2 == 0 { task::yield_now } else { wait_a_little };
                    assert_eq!(patterns::changed_over(seed, pause), None, "thread {index}");
                    rounds += 1;
                }
                rounds
            })
            .expect("there is memory")
        })
        .collect();
    for thread in threads {
        assert!(thread.join() > 3);
    }
}

fn wait_a_little() {
    let end_ns = now_ns() + 5_000_000;
    while now_ns() < end_ns {
        core::hint::spin_loop();
    }
}

#[test_case]
fn general_registers_and_flags_survive_preemption() {
    let end_ns = now_ns() + 200_000_000;
    let threads: Vec<_> = (1..=4_u64)
        .map(|index| {
            task::spawn("general", move || {
                let mut rounds = 0;
                while now_ns() < end_ns {
                    assert_eq!(patterns::general_changed(index, 2_000_000), 0, "thread {index}");
                    rounds += 1;
                }
                rounds
            })
            .expect("there is memory")
        })
        .collect();
    for thread in threads {
        assert!(thread.join() > 1);
    }
}

#[test_case]
fn registers_begin_as_after_a_reset() {
    let dirty = task::spawn("dirty", || {
        task::keep_registers().expect("there is memory");
        patterns::changed_over(0x1234_5678_9ABC, || {});
    });
    dirty.expect("there is memory").join();
    let fresh = task::spawn("fresh", || {
        task::keep_registers().expect("there is memory");
        patterns::first_vector()
    });
    assert_eq!(fresh.expect("there is memory").join(), [0, 0]);
}

#[test_case]
const USING_THEM_UNASKED_IS_TOLD: ShouldPanic =
    ShouldPanic::new("registers::using_them_unasked_is_told", "#NM: device-not-available", || {
        let thread = task::spawn("unasked", || patterns::changed_over(1, || {}));
        thread.expect("there is memory").join();
    });
