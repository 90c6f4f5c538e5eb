//! `disks`: the disks and their partitions.

use core::fmt::{self, Write};

use partition_table::PartitionKind;

use crate::block::device::BlockDevice;
use crate::block::devices;
use crate::drivers::block::controllers;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::machine::Machine;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "disks",
    usage: "",
    summary: "Lists the disks and their partitions.",
    example: "disks",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    arguments.end()?;
    let all = devices::all();
    if all.is_empty() {
        writeln!(out, "No disk was found.")?;
        return Ok(());
    }
    writeln!(out, "name         number  first sector        KiB sector mode what")?;
    for device in &all {
        show_device(device, out)?;
    }
    match controllers::strays() {
        0 => {}
        strays => writeln!(out, "Controllers have sent {strays} answers to no command.")?,
    }
    Ok(())
}

fn show_device(device: &BlockDevice, out: &mut dyn Write) -> fmt::Result {
    let disk = device.disk();
    write!(
        out,
        "{:12} {}:{:<3} {:12} {:10} {:6} {:4} ",
        device.name(),
        devices::MAJOR,
        device.minor(),
        device.first_sector(),
        device.len_bytes() / 1024,
        device.sector_bytes(),
        if disk.is_read_only { "ro" } else { "rw" },
    )?;
    match device.partition() {
        None => writeln!(out, "{}", disk.model),
        Some(partition) => match &partition.kind {
            PartitionKind::Mbr(kind) => writeln!(out, "type {kind:#04x}"),
            PartitionKind::Gpt { kind, name } => writeln!(out, "type {kind} {name}"),
        },
    }
}
