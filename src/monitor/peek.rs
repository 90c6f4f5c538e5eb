//! `peek`: bytes of memory.

use heapless::Vec;

use super::arguments::{ArgumentError, Arguments};
use super::{Command, report_error};
use crate::mm::peek;
use crate::mm::place::Place;
use crate::{print, println};

pub(super) const COMMAND: Command = Command {
    name: "peek",
    usage: "ADDRESS [LENGTH]",
    summary: "Shows bytes of memory; numbers are hexadecimal.",
    run: |_, text| report_error(&COMMAND, show(text)),
};

/// Bytes in a line.
const ROW_BYTES: usize = 16;
/// The most bytes that are shown at once.
const LENGTH_MAX: u64 = 0x1000;

fn show(text: &str) -> Result<(), ArgumentError<'_>> {
    let mut arguments = Arguments::new(text);
    let start = arguments.address()?;
    let length = arguments.number()?.unwrap_or(0x40);
    arguments.end()?;
    if length > LENGTH_MAX {
        println!("only {LENGTH_MAX:#x} bytes are shown at once");
    }
    println!("{}", Place::of(start));
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
            show_row(first.as_u64(), &bytes);
        }
        if bytes.len() < row.len() {
            println!("{:#018x} can't be read", row[bytes.len()]);
            return Ok(());
        }
    }
}

fn show_row(address: u64, bytes: &[u8]) {
    print!("{address:016x} ");
    for index in 0..ROW_BYTES {
        match bytes.get(index) {
            Some(byte) => print!(" {byte:02x}"),
            None => print!("   "),
        }
    }
    print!("  ");
    for &byte in bytes {
        let is_shown = byte.is_ascii_graphic() || byte == b' ';
        print!("{}", if is_shown { byte as char } else { '.' });
    }
    println!();
}
