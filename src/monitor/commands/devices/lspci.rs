//! `lspci`: the functions on PCI buses.

use core::fmt::{self, Write};

use crate::drivers::bus::pci::{Address, Function};
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "lspci",
    usage: "[BUS:DEVICE.FUNCTION]",
    summary: "Lists the functions on PCI buses, or shows one of them.",
    example: "lspci 00:01.0",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(machine: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let wanted = arguments.word();
    arguments.end()?;
    let Some(wanted) = wanted else {
        return Ok(list(machine, out)?);
    };
    let address: Address = wanted.parse().map_err(|_| ArgumentError::unknown(wanted))?;
    match machine.pci.function(address) {
        Some(function) => show_function(function, out)?,
        None => writeln!(out, "lspci: nothing is at {address}")?,
    }
    Ok(())
}

fn list(machine: &Machine, out: &mut dyn Write) -> fmt::Result {
    if machine.pci.functions.is_empty() {
        return writeln!(out, "No PCI was found.");
    }
    writeln!(out, "address vendor:device  IRQ  what")?;
    for function in &machine.pci.functions {
        let Function { address, vendor, device, .. } = function;
        write!(out, "{address} {vendor:04x}:{device:04x}      ")?;
        match (function.interrupt_line, function.interrupt_pin) {
            (Some(line), Some(pin)) => write!(out, "{line:3}{pin}")?,
            (None, Some(pin)) => write!(out, "  -{pin}")?,
            (_, None) => write!(out, "    ")?,
        }
        writeln!(out, " {}", What(function))?;
    }
    Ok(())
}

fn show_function(function: &Function, out: &mut dyn Write) -> fmt::Result {
    let Function { address, vendor, device, class, revision, .. } = function;
    writeln!(out, "{address} {}", What(function))?;
    writeln!(out, "  vendor:device  {vendor:04x}:{device:04x}, revision {revision:02x}")?;
    writeln!(out, "  class          {:02x}{:02x}{:02x}", class.0, class.1, class.2)?;
    if let Some(driver) = function.driver() {
        writeln!(out, "  driver         {driver}")?;
    }
    if let Some(pin) = function.interrupt_pin {
        match function.interrupt_line {
            Some(line) => writeln!(out, "  interrupt      pin {pin}, IRQ {line}")?,
            None => writeln!(out, "  interrupt      pin {pin}, no IRQ")?,
        }
    }
    if let Some((first, last)) = function.buses_below() {
        writeln!(out, "  buses below    {first:02x} to {last:02x}")?;
    }
    for (index, base) in function.base_addresses() {
        writeln!(out, "  base address {index} {base}")?;
    }
    for capability in function.capabilities() {
        let name = pci_names::capability(capability.id).unwrap_or("unknown");
        let offset_bytes = capability.offset_bytes;
        writeln!(out, "  capability     {:02x} at {offset_bytes:#04x}: {name}", capability.id)?;
    }
    Ok(())
}

/// A function's class, and the names of its vendor and device, if they are known.
struct What<'a>(&'a Function);

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Function { vendor, device, class, .. } = *self.0;
        f.write_str(pci_names::class(class.0, class.1, class.2))?;
        match (pci_names::vendor(vendor), pci_names::device(vendor, device)) {
            (Some(vendor), Some(device)) => write!(f, ": {vendor} {device}"),
            (Some(vendor), None) => write!(f, ": {vendor}"),
            (None, _) => Ok(()),
        }
    }
}
