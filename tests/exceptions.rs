//! Provokes and handles every exception after which the kernel can continue.
//!
//! tests/machine/faults.py tests all other exceptions, and the texts of the reports, from
//! outside.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use farjump::arch::debug::provoke;
use farjump::arch::irq::{self, interrupt_flag};
use farjump::arch::trap::dispatch;
use farjump::arch::trap::exception::Exception;
use farjump::arch::trap::fault::Outcome;
use farjump::testing::ShouldPanic;

farjump::test_kernel!(test_main);

/// Returns false for exceptions that use stacks of their own, and for the one that only a
/// damaged task state segment raises. The test doesn't provoke these.
fn can_return(exception: Exception) -> bool {
    !matches!(
        exception,
        Exception::DoubleFault | Exception::Nmi | Exception::MachineCheck | Exception::InvalidTss
    )
}

#[test_case]
fn each_exception_enters_its_vector_once_and_comes_back() {
    for (exception, mnemonic, name) in Exception::ALL {
        if !can_return(exception) {
            continue;
        }
        dispatch::set_handler(exception, |fault| match provoke::skip(fault) {
            true => Outcome::Served,
            // A single step is raised after the instruction, and is reported.
            false => Outcome::Unserved,
        });
        let before = irq::count(exception as u8);
        provoke::provoke(exception);
        assert_eq!(irq::count(exception as u8), before + 1, "{mnemonic} {name}");
        assert!(interrupt_flag::are_enabled(), "{mnemonic} {name}");
    }
}

#[test_case]
const DOUBLE_FAULT_HAS_ITS_STACK: ShouldPanic = ShouldPanic::new(
    "exceptions::broken_stack_pointer_is_a_double_fault",
    "#DF: double-fault",
    || provoke::provoke(Exception::DoubleFault),
);

#[test_case]
const NMI_IS_REPORTED: ShouldPanic =
    ShouldPanic::new("exceptions::nmi_is_reported", "NMI: nmi", || {
        provoke::provoke(Exception::Nmi);
    });

#[test_case]
const MACHINE_CHECK_IS_REPORTED: ShouldPanic =
    ShouldPanic::new("exceptions::machine_check_is_reported", "#MC: machine-check", || {
        provoke::provoke(Exception::MachineCheck);
    });

#[test_case]
const INVALID_TSS_IS_REPORTED: ShouldPanic =
    ShouldPanic::new("exceptions::invalid_tss_is_reported", "#TS: invalid-tss", || {
        provoke::provoke(Exception::InvalidTss);
    });

#[test_case]
const RESERVED_VECTOR_NAMES_THE_GATE: ShouldPanic = ShouldPanic::new(
    "exceptions::reserved_vector_names_the_gate",
    "of the IDT",
    provoke::provoke_reserved_vector,
);

#[test_case]
const FAULTS_STOP_THE_KERNEL: ShouldPanic = ShouldPanic::new(
    "exceptions::fault_that_is_not_to_be_skipped_stops",
    "#PF: page-fault",
    || provoke::provoke(Exception::PageFault),
);
