//! The machine's interrupt controllers, by ACPI: APICs if ACPI describes them completely,
//! otherwise the two PICs.
//!
//! Source: ACPI Specification 6.5, "Multiple APIC Description Table (MADT)".

use core::fmt;

use acpi_tables::madt::{self, Entry, InterruptFlags};
use heapless::Vec;
use x86_64::{PhysAddr, VirtAddr};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::init_order::{Controllers, Pic};
use crate::arch::irq::ApicChoice;
use crate::arch::irq::io_apic::{self, IO_APICS_MAX, IoApic, Signal};
use crate::arch::irq::local_apic::{self, Mode};
use crate::arch::irq::vectors::LINES;
use crate::arch::irq::{self, Input};
use crate::drivers::acpi::Acpi;
use crate::mm::Memory;
use crate::mm::kernel::device_memory::{self, DeviceMemory, Writes};

/// The reason why the PICs are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// The command line requests it.
    Asked,
    /// The CPU has no local APIC.
    NoLocalApic,
    /// ACPI has no valid table of APICs.
    NoTable,
    /// The table has no I/O APIC.
    NoIoApic,
    /// The registers can't be mapped.
    Unmapped(device_memory::Error),
}

impl From<device_memory::Error> for Reason {
    fn from(error: device_memory::Error) -> Self {
        Self::Unmapped(error)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("the command line requests it"),
            Self::NoLocalApic => f.write_str("the CPU has no local APIC"),
            Self::NoTable => f.write_str("ACPI has no valid table of APICs"),
            Self::NoIoApic => f.write_str("ACPI lists no I/O APIC"),
            Self::Unmapped(error) => write!(f, "an APIC can't be mapped: {error}"),
        }
    }
}

/// Uses the APICs instead of the PICs, if the machine has any and `choice` allows it.
pub fn start(pic: Pic, _memory: Memory, acpi: Option<&Acpi>, choice: ApicChoice) -> Controllers {
    boot_stage::mark(Stage::Apic);
    match start_apic(acpi, choice) {
        Ok(inputs) => {
            let mode = if local_apic::mode() == Some(Mode::X2Apic) { "x2APIC" } else { "APIC" };
            let inputs_count: u32 = io_apic::all().iter().map(|io_apic| io_apic.inputs).sum();
            log::info!(
                "{mode}, {} I/O APIC with {inputs_count} inputs; the PICs are masked",
                io_apic::all().len()
            );
            irq::use_apic(pic, inputs)
        }
        Err(reason) => {
            log::info!("the PICs stay in charge: {reason}");
            if let Err(error) = connect_pics() {
                log::warn!("the local APIC can't be mapped, and may hold back the PICs: {error}");
            }
            irq::use_pic(pic)
        }
    }
}

/// Starts this CPU's local APIC and all I/O APICs; on failure nothing is changed. Returns the input
/// of each of the PC's lines.
fn start_apic(acpi: Option<&Acpi>, choice: ApicChoice) -> Result<[Input; LINES as usize], Reason> {
    if choice == ApicChoice::No {
        return Err(Reason::Asked);
    }
    if !local_apic::is_present() {
        return Err(Reason::NoLocalApic);
    }
    let table = acpi.and_then(|acpi| acpi.good(madt::MADT).next()).ok_or(Reason::NoTable)?;
    let entries = || madt::entries(&table.bytes);
    let io_apics = find_io_apics(entries())?;
    // Firmware may have enabled x2APIC mode, which may have no way back.
    let may_be_x2apic = choice == ApicChoice::All && local_apic::has_x2apic();
    let mode = if may_be_x2apic || local_apic::is_x2apic_on() {
        Mode::X2Apic
    } else {
        Mode::Memory(map_local_apic(&table.bytes)?)
    };
    // SAFETY: CPUID reports it, and the registers have just been mapped.
    unsafe { local_apic::start(mode) };
    local_apic::enable();
    connect_nmis(entries());
    io_apic::start(io_apics);
    Ok(inputs(entries()))
}

/// Makes the local APIC pass the PICs' interrupts to the CPU, if it is enabled.
fn connect_pics() -> Result<(), device_memory::Error> {
    let Some(address) = local_apic::enabled_at() else {
        return Ok(());
    };
    let mode = match local_apic::is_enabled_as_x2apic() {
        true => Mode::X2Apic,
        false => Mode::Memory(map_registers(address)?),
    };
    // SAFETY: it is enabled in this mode, and the registers have just been mapped.
    unsafe { local_apic::connect_pics(mode) };
    Ok(())
}

fn map_local_apic(table: &[u8]) -> Result<VirtAddr, Reason> {
    let wide = madt::entries(table).find_map(|entry| match entry {
        Entry::LocalApicAddress(address) => Some(address),
        _ => None,
    });
    let narrow = || madt::local_apic_address(table).map(u64::from);
    let address = PhysAddr::new_truncate(wide.or_else(narrow).ok_or(Reason::NoTable)?);
    Ok(map_registers(address)?)
}

fn map_registers(address: PhysAddr) -> Result<VirtAddr, device_memory::Error> {
    // SAFETY: the registers access no memory; only `arch::irq::local_apic` writes them.
    let registers = unsafe {
        DeviceMemory::map("local APIC", address, local_apic::REGISTERS_BYTES, Writes::Strict)
    }?;
    Ok(registers.leak())
}

fn find_io_apics(
    entries: impl Iterator<Item = Entry>,
) -> Result<Vec<IoApic, IO_APICS_MAX>, Reason> {
    let mut io_apics = Vec::new();
    for entry in entries {
        let Entry::IoApic { address, first_input, .. } = entry else {
            continue;
        };
        if io_apics.is_full() {
            log::warn!("only {IO_APICS_MAX} I/O APICs are used");
            break;
        }
        let address = PhysAddr::new(address.into());
        // SAFETY: the registers access no memory; only `arch::irq::io_apic` writes them.
        let registers = unsafe {
            DeviceMemory::map("I/O APIC", address, io_apic::REGISTERS_BYTES, Writes::Strict)
        }?;
        // SAFETY: ACPI lists an I/O APIC there, and it has just been mapped.
        let io_apic = unsafe { IoApic::new(registers.leak(), first_input) };
        // The list has room, because the number was checked before.
        let _ = io_apics.push(io_apic);
    }
    if io_apics.is_empty() { Err(Reason::NoIoApic) } else { Ok(io_apics) }
}

/// Returns the input of each of the PC's lines: the input with the line's number, unless an
/// override names another.
fn inputs(entries: impl Iterator<Item = Entry>) -> [Input; LINES as usize] {
    let mut inputs =
        core::array::from_fn(|line| Input { number: line as u32, signal: Signal::ISA });
    for entry in entries {
        if let Entry::Override { irq, input, flags } = entry
            && let Some(known) = inputs.get_mut(usize::from(irq))
        {
            *known = Input { number: input, signal: signal(flags) };
        }
    }
    inputs
}

/// Returns the signal of an ISA interrupt with these flags.
fn signal(flags: InterruptFlags) -> Signal {
    Signal { is_active_low: flags.0 & 0b11 == 0b11, is_level: flags.0 >> 2 & 0b11 == 0b11 }
}

/// Sets up the pins of this CPU's local APIC that raise non-maskable interrupts.
fn connect_nmis(entries: impl Iterator<Item = Entry>) {
    for entry in entries {
        if let Entry::LocalNmi { uid: None, pin: pin @ 0..=1, .. } = entry {
            local_apic::connect_nmi(pin);
        }
    }
}

#[cfg(test)]
mod tests;
