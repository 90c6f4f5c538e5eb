//! Tests that fail in different ways, for the test of the runner (tests/machine/runner.py).
//! They run only on request.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use farjump::arch::irq::interrupt_flag;
use farjump::arch::reset;
use farjump::testing::{Ignored, ShouldPanic, ShouldReset};

farjump::test_kernel!(test_main);

#[test_case]
const PANICS: Ignored = Ignored::new("endings::panics", || panic!("with this message"));

#[test_case]
const HANGS: Ignored = Ignored::new("endings::hangs", || interrupt_flag::halt());

#[test_case]
const COMPUTES_FOR_EVER: Ignored = Ignored::new("endings::computes_for_ever", || {
    loop {
        core::hint::spin_loop();
    }
});

#[test_case]
const TRIPLE_FAULTS: Ignored = Ignored::new("endings::triple_faults", || reset::triple_fault());

#[test_case]
const RESETS: Ignored = Ignored::new("endings::resets", || reset::reboot());

#[test_case]
const PASSES: Ignored = Ignored::new("endings::passes", || {});

#[test_case]
const EXPECTED_TRIPLE_FAULT: ShouldReset =
    ShouldReset::new("endings::expected_triple_fault", || reset::triple_fault());

#[test_case]
const EXPECTED_PANIC: ShouldPanic =
    ShouldPanic::new("endings::expected_panic", "the right words", || panic!("the right words"));
