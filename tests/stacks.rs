//! Stack overflows: the report names the stack.
//!
//! An overflow in an interrupt handler is tested in src/arch/irq/mod.rs.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use core::sync::atomic::{AtomicBool, Ordering};

use farjump::arch::debug::provoke;
use farjump::arch::trap::dispatch;
use farjump::arch::trap::exception::Exception;
use farjump::arch::trap::fault::Outcome;
use farjump::testing::ShouldPanic;

farjump::test_kernel!(test_main);

/// Raises `exception`, whose handler overflows its own stack.
fn overflow_in(exception: Exception) {
    dispatch::set_handler(exception, |_| {
        static IS_FULL: AtomicBool = AtomicBool::new(false);
        // A full stack causes a double fault, which may have the same handler.
        if !IS_FULL.swap(true, Ordering::Relaxed) {
            provoke::overflow_stack();
        }
        Outcome::Unserved
    });
    provoke::provoke(exception);
}

#[test_case]
const BOOT_STACK: ShouldPanic =
    ShouldPanic::new("stacks::boot_stack", "overflow of the boot stack: all of its 60 KiB", || {
        provoke::overflow_stack();
    });

#[test_case]
const NMI_STACK: ShouldPanic = ShouldPanic::new(
    "stacks::nmi_stack",
    "overflow of the NMI IST stack: all of its 24 KiB",
    || {
        overflow_in(Exception::Nmi);
    },
);

#[test_case]
const MACHINE_CHECK_STACK: ShouldPanic = ShouldPanic::new(
    "stacks::machine_check_stack",
    "overflow of the machine check IST stack",
    || overflow_in(Exception::MachineCheck),
);

#[test_case]
const DEBUG_STACK: ShouldPanic =
    ShouldPanic::new("stacks::debug_stack", "overflow of the debug IST stack", || {
        overflow_in(Exception::Debug);
    });

#[test_case]
const DOUBLE_FAULT_STACK: ShouldPanic = ShouldPanic::new(
    "stacks::double_fault_stack",
    "overflow of the double fault IST stack",
    || overflow_in(Exception::DoubleFault),
);

#[test_case]
const EXCEPTION_ON_THE_BOOT_STACK: ShouldPanic =
    ShouldPanic::new("stacks::exception_on_the_boot_stack", "overflow of the boot stack", || {
        overflow_in(Exception::Breakpoint)
    });

/// A function whose frame is larger than a page touches each page of it, so it can't skip
/// the guard page.
#[test_case]
const LARGE_FRAMES: ShouldPanic =
    ShouldPanic::new("stacks::large_frames_meet_the_guard", "overflow of the boot stack", || {
        fn large() -> u8 {
            let bytes = core::hint::black_box([1_u8; 100 * 1024]);
            bytes[core::hint::black_box(5)]
        }
        large();
    });
