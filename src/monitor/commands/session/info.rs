//! `info`: describes the machine, and how it was started.

use core::fmt::{self, Write};

use boot_information::{Firmware, Text};

use crate::arch::cpu::features::Features;
use crate::arch::{boot_stage, irq};
use crate::console::Surface;
use crate::drivers::char::serial;
use crate::drivers::video::framebuffer;
use crate::monitor::command::{Command, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "info",
    usage: "",
    summary: "Shows the CPU, the memory and how the machine was started.",
    example: "info",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        Ok(show(machine, out)?)
    }),
};

fn show(machine: &Machine, out: &mut dyn Write) -> fmt::Result {
    let information = &machine.boot.information;
    let firmware = match information.firmware {
        Firmware::Bios => "BIOS",
        Firmware::Uefi => "UEFI",
    };
    let loader = match information.loader_name.is_empty() {
        true => Text::from("unnamed"),
        false => information.loader_name,
    };
    let (spurious_7, spurious_15) = irq::spurious_counts();

    writeln!(out, "kernel       Farjump {}", env!("CARGO_PKG_VERSION"))?;
    let (family, model, stepping) = machine.cpu_info.signature;
    let vendor = &machine.cpu_info.vendor;
    writeln!(out, "CPU          {}", machine.cpu_info.brand())?;
    writeln!(out, "identity     {vendor}, family {family}, model {model}, stepping {stepping}")?;
    writeln!(out, "features on  {Features}")?;
    writeln!(out, "memory       {} KiB available", information.memory.available_bytes() / 1024)?;
    writeln!(out, "firmware     {firmware}")?;
    writeln!(out, "loader       {loader}")?;
    writeln!(out, "options      {}", information.command_line)?;
    match machine.console.screen {
        Some(surface @ Surface::VgaText(_)) => writeln!(out, "screen       {surface}")?,
        Some(surface @ Surface::Framebuffer(_)) => {
            let drawn = framebuffer::bytes_written();
            writeln!(out, "screen       {surface}, {drawn} bytes drawn")?;
        }
        None => writeln!(out, "screen       none that can be used")?,
    }
    writeln!(out, "serial line  {}, {} overruns", machine.console.serial, serial::overruns())?;
    writeln!(out, "keyboard     {}", machine.console.keyboard)?;
    writeln!(out, "clock        {}", machine.clock.rate())?;
    writeln!(out, "spurious     IRQ 7: {spurious_7}, IRQ 15: {spurious_15}")?;
    writeln!(out, "last traced  {}", boot_stage::last_boot())
}
