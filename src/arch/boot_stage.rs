//! The current boot stage. The screen shows it; if the boot is traced, the next boot can read it.
//!
//! The word `trace-boot` on the command line turns tracing on. Then the stub and [`mark`] write
//! each stage to port 0x80, where a POST card shows it, and to the CMOS, which keeps it over a
//! reset. `docs/boot.md` lists the values; `docs/decisions.md` has the reasons.

use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};

use spin::Once;

pub use times::{end_tick, finish};

use crate::arch::ports::POST;
use crate::arch::{cmos, stub_values};

/// The CMOS bytes of the record: a stage's value, and its complement; the same as in
/// `asm/boot.asm`.
const STAGE_BYTE: u8 = 0x7E;
const COMPLEMENT_BYTE: u8 = 0x7F;

/// Bits of `boot_trace`: the destinations of the trace; the same as in `asm/boot.asm`.
const TRACE_PORT: u8 = 1 << 0;
const TRACE_CMOS: u8 = 1 << 1;

/// The values of the stub's steps: 0xA0 plus the step's number.
const STUB_STEPS: core::ops::RangeInclusive<u8> = 0xA1..=0xAD;

/// A stage of the boot, or one of the ways in which a boot ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[repr(u8)]
pub enum Stage {
    /// Per-CPU structure, clock, log.
    PerCpu = 0xB1,
    /// Serial port.
    Serial = 0xB2,
    /// Boot information and command line.
    BootInformation = 0xB3,
    /// CPU features.
    Features = 0xB4,
    /// The early screen: output goes directly to the hardware.
    EarlyScreen = 0xB5,
    /// GDT, TSS and IST.
    Gdt = 0xB6,
    /// IDT.
    Idt = 0xB7,
    /// Frames, the kernel's own page tables, heap.
    Memory = 0xB8,
    /// The screen's terminal.
    Screen = 0xB9,
    /// Names of functions.
    Symbols = 0xBA,
    /// ACPI tables.
    Acpi = 0xBB,
    /// Real-time clock.
    Rtc = 0xBC,
    /// PCI buses.
    Pci = 0xBD,
    /// PICs.
    Pic = 0xBE,
    /// Local APIC and I/O APICs.
    Apic = 0xBF,
    /// Timer.
    Timer = 0xC0,
    /// Keyboard.
    Keyboard = 0xC1,
    /// Interrupts on.
    Interrupts = 0xC2,
    /// Threads.
    Tasks = 0xC3,
    /// The other CPUs.
    Smp = 0xC4,
    /// Console: input, terminals.
    Console = 0xC5,
    /// Drivers of PCI functions: disks.
    Drivers = 0xC6,
    /// Files: the initramfs, mounts.
    Files = 0xC7,
    /// Processes.
    Processes = 0xC8,
    /// The first program is loaded.
    FirstProgram = 0xC9,
    /// The prompt was reached.
    Prompt = 0xD1,
    /// Restarted by command.
    Reboot = 0xD2,
    /// Switched off by command.
    PowerOff = 0xD3,
    /// Stopped by a panic or an exception, after a report.
    Stopped = 0xE1,
}

impl Stage {
    const ALL: [(Self, &'static str); times::STAGES] = [
        (Self::PerCpu, "per-CPU structure, clock, log"),
        (Self::Serial, "serial port"),
        (Self::BootInformation, "boot information"),
        (Self::Features, "CPU features"),
        (Self::EarlyScreen, "early screen"),
        (Self::Gdt, "GDT, TSS, IST"),
        (Self::Idt, "IDT"),
        (Self::Memory, "memory"),
        (Self::Screen, "screen"),
        (Self::Symbols, "symbols"),
        (Self::Acpi, "ACPI tables"),
        (Self::Rtc, "real-time clock"),
        (Self::Pci, "PCI buses"),
        (Self::Pic, "PIC"),
        (Self::Apic, "APIC"),
        (Self::Timer, "timer"),
        (Self::Keyboard, "keyboard"),
        (Self::Interrupts, "interrupts on"),
        (Self::Tasks, "threads"),
        (Self::Smp, "other CPUs"),
        (Self::Console, "console"),
        (Self::Drivers, "drivers"),
        (Self::Files, "files"),
        (Self::Processes, "processes"),
        (Self::FirstProgram, "first program"),
        (Self::Prompt, "prompt"),
        (Self::Reboot, "reboot"),
        (Self::PowerOff, "poweroff"),
        (Self::Stopped, "stopped with a report"),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(stage, _)| *stage == self).map_or("", |(_, name)| name)
    }
}

/// The value of the last stage.
static LAST: AtomicU8 = AtomicU8::new(0);

/// Called with the name of each stage as it begins, and with `None` when the boot is complete.
pub type Observer = fn(Option<&'static str>);

static OBSERVER: Once<Observer> = Once::new();

/// Calls `observer` for each stage from now on, on the CPU that begins it.
pub fn set_observer(observer: Observer) {
    OBSERVER.call_once(|| observer);
}

/// How the last traced boot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastBoot {
    /// There is no record: no boot was traced since the CMOS lost power.
    Unknown,
    /// It reached the prompt, or was ended by command.
    Ended(&'static str),
    /// A panic or an exception was reported.
    Stopped,
    /// It stopped in this step of the stub.
    InStub(u8),
    /// It stopped in this stage of the kernel.
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

/// Records that `stage` begins: calls the observer and, if the boot is traced, writes the stage to
/// port 0x80 and the CMOS. May be called in any context. The observer is called without a stage for the
/// first program, whose output follows, and for the prompt; after that it is no longer called.
pub fn mark(stage: Stage) {
    if let Some(index) = Stage::ALL.iter().position(|&(listed, _)| listed == stage) {
        times::note(index);
    }
    if stage == Stage::Prompt {
        finish();
    }
    LAST.store(stage as u8, Ordering::Relaxed);
    let trace = stub_values::trace();
    if trace & TRACE_PORT != 0 {
        POST.write(stage as u8);
    }
    if trace & TRACE_CMOS != 0 {
        cmos::write(STAGE_BYTE, stage as u8);
        cmos::write(COMPLEMENT_BYTE, !(stage as u8));
    }
    if stage <= Stage::Prompt
        && let Some(observer) = OBSERVER.get()
    {
        observer((stage < Stage::FirstProgram).then_some(stage.name()));
    }
}

/// When a stage began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageTime {
    /// The stage's name.
    pub name: &'static str,
    /// Ticks of the time stamp counter since the stub read it first.
    pub begin_tick: u64,
}

/// Returns the stages of this boot that have begun, in order; without its ends.
pub fn times() -> impl Iterator<Item = StageTime> {
    let stages = Stage::ALL.iter().enumerate().take_while(|(_, (stage, _))| *stage < Stage::Prompt);
    stages.filter_map(|(index, &(_, name))| {
        Some(StageTime { name, begin_tick: times::begin_tick(index)? })
    })
}

/// Records `stage`, an end of this boot. After a report it changes nothing: the record remains
/// "stopped with a report".
pub fn mark_end(stage: Stage) {
    if LAST.load(Ordering::Relaxed) != Stage::Stopped as u8 {
        mark(stage);
    }
}

/// Returns whether this boot writes its stages to the CMOS.
fn is_recorded() -> bool {
    stub_values::trace() & TRACE_CMOS != 0
}

/// Returns how the last traced boot ended.
pub fn last_boot() -> LastBoot {
    LastBoot::decode(stub_values::last_boot_stage())
}

/// Logs how the last traced boot ended. Logs nothing if there is no record and this boot isn't
/// recorded either.
pub fn log_last_boot() {
    if stub_values::trace() != 0 && !is_recorded() {
        log::warn!(
            "trace-boot: the firmware keeps a checksum in the CMOS bytes {STAGE_BYTE:#x} and \
             {COMPLEMENT_BYTE:#x}; stages are left on port 0x80 only"
        );
    }
    let last = last_boot();
    match last {
        LastBoot::Unknown if !is_recorded() => {}
        LastBoot::Unknown | LastBoot::Ended(_) => log::info!("last traced boot: {last}"),
        _ => log::warn!("last traced boot: {last}"),
    }
}

impl fmt::Display for LastBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "no record of one"),
            Self::Ended(how) => write!(f, "ended well, {how}"),
            Self::Stopped => write!(f, "stopped with a report"),
            Self::InStub(step) => write!(f, "got no further than step {step} of the stub"),
            Self::InKernel(stage) => write!(f, "got no further than this stage: {stage}"),
        }
    }
}

mod times;

#[cfg(test)]
mod tests;
