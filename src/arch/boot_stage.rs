//! How far this boot has come, for the next one to tell.
//!
//! The stub and [`mark`] leave a byte on port 0x80, where a POST card shows it,
//! and in a CMOS byte that outlives a reset. `docs/boot.md` lists the values.

use core::fmt;

use crate::arch::ports::POST;
use crate::arch::{cmos, stub_values};

/// In the extended half of the CMOS, outside of the bytes that the BIOS sums up
/// and of those that QEMU and Bochs use. The same as in `asm/boot.asm`.
const PROGRESS_BYTE: u8 = 0x7E;

/// The values of the stub's steps: 0xA0 plus the step's number.
const STUB_STEPS: core::ops::RangeInclusive<u8> = 0xA1..=0xAD;

/// A step of `rust_main`, or a good end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Per-CPU structure, clock, log.
    PerCpu = 0xB1,
    /// Serial port.
    Serial = 0xB2,
    /// Boot information and command line.
    BootInformation = 0xB3,
    /// Processor features.
    Processor = 0xB4,
    /// GDT, TSS and IST.
    Gdt = 0xB5,
    /// IDT.
    Idt = 0xB6,
    /// Frames, the kernel's own page tables, heap.
    Memory = 0xB7,
    /// PIC.
    Pic = 0xB8,
    /// Timer.
    Timer = 0xB9,
    /// Keyboard.
    Keyboard = 0xBA,
    /// Console.
    Console = 0xBB,
    /// Interrupts on.
    Interrupts = 0xBC,
    /// The prompt was reached: well ended, whatever comes.
    Prompt = 0xC1,
    /// Restarted by command.
    Reboot = 0xC2,
    /// Switched off by command.
    PowerOff = 0xC3,
    /// Stopped by a panic or an exception, after a report.
    Stopped = 0xD1,
}

impl Stage {
    const ALL: [(Self, &'static str); 16] = [
        (Self::PerCpu, "per-CPU structure, clock, log"),
        (Self::Serial, "serial port"),
        (Self::BootInformation, "boot information"),
        (Self::Processor, "processor features"),
        (Self::Gdt, "GDT, TSS, IST"),
        (Self::Idt, "IDT"),
        (Self::Memory, "memory"),
        (Self::Pic, "PIC"),
        (Self::Timer, "timer"),
        (Self::Keyboard, "keyboard"),
        (Self::Console, "console"),
        (Self::Interrupts, "interrupts on"),
        (Self::Prompt, "prompt"),
        (Self::Reboot, "reboot"),
        (Self::PowerOff, "poweroff"),
        (Self::Stopped, "stopped with a report"),
    ];
}

/// How the boot before this one ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastBoot {
    /// The byte holds none of our values: the first boot of this machine.
    Unknown,
    /// It reached the prompt, or was ended by command.
    Ended(&'static str),
    /// A panic or an exception was reported.
    Stopped,
    /// It got no further than this step of the stub.
    InStub(u8),
    /// It got no further than this step of `rust_main`.
    InKernel(&'static str),
}

impl LastBoot {
    fn decode(byte: u8) -> Self {
        if STUB_STEPS.contains(&byte) {
            return Self::InStub(byte - STUB_STEPS.start() + 1);
        }
        let Some(&(stage, name)) = Stage::ALL.iter().find(|(stage, _)| *stage as u8 == byte) else {
            return Self::Unknown;
        };
        match stage {
            Stage::Prompt | Stage::Reboot | Stage::PowerOff => Self::Ended(name),
            Stage::Stopped => Self::Stopped,
            _ => Self::InKernel(name),
        }
    }
}

/// Leaves `stage` on port 0x80 and in the CMOS.
pub fn mark(stage: Stage) {
    POST.write(stage as u8);
    cmos::write(PROGRESS_BYTE, stage as u8);
}

/// Leaves `stage`, an end, unless a report came before it: that is what the next boot
/// should tell of.
pub fn mark_end(stage: Stage) {
    if cmos::read(PROGRESS_BYTE) != Stage::Stopped as u8 {
        mark(stage);
    }
}

/// Returns how the boot before this one ended.
pub fn last_boot() -> LastBoot {
    LastBoot::decode(stub_values::last_boot_progress())
}

/// Logs how the boot before this one ended.
pub fn log_last_boot() {
    let last = last_boot();
    match last {
        LastBoot::Unknown | LastBoot::Ended(_) => log::info!("last boot: {last}"),
        _ => log::warn!("last boot: {last}"),
    }
}

impl fmt::Display for LastBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "no trace of one"),
            Self::Ended(how) => write!(f, "ended well, {how}"),
            Self::Stopped => write!(f, "stopped with a report"),
            Self::InStub(step) => write!(f, "got no further than step {step} of the stub"),
            Self::InKernel(stage) => write!(f, "got no further than this step: {stage}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn every_value_is_decoded_as_what_it_is() {
        assert_eq!(LastBoot::decode(0), LastBoot::Unknown);
        assert_eq!(LastBoot::decode(0xFF), LastBoot::Unknown);
        assert_eq!(LastBoot::decode(0xA1), LastBoot::InStub(1));
        assert_eq!(LastBoot::decode(0xAD), LastBoot::InStub(13));
        assert_eq!(LastBoot::decode(0xAE), LastBoot::Unknown);
        assert_eq!(LastBoot::decode(0xB6), LastBoot::InKernel("IDT"));
        assert_eq!(LastBoot::decode(0xC2), LastBoot::Ended("reboot"));
        assert_eq!(LastBoot::decode(0xD1), LastBoot::Stopped);
    }

    #[test_case]
    fn mark_is_kept_by_the_cmos() {
        mark(Stage::Timer);
        assert_eq!(cmos::read(PROGRESS_BYTE), Stage::Timer as u8);
    }

    #[test_case]
    fn end_hides_no_report() {
        mark(Stage::Stopped);
        mark_end(Stage::Reboot);
        assert_eq!(cmos::read(PROGRESS_BYTE), Stage::Stopped as u8);
        mark(Stage::Prompt);
        mark_end(Stage::Reboot);
        assert_eq!(cmos::read(PROGRESS_BYTE), Stage::Reboot as u8);
    }
}
