//! Restarting the machine and switching it off.

use core::arch::asm;

use raw_cpuid::{CpuId, Hypervisor};
use x86_64::structures::DescriptorTablePointer;
use x86_64::{VirtAddr, instructions::tables::lidt};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::irq::interrupt_flag::{self, InterruptsOff};
use crate::arch::ports::{
    self, KEYBOARD_COMMAND, QEMU_DEBUG_CONSOLE, QEMU_EXIT, QEMU_PM1A_CONTROL, RESET_CONTROL,
};

/// Restarts the machine: by the keyboard controller; if that fails, by the chipset's reset
/// register, and then by a triple fault.
///
/// Source: PC/AT Technical Reference, "8042 commands"; Intel 500 series PCH
/// datasheet, "Reset Control Register".
pub fn reboot() -> ! {
    const PULSE_RESET_LINE: u8 = 0xFE;
    const RESET_CPU_AND_SYSTEM: u8 = 0x06;
    let _interrupts_off = InterruptsOff::new();
    boot_stage::mark_end(Stage::Reboot);
    KEYBOARD_COMMAND.write(PULSE_RESET_LINE);
    settle();
    RESET_CONTROL.write(RESET_CPU_AND_SYSTEM);
    settle();
    triple_fault()
}

/// Returns whether the hypervisor identifies itself as QEMU.
///
/// Source: Intel SDM volume 2, "CPUID", for the leaves that are reserved for hypervisors.
pub fn is_qemu() -> bool {
    CpuId::new().get_hypervisor_info().is_some_and(|hypervisor| {
        matches!(hypervisor.identify(), Hypervisor::QEMU | Hypervisor::KVM)
    })
}

/// Switches most of QEMU's machines off. On other machines it does nothing and returns,
/// because the port may belong to another device there.
///
/// Source: QEMU's hw/acpi, as set up by SeaBIOS, and by OVMF on q35.
pub fn power_off_qemu() {
    const SLEEP_ENABLE_S5: u16 = 0x2000;
    if is_qemu() {
        boot_stage::mark(Stage::PowerOff);
        QEMU_PM1A_CONTROL.write(SLEEP_ENABLE_S5);
    }
}

/// Ends QEMU through its isa-debug-exit device with `status` × 2 + 1, if it has
/// the device.
pub fn exit_qemu(status: u8) {
    QEMU_EXIT.write(status);
}

/// Writes the exit status of the first program to the port of QEMU's debug console, where
/// `tools/run` reads it.
pub fn report_status(status: u8) {
    QEMU_DEBUG_CONSOLE.write(status);
}

/// Resets the machine by a triple fault: an exception without a handler, whose double fault has no
/// handler either.
pub fn triple_fault() -> ! {
    // SAFETY: an IDT without entries turns the next exception into a triple fault, which is
    // intended.
    unsafe { lidt(&DescriptorTablePointer { limit: 0, base: VirtAddr::zero() }) };
    // SAFETY: as above.
    unsafe { asm!("int3", options(nomem, nostack)) };
    interrupt_flag::halt()
}

/// Waits for a reset to take effect: about 100 ms.
fn settle() {
    for _ in 0..100_000 {
        ports::io_delay();
    }
}
