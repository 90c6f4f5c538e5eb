//! `poweroff`: switches the machine off.

use core::fmt::{self, Write};

use crate::arch::reset;
use crate::console;
use crate::drivers;
use crate::fs::device_cache;
use crate::monitor::command::{Command, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "poweroff",
    usage: "",
    summary: "Switches the machine off, by ACPI or by QEMU's port.",
    example: "poweroff",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        device_cache::close_all();
        drivers::table::shut_down();
        by_acpi(machine, out)?;
        if reset::is_qemu() {
            writeln!(out, "Trying QEMU's port for power-off.")?;
            console::flush();
            reset::power_off_qemu();
        }
        writeln!(
            out,
            "This machine can't be switched off by the kernel. It is safe to do so by hand."
        )?;
        Ok(())
    }),
};

/// Switches the machine off by ACPI. If that isn't possible, writes the reason and returns.
fn by_acpi(machine: &Machine, out: &mut dyn Write) -> fmt::Result {
    let Some(acpi) = &machine.acpi else {
        return writeln!(out, "No ACPI: there are no tables.");
    };
    let error = match acpi.power_off() {
        Ok(way) => {
            writeln!(out, "ACPI: {way}")?;
            console::flush();
            way.execute(machine.clock)
        }
        Err(error) => error,
    };
    writeln!(out, "Not by ACPI: {error}.")
}
