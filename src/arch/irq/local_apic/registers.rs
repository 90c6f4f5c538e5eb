//! The registers of the local APIC, in memory or model-specific.

use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::Msr;

/// A model-specific register of the APIC. None of them accesses memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum ApicMsr {
    Base = 0x1B,
    TscDeadline = 0x6E0,
    /// The register at offset N in memory is this one plus N / 16.
    FirstOfX2Apic = 0x800,
}

impl ApicMsr {
    /// Reads the register `offset` after this one.
    #[inline]
    pub(super) fn read(self, offset: u32) -> u64 {
        // SAFETY: only used if CPUID or the caller of `start` guarantees that it exists;
        // reading changes nothing.
        unsafe { Msr::new(self as u32 + offset).read() }
    }

    /// Writes the register `offset` after this one.
    #[inline]
    pub(super) fn write(self, offset: u32, value: u64) {
        // SAFETY: as for reading; this module writes no value that makes the APIC access memory.
        unsafe { Msr::new(self as u32 + offset).write(value) };
    }
}

/// A register, by its offset in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Register {
    Id = 0x20,
    Version = 0x30,
    TaskPriority = 0x80,
    EndOfInterrupt = 0xB0,
    SpuriousVector = 0xF0,
    /// The first of eight registers with one bit for each vector.
    InService = 0x100,
    ErrorStatus = 0x280,
    InterruptCommand = 0x300,
    /// Only in memory; the model-specific register has 64 bits instead.
    InterruptCommandHigh = 0x310,
    LvtTimer = 0x320,
    LvtThermal = 0x330,
    LvtPerformance = 0x340,
    LvtLint0 = 0x350,
    LvtLint1 = 0x360,
    LvtError = 0x370,
    TimerInitialCount = 0x380,
    TimerCurrentCount = 0x390,
    TimerDivide = 0x3E0,
}

/// The place of the registers: an address, [`X2APIC`], or [`NONE`].
static REGISTERS: AtomicU64 = AtomicU64::new(NONE);
const NONE: u64 = 0;
const X2APIC: u64 = 1;

/// How the registers are accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In memory, at this address.
    Memory(VirtAddr),
    /// As model-specific registers.
    X2Apic,
}

/// Selects the mode of access, for all CPUs.
///
/// # Safety
/// The APIC supports this mode; registers in memory are mapped for ever.
pub unsafe fn start(mode: Mode) {
    let place = match mode {
        Mode::Memory(address) => address.as_u64(),
        Mode::X2Apic => X2APIC,
    };
    REGISTERS.store(place, Ordering::Relaxed);
}

/// Undoes [`start`].
pub(super) fn stop() {
    REGISTERS.store(NONE, Ordering::Relaxed);
}

/// Returns whether [`start`] has been called.
#[inline]
pub fn is_started() -> bool {
    REGISTERS.load(Ordering::Relaxed) != NONE
}

/// Returns how the registers are accessed; `None` before [`start`].
pub fn mode() -> Option<Mode> {
    match REGISTERS.load(Ordering::Relaxed) {
        NONE => None,
        X2APIC => Some(Mode::X2Apic),
        address => Some(Mode::Memory(VirtAddr::new(address))),
    }
}

pub(super) fn read(register: Register) -> u32 {
    read_at(register as u32)
}

#[inline]
pub(super) fn read_at(offset: u32) -> u32 {
    match REGISTERS.load(Ordering::Relaxed) {
        NONE => 0,
        X2APIC => ApicMsr::FirstOfX2Apic.read(offset / 16) as u32,
        address => {
            let place = (address + u64::from(offset)) as *const u32;
            // SAFETY: the caller of `start` promised that the registers are mapped there for ever.
            unsafe { place.read_volatile() }
        }
    }
}

#[inline]
pub(super) fn write(register: Register, value: u32) {
    match REGISTERS.load(Ordering::Relaxed) {
        NONE => {}
        X2APIC => ApicMsr::FirstOfX2Apic.write(register as u32 / 16, value.into()),
        address => {
            let place = (address + register as u64) as *mut u32;
            // SAFETY: the caller of `start` promised that the registers are mapped there for ever.
            unsafe { place.write_volatile(value) };
        }
    }
}
