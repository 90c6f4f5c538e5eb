//! `info`: what the machine is and how it was started.

use boot_information::Firmware;

use super::{Command, Machine};
use crate::arch::processor::Features;
use crate::arch::{irq, progress};
use crate::drivers::serial;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "info",
    usage: "",
    summary: "Shows the processor, the memory and how the machine was started.",
    run: |machine, _| show(machine),
};

fn show(machine: &Machine) {
    let information = &machine.boot.information;
    let firmware = match information.firmware {
        Firmware::Bios => "BIOS",
        Firmware::Uefi => "UEFI",
    };
    let loader = match information.loader_name.as_str() {
        "" => "unnamed",
        name => name,
    };
    let (spurious_7, spurious_15) = irq::spurious_counts();

    println!("kernel       Farjump {}", env!("CARGO_PKG_VERSION"));
    println!("processor    {}", machine.processor);
    println!("features on  {Features}");
    println!("memory       {} KiB available", information.available_bytes() / 1024);
    println!("firmware     {firmware}");
    println!("loader       {loader}");
    println!("options      {}", information.command_line);
    match machine.console.screen {
        Some(surface) => println!("screen       {surface}"),
        None => println!("screen       none that can be used"),
    }
    println!("serial line  {}, {} overruns", machine.console.serial, serial::overruns());
    println!("keyboard     {}", machine.console.keyboard);
    println!("clock        {} kHz, {}", machine.clock.frequency_hz / 1000, machine.clock.source);
    println!("spurious     IRQ 7: {spurious_7}, IRQ 15: {spurious_15}");
    println!("last boot    {}", progress::last_boot());
}
