//! `ports`: reads an I/O port.

use core::fmt::Write;

use crate::arch::ports::{self, Width};
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "ports",
    usage: "PORT [8, 16 or 32]",
    summary: "Reads an I/O port. This may change the device's state.",
    example: "ports 21",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// Ports at which a read has an effect, and the effect.
///
/// Source: PC/AT Technical Reference, "I/O address map"; 16550D datasheet, "Registers";
/// ATA/ATAPI, "Status register"; VGA, "Input status #1".
const SENSITIVE: [(core::ops::RangeInclusive<u16>, &str); 7] = [
    (0x60..=0x60, "took a byte of the keyboard's"),
    (0x71..=0x71, "may have cleared the CMOS clock's interrupt"),
    (0x1F0..=0x1F7, "may have taken a word or an interrupt of the first ATA channel"),
    (0x170..=0x177, "may have taken a word or an interrupt of the second ATA channel"),
    (0x2F8..=0x2FF, "may have taken a byte or an interrupt of COM2"),
    (0x3DA..=0x3DA, "set the VGA's attribute register back to its index"),
    (0x3F8..=0x3FF, "may have taken a byte or an interrupt of COM1"),
];

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let number = arguments.number()?.ok_or(ArgumentError::Missing("a port"))?;
    let width = arguments.word().unwrap_or("8");
    arguments.end()?;
    let Ok(port) = u16::try_from(number) else {
        return Ok(writeln!(out, "{number:#x}: ports have 16 bits")?);
    };
    let (width, bytes) = match width {
        "8" => (Width::Bits8, 1),
        "16" => (Width::Bits16, 2),
        "32" => (Width::Bits32, 4),
        _ => return Ok(writeln!(out, "{width}: a port is 8, 16 or 32 bits wide")?),
    };
    let value = ports::read(port, width);
    writeln!(out, "port {port:#x}: {value:#0digits$x}", digits = 2 + 2 * usize::from(bytes))?;
    let last = port.saturating_add(bytes - 1);
    for (range, what) in SENSITIVE {
        if port <= *range.end() && *range.start() <= last {
            writeln!(out, "warning: the read {what}")?;
        }
    }
    Ok(())
}
