//! Restarting the machine and switching it off.

use core::arch::asm;

use x86_64::instructions::port::Port;
use x86_64::structures::DescriptorTablePointer;
use x86_64::{VirtAddr, instructions::tables::lidt};

use super::interrupts;
use super::progress::{self, Stage};

/// Restarts the machine: by the keyboard controller, by the chipset's reset
/// register, at last by a triple fault, which nothing survives.
///
/// Source: PC/AT Technical Reference, "8042 commands"; Intel 500 series PCH
/// datasheet, "Reset Control Register".
pub fn reboot() -> ! {
    progress::mark(Stage::Reboot);
    x86_64::instructions::interrupts::disable();
    const PULSE_RESET_LINE: u8 = 0xFE;
    const RESET_CPU_AND_SYSTEM: u8 = 0x06;
    // SAFETY: restarting is what is asked for.
    unsafe { Port::new(0x64).write(PULSE_RESET_LINE) };
    settle();
    // SAFETY: as above.
    unsafe { Port::new(0xCF9).write(RESET_CPU_AND_SYSTEM) };
    settle();
    triple_fault()
}

/// Switches the machine off where a way is known: QEMU's and Bochs' ports.
/// Elsewhere it halts, ready to be switched off by hand.
pub fn power_off() -> ! {
    progress::mark(Stage::PowerOff);
    x86_64::instructions::interrupts::disable();
    const SLEEP_ENABLE_S5: u16 = 0x2000;
    // QEMU's PM1a control register under SeaBIOS and OVMF on the machine pc and
    // q35; then that of old QEMUs and of Bochs' own.
    for port in [0x604, 0xB004] {
        // SAFETY: on other machines nothing answers there.
        unsafe { Port::new(port).write(SLEEP_ENABLE_S5) };
    }
    for letter in *b"Shutdown" {
        // SAFETY: Bochs' port; elsewhere nothing answers there.
        unsafe { Port::new(0x8900).write(letter) };
    }
    log::warn!("this machine can't be switched off from here; it is safe to do so by hand");
    interrupts::halt()
}

/// Ends QEMU through its isa-debug-exit device with `status` × 2 + 1, if it has
/// the device.
pub fn exit_qemu(status: u32) {
    // SAFETY: elsewhere nothing answers there.
    unsafe { Port::new(0xF4).write(status) };
}

/// Makes the processor shut down, which resets the machine: an exception that
/// has no handler, nor has the double fault that comes of it.
pub fn triple_fault() -> ! {
    // SAFETY: an IDT without entries makes the next exception the last one,
    // which is what is asked for.
    unsafe { lidt(&DescriptorTablePointer { limit: 0, base: VirtAddr::zero() }) };
    // SAFETY: as above.
    unsafe { asm!("int3", options(nomem, nostack)) };
    interrupts::halt()
}

/// Gives a reset the time to happen.
fn settle() {
    for _ in 0..100_000 {
        // SAFETY: a bus cycle of about a microsecond on a port nothing reads.
        unsafe { Port::new(0x80).write(Stage::Reboot as u8) };
    }
}
