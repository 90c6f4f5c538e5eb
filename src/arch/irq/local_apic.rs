//! The local APIC of the current CPU.
//!
//! Its registers are in memory, at the same address for all CPUs, or are model-specific
//! registers (x2APIC). [`start`] selects one of the two, once; then every CPU calls
//! [`enable`].
//!
//! Source: Intel SDM volume 3A, "Local APIC" and "Extended XAPIC (x2APIC)".

mod registers;

use raw_cpuid::CpuId;
use x86_64::PhysAddr;

use crate::arch::cpu::control_registers;
use crate::arch::cpu::id::ApicId;
use crate::arch::debug::probe;
use crate::arch::irq::vectors::{APIC_ERROR_VECTOR, APIC_SPURIOUS_VECTOR};
use registers::{ApicMsr, Register, read, read_at, write};

pub use registers::{Mode, is_started, mode, start};

const BASE_X2APIC: u64 = 1 << 10;
const BASE_ENABLE: u64 = 1 << 11;
const BASE_ADDRESS: u64 = 0x000F_FFFF_FFFF_F000;

/// The size of the registers in memory, in bytes.
pub const REGISTERS_BYTES: u64 = 4096;

const SPURIOUS_ENABLE: u32 = 1 << 8;
const LVT_MASKED: u32 = 1 << 16;
const LVT_NMI: u32 = 0b100 << 8;
const LVT_EXTERNAL: u32 = 0b111 << 8;
const LVT_TSC_DEADLINE: u32 = 0b10 << 17;
const COMMAND_NMI: u32 = 0b100 << 8;
const COMMAND_INIT: u32 = 0b101 << 8;
const COMMAND_STARTUP: u32 = 0b110 << 8;
const COMMAND_PENDING: u32 = 1 << 12;
const COMMAND_ASSERT: u32 = 1 << 14;

/// The timer's divider: the timer counts once in this many clocks.
pub(in crate::arch) const TIMER_DIVIDER: u32 = 16;
const DIVIDE_BY_16: u32 = 0b0011;

/// A message to another CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// An interrupt at this vector.
    Vector(u8),
    /// A non-maskable interrupt.
    Nmi,
    /// Stops the CPU, which then waits for a [`Message::Startup`].
    Init,
    /// Starts the CPU in real mode at this page of the first MiB.
    Startup(u8),
}

/// The mode of the timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerMode {
    /// It interrupts at a value of the time stamp counter.
    TscDeadline,
    /// It interrupts once, after a number of its own clocks.
    OneShot,
}

/// Returns whether this CPU has a local APIC.
pub fn is_present() -> bool {
    CpuId::new().get_feature_info().is_some_and(|features| features.has_apic())
}

/// Returns the physical address of this CPU's local APIC if it is enabled, even if CPUID doesn't
/// report it: QEMU with `-cpu …,-apic` and several CPUs has such a local APIC.
pub fn enabled_at() -> Option<PhysAddr> {
    let base = probe::read_msr(ApicMsr::Base as u32).ok()?;
    (base & BASE_ENABLE != 0).then(|| PhysAddr::new(base & BASE_ADDRESS))
}

/// Returns whether the registers of an enabled local APIC are model-specific registers.
pub fn is_enabled_as_x2apic() -> bool {
    let base = probe::read_msr(ApicMsr::Base as u32).unwrap_or(0);
    base & (BASE_ENABLE | BASE_X2APIC) == BASE_ENABLE | BASE_X2APIC
}

/// Connects the PICs to this CPU through its enabled local APIC ("virtual wire mode"). Firmware
/// that doesn't use the PICs may have left their pin masked. Only for CPUs on which [`start`] isn't
/// called, with interrupts off.
///
/// Source: MultiProcessor Specification 1.4, "Virtual Wire Mode".
///
/// # Safety
/// As for [`start`].
pub unsafe fn connect_pics(mode: Mode) {
    // SAFETY: the caller's promise.
    unsafe { start(mode) };
    // Entries can't be unmasked before the APIC is enabled.
    write(Register::SpuriousVector, SPURIOUS_ENABLE | u32::from(APIC_SPURIOUS_VECTOR));
    write(Register::LvtLint0, LVT_EXTERNAL);
    registers::stop();
}

/// Returns whether this CPU supports x2APIC mode, with model-specific registers.
pub fn has_x2apic() -> bool {
    CpuId::new().get_feature_info().is_some_and(|features| features.has_x2apic())
}

/// Returns whether x2APIC mode is already on. The kernel can't undo this; firmware turns it on on
/// machines with more than 255 CPUs.
pub fn is_x2apic_on() -> bool {
    is_present() && ApicMsr::Base.read(0) & BASE_X2APIC != 0
}

/// Returns whether the timer can be set to a value of the time stamp counter.
pub fn has_tsc_deadline() -> bool {
    CpuId::new().get_feature_info().is_some_and(|features| features.has_tsc_deadline())
}

/// Turns this CPU's APIC on. Its timer and its two pins stay masked.
pub fn enable() {
    let mut base = ApicMsr::Base.read(0) | BASE_ENABLE;
    if mode() == Some(Mode::X2Apic) {
        base |= BASE_X2APIC;
    }
    ApicMsr::Base.write(0, base);
    for lvt in [
        Register::LvtTimer,
        Register::LvtThermal,
        Register::LvtPerformance,
        Register::LvtLint0,
        Register::LvtLint1,
    ] {
        // The field is the number of entries minus 1. The fifth entry is for performance, the sixth
        // for temperature.
        let entries = read(Register::Version) >> 16 & 0xFF;
        let is_there = match lvt {
            Register::LvtPerformance => entries >= 4,
            Register::LvtThermal => entries >= 5,
            _ => true,
        };
        if is_there {
            write(lvt, LVT_MASKED);
        }
    }
    write(Register::TaskPriority, 0);
    // Entries can't be unmasked before the APIC is enabled.
    write(Register::SpuriousVector, SPURIOUS_ENABLE | u32::from(APIC_SPURIOUS_VECTOR));
    write(Register::LvtError, APIC_ERROR_VECTOR.into());
    // After a write the error register shows the errors since the previous write.
    write(Register::ErrorStatus, 0);
    end_of_interrupt();
}

/// Makes pin `pin` of this CPU, 0 or 1, raise a non-maskable interrupt.
pub fn connect_nmi(pin: u8) {
    let lvt = if pin == 0 { Register::LvtLint0 } else { Register::LvtLint1 };
    write(lvt, LVT_NMI);
}

/// Returns this CPU's APIC ID.
pub fn id() -> ApicId {
    let id = read(Register::Id);
    ApicId::new(if mode() == Some(Mode::X2Apic) { id } else { id >> 24 })
}

/// Ends the interrupt that is in service.
#[inline]
pub fn end_of_interrupt() {
    write(Register::EndOfInterrupt, 0);
}

/// Returns whether the interrupt at `vector` is in service.
pub fn is_in_service(vector: u8) -> bool {
    let register = Register::InService as u32 + u32::from(vector / 32) * 16;
    read_at(register) >> (vector % 32) & 1 != 0
}

/// Returns the error status register: the errors since the last call.
pub fn take_errors() -> u32 {
    write(Register::ErrorStatus, 0);
    read(Register::ErrorStatus)
}

/// Returns whether a message can be sent to the CPU with the APIC ID `apic_id`. With
/// registers in memory a destination has 8 bits, and 255 means all CPUs.
pub fn can_reach(apic_id: ApicId) -> bool {
    apic_id.number() < 0xFF || mode() == Some(Mode::X2Apic)
}

/// Sends `message` to the CPU with the APIC ID `apic_id`. Interrupts must be off: a handler that
/// also sends could come between the two halves of a command.
pub(in crate::arch) fn send(apic_id: ApicId, message: Message) {
    debug_assert!(can_reach(apic_id));
    let command = match message {
        Message::Vector(vector) => COMMAND_ASSERT | u32::from(vector),
        Message::Nmi => COMMAND_ASSERT | COMMAND_NMI,
        Message::Init => COMMAND_ASSERT | COMMAND_INIT,
        Message::Startup(page) => COMMAND_ASSERT | COMMAND_STARTUP | u32::from(page),
    };
    if mode() == Some(Mode::X2Apic) {
        // The write doesn't wait for earlier stores, which must be visible to the other
        // CPU.
        // Source: Intel SDM volume 3A, "MSR Access in x2APIC Mode".
        control_registers::fence();
        let offset = Register::InterruptCommand as u32 / 16;
        ApicMsr::FirstOfX2Apic
            .write(offset, u64::from(apic_id.number()) << 32 | u64::from(command));
        return;
    }
    wait_sent();
    write(Register::InterruptCommandHigh, apic_id.number() << 24);
    write(Register::InterruptCommand, command);
}

/// Waits until the last message has been sent; the number of reads is limited.
fn wait_sent() {
    /// Sending takes some clocks of the bus.
    const READS_MAX: u32 = 1_000_000;
    let is_sent = || read(Register::InterruptCommand) & COMMAND_PENDING == 0;
    let _ = (0..READS_MAX).any(|_| is_sent());
}

/// Connects the timer to `vector`.
pub fn start_timer(vector: u8, mode: TimerMode) {
    match mode {
        TimerMode::TscDeadline => {
            write(Register::LvtTimer, LVT_TSC_DEADLINE | u32::from(vector));
            // The deadline may only be written after the mode has changed.
            // Source: Intel SDM volume 3A, "TSC-Deadline Mode".
            control_registers::fence();
        }
        TimerMode::OneShot => {
            write(Register::TimerDivide, DIVIDE_BY_16);
            write(Register::LvtTimer, vector.into());
        }
    }
}

/// Sets the timer, which is one-shot, to interrupt after `count` of its clocks; 0 stops it.
#[inline]
pub fn set_timer_count(count: u32) {
    write(Register::TimerInitialCount, count);
}

/// Returns the number of clocks until the timer interrupts.
pub fn timer_count() -> u32 {
    read(Register::TimerCurrentCount)
}

/// Sets the timer, which is in deadline mode, to interrupt when the time stamp counter reaches
/// `tsc`; 0 stops it.
#[inline]
pub fn set_timer_deadline(tsc: u64) {
    ApicMsr::TscDeadline.write(0, tsc);
}
