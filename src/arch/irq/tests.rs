//! Interrupts that INT instructions raise.

use super::*;
use crate::arch::debug::provoke;
use crate::testing::ShouldPanic;
use core::arch::asm;

/// Raises a vector by an INT instruction.
macro_rules! interrupt {
    ($vector:literal) => {
        // SAFETY: the vector has a handler, which returns.
        unsafe { asm!("int {}", const $vector) }
    };
}

#[test_case]
fn unexpected_vectors_are_counted() {
    let before = count(0xF3);
    interrupt!(0xF3);
    interrupt!(0xF3);
    assert_eq!(count(0xF3), before + 2);
}

#[test_case]
fn lines_with_a_handler_are_let_through() {
    assert!(has_handler(Irq::Keyboard as u8) && !is_masked(Irq::Keyboard as u8));
    assert!(!has_handler(14) && is_masked(14));
}

#[test_case]
fn spurious_interrupts_are_distinguished() {
    let (first, second) = spurious_counts();
    // Nothing is in service, so these look like spurious interrupts.
    interrupt!(0x27);
    interrupt!(0x2F);
    assert_eq!(spurious_counts(), (first + 1, second + 1));
}

/// Registers `handler` for a vector and raises it.
fn handle_interrupt(handler: fn()) {
    LOCAL_HANDLERS[0xF8].call_once(|| handler);
    interrupt!(0xF8);
}

#[test_case]
const OVERFLOW_IN_A_HANDLER_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "irq::overflow_in_a_handler_is_reported",
    "overflow of the boot stack",
    || {
        handle_interrupt(|| {
            provoke::overflow_stack();
        });
    },
);

#[test_case]
const HANDLERS_DO_NOT_ALLOCATE: ShouldPanic =
    ShouldPanic::new("irq::handlers_do_not_allocate", "an interrupt handler uses the heap", || {
        handle_interrupt(|| drop(core::hint::black_box(alloc::boxed::Box::new(1_u8))))
    });
