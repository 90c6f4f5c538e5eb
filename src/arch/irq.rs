//! Interrupts from devices: who handles them, and how often each came.

use core::sync::atomic::Ordering;

use spin::Once;

use super::percpu;
use super::pic;
use super::progress::{self, Stage};
use super::steps::{Idt, Interrupts, Pic};

/// A line of the interrupt controllers that the kernel uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Irq {
    /// PIT channel 0.
    Timer = 0,
    /// The 8042's first port.
    Keyboard = 1,
    /// The first serial port.
    Com1 = 4,
}

/// What runs when an interrupt comes, with interrupts off. It allocates nothing
/// and waits for nothing.
pub type Handler = fn();

static HANDLERS: [Once<Handler>; pic::LINES as usize] =
    [const { Once::new() }; pic::LINES as usize];

/// Lets `handler` run for each interrupt of `irq`, and unmasks it.
///
/// # Panics
/// If `irq` has a handler.
pub fn set_handler(pic: Pic, irq: Irq, handler: Handler) {
    let slot = &HANDLERS[irq as usize];
    assert!(!slot.is_completed(), "{irq:?} has a handler");
    slot.call_once(|| handler);
    pic::unmask(pic, irq as u8);
}

/// Turns interrupts on for the first time.
pub fn start(_idt: Idt, _pic: Pic) -> Interrupts {
    progress::mark(Stage::Interrupts);
    x86_64::instructions::interrupts::enable();
    log::info!("interrupts on");
    Interrupts(())
}

/// Returns how often this processor entered `vector`.
pub fn count(vector: u8) -> u64 {
    percpu::current().vector_counts[usize::from(vector)].load(Ordering::Relaxed)
}

/// Returns how often this processor got a spurious interrupt: (IRQ 7, IRQ 15).
pub fn spurious_counts() -> (u64, u64) {
    let [master, slave] = &percpu::current().spurious_counts;
    (master.load(Ordering::Relaxed), slave.load(Ordering::Relaxed))
}

/// Tells whether the interrupts of `line` have a handler.
///
/// # Panics
/// If there is no such line: there are [`pic::LINES`].
pub fn has_handler(line: u8) -> bool {
    HANDLERS[usize::from(line)].is_completed()
}

/// Handles the interrupt that entered `vector`, for the `times`-th time.
pub(super) fn dispatch(vector: u8, times: u64) {
    let line = vector.wrapping_sub(pic::FIRST_VECTOR);
    if line >= pic::LINES {
        if times == 1 {
            log::warn!("unexpected interrupt at vector {vector:#04x}; told once, counted on");
        }
        return;
    }
    if pic::is_spurious(line) {
        let counts = &percpu::current().spurious_counts;
        counts[usize::from(line / 8)].fetch_add(1, Ordering::Relaxed);
        return;
    }
    match HANDLERS[usize::from(line)].get() {
        Some(handler) => handler(),
        None if times == 1 => log::warn!("IRQ {line} has no handler; told once, counted on"),
        None => {}
    }
    pic::end_of_interrupt(line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::provoke;
    use crate::testing::ShouldPanic;
    use core::arch::asm;

    /// Enters a vector by an INT instruction.
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
        let masks = pic::masks();
        assert!(has_handler(Irq::Timer as u8) && masks >> Irq::Timer as u8 & 1 == 0);
        assert!(!has_handler(14) && masks >> 14 & 1 == 1);
    }

    #[test_case]
    fn spurious_interrupts_are_told_from_real_ones() {
        let (master, slave) = spurious_counts();
        // Nothing is in service, so these look as the spurious ones do.
        interrupt!(0x27);
        interrupt!(0x2F);
        assert_eq!(spurious_counts(), (master + 1, slave + 1));
    }

    #[test_case]
    const OVERFLOW_IN_A_HANDLER_IS_TOLD: ShouldPanic = ShouldPanic::new(
        "irq::overflow_in_a_handler_is_told",
        "overflow of the boot stack",
        || {
            HANDLERS[8].call_once(|| {
                || {
                    provoke::overflow_stack();
                }
            });
            interrupt!(0x28);
        },
    );

    #[test_case]
    const HANDLERS_DO_NOT_ALLOCATE: ShouldPanic = ShouldPanic::new(
        "irq::handlers_do_not_allocate",
        "an interrupt handler uses the heap",
        || {
            HANDLERS[8].call_once(|| || drop(core::hint::black_box(alloc::boxed::Box::new(1_u8))));
            interrupt!(0x28);
        },
    );
}
