//! Timers of known frequency that ACPI describes: references and witnesses for the clock.
//!
//! Source: IA-PC HPET Specification 1.0a, "Memory Mapped Registers"; ACPI Specification 6.5,
//! "Power Management Timer".

use acpi_tables::fadt::Register;
use acpi_tables::hpet;
use timekeeping::calibration::Sample;
use timekeeping::comparison::Edge;
use x86_64::PhysAddr;

use crate::arch::ports::ReadPort32;
use crate::arch::time::calibration::{Reference, bracket};
use crate::arch::time::clock::{self, Clock};
use crate::arch::time::rate::FrequencySource;
use crate::arch::time::witness::{self, Witness};
use crate::drivers::acpi::Acpi;
use crate::mm::kernel::device_memory::{DeviceMemory, Writes};

/// Refines the clock by the best available timer. Called once, while only the boot CPU runs, with
/// interrupts off. Takes up to 40 ms, or longer on a busy host.
pub fn refine_clock(clock: Clock, acpi: Option<&Acpi>) {
    let hpet = acpi.and_then(Hpet::find);
    let pm_timer = acpi.and_then(PmTimer::find);
    let hpet = hpet.as_ref().map(|hpet| hpet as &dyn Reference);
    let pm_timer = pm_timer.as_ref().map(|pm_timer| pm_timer as &dyn Reference);
    match (hpet, pm_timer) {
        (Some(hpet), Some(pm_timer)) => clock::refine(clock, &[hpet, pm_timer]),
        (Some(one), None) | (None, Some(one)) => clock::refine(clock, &[one]),
        (None, None) => clock::refine(clock, &[]),
    }
}

/// The HPET's main counter, its lower 32 bits.
struct Hpet {
    registers: DeviceMemory,
    hz: u64,
}

/// The registers in use, by their offsets in bytes.
const HPET_PERIOD_FS: u64 = 0x004;
const HPET_CONFIGURATION: u64 = 0x010;
const HPET_COUNTER: u64 = 0x0F0;
const HPET_BYTES: u64 = 0x400;
/// Configuration: the main counter counts.
const HPET_ENABLE: u32 = 1 << 0;
/// The longest period, in femtoseconds: HPETs have at least 10 MHz.
const HPET_PERIOD_MAX_FS: u32 = 100_000_000;
const FS_PER_SECOND: u64 = 1_000_000_000_000_000;

impl Hpet {
    /// Finds and maps the HPET.
    fn find(acpi: &Acpi) -> Option<Self> {
        let table = acpi.good(hpet::HPET).next()?;
        let address = PhysAddr::try_new(hpet::registers(&table.bytes)?).ok()?;
        // SAFETY: a table with a valid checksum lists the registers there; they access no
        // memory.
        let mapped = unsafe { DeviceMemory::map("HPET", address, HPET_BYTES, Writes::Strict) };
        let registers =
            mapped.inspect_err(|error| log::warn!("the HPET isn't used: {error}")).ok()?;
        let period_fs = registers.read_u32(HPET_PERIOD_FS);
        let is_there = (1..=HPET_PERIOD_MAX_FS).contains(&period_fs);
        is_there.then(|| Self { registers, hz: FS_PER_SECOND / u64::from(period_fs) })
    }
}

impl Reference for Hpet {
    fn source(&self) -> FrequencySource {
        FrequencySource::Hpet
    }

    fn hz(&self) -> u64 {
        self.hz
    }

    fn mask(&self) -> u64 {
        u32::MAX.into()
    }

    fn start(&self) -> bool {
        let configuration = self.registers.read_u32(HPET_CONFIGURATION);
        if configuration & HPET_ENABLE == 0 {
            self.registers.write_u32(HPET_CONFIGURATION, configuration | HPET_ENABLE);
        }
        true
    }

    fn sample(&self) -> Option<Sample> {
        Some(bracket(|| self.registers.read_u32(HPET_COUNTER).into()))
    }
}

/// The power management timer.
pub struct PmTimer {
    port: ReadPort32,
    mask: u64,
}

impl PmTimer {
    /// Its frequency: a quarter of the PC's crystal of 14.31818 MHz.
    const HZ: u32 = 3_579_545;
    /// The time after which an unchanged count means that the timer has stopped: the time of many
    /// counts.
    const STOPPED_NS: u64 = 1_000_000;

    /// Returns the timer, if the firmware's tables have its address.
    pub fn find(acpi: &Acpi) -> Option<Self> {
        let fadt = acpi.fadt()?;
        let Some(Register::Port(port)) = fadt.pm_timer.filter(|_| !fadt.is_hardware_reduced) else {
            return None;
        };
        // SAFETY: a FADT with a valid checksum names it as the timer's port.
        let port = unsafe { ReadPort32::named_by_firmware(port) };
        let mask = if fadt.is_pm_timer_wide { 0xFFFF_FFFF } else { 0xFF_FFFF };
        Some(Self { port, mask })
    }

    fn read(&self) -> u64 {
        self.port.read().into()
    }
}

impl Witness for PmTimer {
    fn hz(&self) -> u32 {
        Self::HZ
    }

    fn mask(&self) -> u64 {
        self.mask
    }

    fn next_edge(&self) -> Option<Edge> {
        witness::edge(Self::STOPPED_NS, || self.read())
    }
}

impl Reference for PmTimer {
    fn source(&self) -> FrequencySource {
        FrequencySource::PmTimer
    }

    fn hz(&self) -> u64 {
        Self::HZ.into()
    }

    fn mask(&self) -> u64 {
        self.mask
    }

    fn start(&self) -> bool {
        true
    }

    fn sample(&self) -> Option<Sample> {
        Some(bracket(|| self.read()))
    }
}
