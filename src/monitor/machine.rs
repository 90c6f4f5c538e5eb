//! The machine that commands inspect.

use crate::arch::cpu::features::CpuInfo;
use crate::arch::init_order::{Controllers, Interrupts};
use crate::arch::time::clock::Clock;
use crate::arch::time::timer::Timer;
use crate::boot::Boot;
use crate::console::Console;
use crate::drivers::acpi::Acpi;
use crate::drivers::bus::pci::Pci;
use crate::drivers::char::rtc::Rtc;
use crate::fs::Files;
use crate::mm::Memory;
use crate::process::Processes;
use crate::task::Tasks;

/// The machine after bring-up.
pub struct Machine {
    /// The firmware's tables, if it has any.
    pub acpi: Option<Acpi>,
    /// The loader's information, and the options.
    pub boot: &'static Boot,
    /// The time since the start.
    pub clock: Clock,
    /// Serial line, screen and keyboard.
    pub console: Console,
    /// Proof that the interrupt controllers are set up, so that handlers can be registered.
    pub controllers: Controllers,
    /// Proof that there are files.
    pub files: Files,
    /// Proof that interrupts are on.
    pub interrupts: Interrupts,
    /// Proof that there can be processes.
    pub processes: Processes,
    /// Proof that the kernel owns its memory.
    pub memory: Memory,
    /// The functions that were found on PCI buses.
    pub pci: Pci,
    /// The boot CPU's identity and features.
    pub cpu_info: CpuInfo,
    /// The hardware clock.
    pub rtc: Rtc,
    /// Proof that there are threads.
    pub tasks: Tasks,
    /// The running timer.
    pub timer: Timer,
}
