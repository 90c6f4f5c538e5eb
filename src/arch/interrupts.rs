//! The interrupt flag.

use core::arch::asm;

use x86_64::instructions::interrupts;
use x86_64::registers::rflags::{self, RFlags};

use super::idt::Idt;
use super::pic::Pic;
use super::progress::{self, Stage};

/// Proof that interrupts have been turned on.
#[derive(Clone, Copy, Debug)]
pub struct Interrupts(());

/// Turns interrupts on for the first time.
pub fn start(_idt: Idt, _pic: Pic) -> Interrupts {
    progress::mark(Stage::Interrupts);
    interrupts::enable();
    log::info!("on");
    Interrupts(())
}

/// Tells whether this processor takes interrupts.
pub fn are_enabled() -> bool {
    rflags::read().contains(RFlags::INTERRUPT_FLAG)
}

/// Turns interrupts off while it lives, then puts them back as they were.
pub struct InterruptsOff {
    were_enabled: bool,
}

impl InterruptsOff {
    /// Turns interrupts off on this processor.
    #[expect(clippy::new_without_default, reason = "it does something")]
    pub fn new() -> Self {
        let were_enabled = are_enabled();
        interrupts::disable();
        Self { were_enabled }
    }

    /// Sleeps until the next interrupt was handled, with interrupts on, if they
    /// were on before; they are off again on return. An interrupt that came
    /// since they were turned off ends the sleep at once.
    pub fn wait(&self) {
        if self.were_enabled {
            interrupts::enable_and_hlt();
            interrupts::disable();
        } else {
            core::hint::spin_loop();
        }
    }
}

impl Drop for InterruptsOff {
    fn drop(&mut self) {
        if self.were_enabled {
            interrupts::enable();
        }
    }
}

/// Stops this processor for good.
pub fn halt() -> ! {
    loop {
        // SAFETY: stopping is what is asked for; a non-maskable interrupt ends
        // `hlt`, the loop goes back to it.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}
