//! Switches the machine off, by the sleep state S5.
//!
//! Firmware may have the method `_PTS` to prepare for this. It isn't run, because there is no AML
//! interpreter.
//!
//! Source: ACPI Specification 6.5, "PM1 Control Grouping" and "Legacy/ACPI Select and
//! the SCI Interrupt".

use core::fmt;

use acpi_tables::fadt::Register;
use acpi_tables::sleep::{self, SleepTypes};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::ports::{Port8, Port16};
use crate::arch::time::clock::Clock;
use crate::drivers::acpi::{Acpi, DSDT, SSDT};

/// Control: the kernel, not the firmware, owns the hardware.
const SCI_ENABLE: u16 = 1 << 0;
/// Control: the sleep state.
const SLEEP_TYPE: u16 = 0b111 << SLEEP_TYPE_SHIFT;
const SLEEP_TYPE_SHIFT: u16 = 10;
/// Control: sleep.
const SLEEP_ENABLE: u16 = 1 << 13;

/// The time-out for the firmware to hand over the hardware.
const HANDOVER_US: u64 = 3_000_000;
/// The time-out for the machine to switch off.
const OFF_US: u64 = 1_000_000;

/// The reason why the machine can't be switched off by ACPI, or is still on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerError {
    /// There is no usable FADT.
    NoFadt,
    /// Neither the DSDT nor an SSDT has a package `_S5_` of integers.
    NoSleepType,
    /// The machine has other registers to switch it off, which the kernel doesn't support.
    HardwareReduced,
    /// The FADT has no control register, or one that isn't a port.
    NoControl,
    /// The firmware doesn't hand over the hardware.
    NoHandover,
    /// The registers were written, but a second later the machine is still on.
    StillOn,
}

impl fmt::Display for PowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoFadt => "there is no FADT",
            Self::NoSleepType => "no table has a package _S5_ of integers",
            Self::HardwareReduced => "hardware-reduced machines aren't supported",
            Self::NoControl => "the FADT names no port for PM1 control",
            Self::NoHandover => "the firmware doesn't hand the hardware over",
            Self::StillOn => "the registers were written, but the machine is still on",
        })
    }
}

impl core::error::Error for PowerError {}

/// The registers and values that switch the machine off.
#[derive(Clone, Copy, Debug)]
pub struct PowerOff {
    types: SleepTypes,
    pm1a: u16,
    pm1b: Option<u16>,
    /// The port and the command by which the firmware hands over the hardware.
    handover: Option<(u16, u8)>,
}

impl Acpi {
    /// Finds the registers and values that switch the machine off.
    ///
    /// # Errors
    /// See [`PowerError`].
    pub fn power_off(&self) -> Result<PowerOff, PowerError> {
        let fadt = self.fadt().ok_or(PowerError::NoFadt)?;
        if fadt.is_hardware_reduced {
            return Err(PowerError::HardwareReduced);
        }
        let mut with_devices = self.good(DSDT).chain(self.good(SSDT));
        let types = with_devices.find_map(|table| sleep::find_s5(&table.bytes));
        let port = |register| match register {
            Register::Port(port) => Ok(port),
            Register::Elsewhere(_) => Err(PowerError::NoControl),
        };
        Ok(PowerOff {
            types: types.ok_or(PowerError::NoSleepType)?,
            pm1a: fadt.pm1a_control.ok_or(PowerError::NoControl).and_then(port)?,
            pm1b: fadt.pm1b_control.map(port).transpose()?,
            handover: fadt
                .smi_command
                .filter(|_| fadt.acpi_enable != 0)
                .map(|port| (port, fadt.acpi_enable)),
        })
    }
}

impl fmt::Display for PowerOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sleep type {} to PM1a control at port {:#x}", self.types.a, self.pm1a)?;
        match self.pm1b {
            Some(port) => write!(f, ", {} to PM1b control at port {port:#x}", self.types.b),
            None => Ok(()),
        }
    }
}

impl PowerOff {
    /// Switches the machine off. Returns only if that fails, within four seconds, with
    /// the reason.
    pub fn execute(&self, clock: Clock) -> PowerError {
        let _interrupts_off = InterruptsOff::new();
        // SAFETY: a FADT with a valid checksum names it as PM1a control.
        let pm1a = unsafe { Port16::named_by_firmware(self.pm1a) };
        // SAFETY: as above, for PM1b control.
        let pm1b = self.pm1b.map(|port| unsafe { Port16::named_by_firmware(port) });
        let within = |limit_us, is_done: &dyn Fn() -> bool| {
            let start_us = clock.uptime_us();
            while !is_done() {
                if clock.uptime_us() - start_us > limit_us {
                    return false;
                }
            }
            true
        };
        let is_ours = || pm1a.read() & SCI_ENABLE != 0;
        if let Some((port, command)) = self.handover.filter(|_| !is_ours()) {
            // SAFETY: a FADT with a valid checksum names it as the port for commands; the
            // command is the FADT's, too.
            unsafe { Port8::named_by_firmware(port) }.write(command);
            if !within(HANDOVER_US, &is_ours) {
                return PowerError::NoHandover;
            }
        }
        boot_stage::mark(Stage::PowerOff);
        let controls = [(Some(pm1a), self.types.a), (pm1b, self.types.b)];
        // Some chipsets require a write of the state before the command to enter it.
        for enable in [0, SLEEP_ENABLE] {
            for (control, sleep_type) in controls {
                if let Some(control) = control {
                    let kept = control.read() & !(SLEEP_TYPE | SLEEP_ENABLE);
                    control.write(kept | u16::from(sleep_type) << SLEEP_TYPE_SHIFT | enable);
                }
            }
        }
        within(OFF_US, &|| false);
        PowerError::StillOn
    }
}

#[cfg(test)]
mod tests;
