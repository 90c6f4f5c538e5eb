//! `peek`: bytes of memory.

use core::fmt::{self, Write};

use heapless::Vec;

use super::arguments::Arguments;
use super::command::{Command, Error, NO_WORDS, Run};
use crate::mm::peek;
use crate::mm::place::Place;

pub(super) const COMMAND: Command = Command {
    name: "peek",
    usage: "ADDRESS [LENGTH]",
    summary: "Shows bytes of memory; numbers are hexadecimal.",
    example: "peek rust_main 40",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// Bytes in a line.
const ROW_BYTES: usize = 16;
/// The most bytes that are shown at once.
const LENGTH_MAX: u64 = 0x1000;

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let start = arguments.address()?;
    let length = arguments.number()?.unwrap_or(0x40);
    arguments.end()?;
    if length > LENGTH_MAX {
        writeln!(out, "only {LENGTH_MAX:#x} bytes are shown at once")?;
    }
    writeln!(out, "{}", Place::of(start))?;
    let mut addresses = (0..length.min(LENGTH_MAX))
        .map_while(|offset| start.as_u64().checked_add(offset))
        .map_while(|address| x86_64::VirtAddr::try_new(address).ok());
    loop {
        let row: Vec<_, ROW_BYTES> = addresses.by_ref().take(ROW_BYTES).collect();
        let Some(first) = row.first() else {
            return Ok(());
        };
        let bytes: Vec<u8, ROW_BYTES> = row.iter().map_while(|&byte| peek::read(byte)).collect();
        if !bytes.is_empty() {
            show_row(out, first.as_u64(), &bytes)?;
        }
        if bytes.len() < row.len() {
            writeln!(out, "{:#018x} can't be read", row[bytes.len()])?;
            return Ok(());
        }
    }
}

fn show_row(out: &mut dyn Write, address: u64, bytes: &[u8]) -> fmt::Result {
    write!(out, "{address:016x} ")?;
    for index in 0..ROW_BYTES {
        match bytes.get(index) {
            Some(byte) => write!(out, " {byte:02x}")?,
            None => write!(out, "   ")?,
        }
    }
    write!(out, "  ")?;
    for &byte in bytes {
        let is_shown = byte.is_ascii_graphic() || byte == b' ';
        write!(out, "{}", if is_shown { byte as char } else { '.' })?;
    }
    writeln!(out)
}
