//! `acpi`: the firmware's tables.

use core::fmt::{self, Write};

use acpi_tables::fadt::Register;
use acpi_tables::madt::{Entry, ProcessorState};
use acpi_tables::{Fadt, Signature, Text, fadt, madt, purpose};

use crate::drivers::acpi::{Acpi, Checksum, Table};
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::format::dump::{ROW_BYTES, write_row};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "acpi",
    usage: "[NAME]",
    summary: "Lists the firmware's tables, or shows those with this name.",
    example: "acpi APIC",
    words: |_, found| ["APIC", "DSDT", "FACP", "HPET", "MCFG", "SSDT"].into_iter().for_each(found),
    run: Run::Machine(show),
};

fn show(machine: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let wanted = arguments.word();
    arguments.end()?;
    let Some(acpi) = &machine.acpi else {
        writeln!(out, "There are no ACPI tables.")?;
        return Ok(());
    };
    let Some(wanted) = wanted else {
        return Ok(list(acpi, out)?);
    };
    let mut tables = acpi.tables.iter().filter(|table| is_named(table.header.signature, wanted));
    let first = tables.next().ok_or_else(|| ArgumentError::unknown(wanted))?;
    for table in core::iter::once(first).chain(tables) {
        show_table(table, out)?;
    }
    Ok(())
}

fn is_named(signature: Signature, name: &str) -> bool {
    // Names with less than four letters are padded with spaces.
    let shown = signature.0.trim_ascii_end();
    shown.eq_ignore_ascii_case(name.as_bytes())
}

fn list(acpi: &Acpi, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "table address         bytes rev OEM    OEM's name checksum what for")?;
    for table in &acpi.tables {
        let header = &table.header;
        let checksum = match table.checksum {
            Checksum::Good => "good",
            Checksum::Bad => "bad",
        };
        writeln!(
            out,
            "{:5} {:#014x} {:6} {:3} {:6} {:10} {checksum:8} {}",
            Text(&header.signature.0),
            table.address,
            header.len_bytes,
            header.revision,
            Text(&header.oem_id),
            Text(&header.oem_table_id),
            purpose::of(header.signature).unwrap_or("")
        )?;
    }
    for missing in &acpi.missing {
        writeln!(out, "none  {:#014x} {}", missing.address, missing.why)?;
    }
    Ok(())
}

fn show_table(table: &Table, out: &mut dyn Write) -> fmt::Result {
    let signature = table.header.signature;
    writeln!(out, "{signature} at {:#x}, {} bytes", table.address, table.bytes.len())?;
    match (signature, table.checksum) {
        (_, Checksum::Bad) => {
            writeln!(out, "The checksum is wrong; nothing in it is used.")?;
            dump(&table.bytes, out)
        }
        (madt::MADT, Checksum::Good) => show_madt(&table.bytes, out),
        (fadt::FADT, Checksum::Good) => show_fadt(&Fadt::read(&table.bytes), out),
        (_, Checksum::Good) => dump(&table.bytes, out),
    }
}

fn show_madt(bytes: &[u8], out: &mut dyn Write) -> fmt::Result {
    if let Some(address) = madt::local_apic_address(bytes) {
        writeln!(out, "  local APICs at {address:#x}")?;
    }
    let has = if madt::has_8259(bytes) { "two" } else { "no" };
    writeln!(out, "  {has} 8259 interrupt controllers")?;
    for entry in madt::entries(bytes) {
        match entry {
            Entry::Processor { uid, apic_id, state } => {
                let state = match state {
                    ProcessorState::Enabled => "",
                    ProcessorState::OnlineCapable => ", can be added later",
                    ProcessorState::Disabled => ", disabled",
                };
                writeln!(out, "  CPU {uid}, APIC {apic_id}{state}")?;
            }
            Entry::IoApic { id, address, first_input } => {
                writeln!(out, "  I/O APIC {id} at {address:#x}, inputs from {first_input}")?;
            }
            Entry::Override { irq, input, flags } => {
                writeln!(out, "  IRQ {irq} arrives at input {input}, {flags}")?;
            }
            Entry::Nmi { input, flags } => writeln!(out, "  NMI by input {input}, {flags}")?,
            Entry::LocalNmi { uid: Some(uid), pin, flags } => {
                writeln!(out, "  NMI by LINT{pin} of CPU {uid}, {flags}")?;
            }
            Entry::LocalNmi { uid: None, pin, flags } => {
                writeln!(out, "  NMI by LINT{pin} of all CPUs, {flags}")?;
            }
            Entry::LocalApicAddress(address) => {
                writeln!(out, "  local APICs are at {address:#x} instead")?;
            }
            Entry::Other { kind, len_bytes } => {
                writeln!(out, "  entry of type {kind}, {len_bytes} bytes")?;
            }
        }
    }
    Ok(())
}

fn show_fadt(fadt: &Fadt, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "  made for       {}", fadt.profile_name())?;
    writeln!(out, "  events         IRQ {}", fadt.sci_interrupt)?;
    if let Some(dsdt) = fadt.dsdt {
        writeln!(out, "  DSDT           at {dsdt:#x}")?;
    }
    for (name, register) in [("PM1a", fadt.pm1a_control), ("PM1b", fadt.pm1b_control)] {
        match register {
            Some(Register::Port(port)) => writeln!(out, "  {name} control   port {port:#x}")?,
            Some(Register::Elsewhere(kind)) => {
                writeln!(out, "  {name} control   in address space {kind}")?;
            }
            None => {}
        }
    }
    if let Some(port) = fadt.smi_command {
        let command = fadt.acpi_enable;
        writeln!(out, "  ACPI mode      {command:#x} to port {port:#x}")?;
    }
    if let Some(register) = fadt.century_register {
        writeln!(out, "  century        CMOS byte {register:#x}")?;
    }
    let kind = if fadt.is_hardware_reduced { "reduced" } else { "fixed" };
    writeln!(out, "  hardware       {kind}")
}

fn dump(bytes: &[u8], out: &mut dyn Write) -> fmt::Result {
    for (row, offset) in bytes.chunks(ROW_BYTES).zip((0..).step_by(ROW_BYTES)) {
        write_row(out, format_args!("{offset:06x}"), row)?;
    }
    Ok(())
}
