//! `seal`: what was verified, and by whom.

use core::fmt::{self, Write};

use boot_information::Firmware;

use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, Run};
use crate::monitor::machine::Machine;
use crate::seal::check::{SECTIONS, Sealed};
use crate::seal::{self, scrub};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "seal",
    usage: "[scrub]",
    summary: "Shows what was verified, and by whom; scrub checks the whole medium.",
    example: "seal",
    words: |_, found| found("scrub"),
    run: Run::Machine(show),
};

fn show(machine: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let is_scrub = match arguments.word() {
        None => false,
        Some("scrub") => true,
        Some(word) => return Err(ArgumentError::unknown(word).into()),
    };
    arguments.end()?;
    let Some(sealed) = seal::sealed() else {
        writeln!(out, "This kernel isn't sealed: it has no key, and has checked nothing.")?;
        return Ok(());
    };
    if is_scrub {
        match scrub::scrub(sealed) {
            Ok(scrubbed) => writeln!(out, "{scrubbed}")?,
            Err(error) => writeln!(out, "{error}")?,
        }
        return Ok(());
    }
    show_sealed(machine, sealed, out)?;
    Ok(())
}

fn show_sealed(machine: &Machine, sealed: &Sealed, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "key           {}", sealed.key)?;
    writeln!(out, "verified by the kernel, at its start:")?;
    for (name, _) in SECTIONS {
        writeln!(out, "  its {name}")?;
    }
    writeln!(out, "  its command line")?;
    for module in machine.boot.information.modules.iter() {
        writeln!(out, "  the module {}", module.arguments)?;
    }
    match (sealed.manifest.medium(), seal::scrubbed()) {
        (None, _) => writeln!(out, "the manifest says nothing of the medium")?,
        (Some(medium), Some(scrubbed)) => {
            writeln!(out, "  the medium {}, {} bytes", scrubbed.disk, medium.len_bytes)?;
            writeln!(out, "root          {}", medium.root)?;
        }
        (Some(medium), None) => {
            writeln!(out, "not verified: the medium, {} bytes", medium.len_bytes)?;
            writeln!(
                out,
                "  `seal scrub` checks it now, seal=scrub on the command line at each start"
            )?;
            writeln!(out, "root          {}", medium.root)?;
        }
    }
    writeln!(out, "before the kernel:")?;
    match machine.boot.information.firmware {
        Firmware::Bios => {
            writeln!(out, "  a BIOS verifies nothing: this finds damage, and not an attack")
        }
        Firmware::Uefi => {
            writeln!(out, "  whether the firmware and GRUB have verified anything isn't known here")
        }
    }
}
