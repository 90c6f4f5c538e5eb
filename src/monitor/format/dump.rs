//! Hexadecimal dumps of memory, 16 bytes per line.

use core::fmt::{self, Write};

use heapless::Vec;
use x86_64::VirtAddr;

use crate::mm::debug::address_kind::AddressKind;
use crate::mm::debug::peek;

/// The number of bytes in a line.
pub(in crate::monitor) const ROW_BYTES: usize = 16;

/// Writes the kind of the address `start`, then the bytes from there on, as numbers and as
/// characters. Stops with a message at a byte that can't be read.
pub(in crate::monitor) fn write(out: &mut dyn Write, start: VirtAddr, length: u64) -> fmt::Result {
    writeln!(out, "{}", AddressKind::of(start))?;
    let mut addresses = (0..length)
        .map_while(|offset| start.as_u64().checked_add(offset))
        .map_while(|address| VirtAddr::try_new(address).ok());
    loop {
        let row: Vec<_, ROW_BYTES> = addresses.by_ref().take(ROW_BYTES).collect();
        let Some(first) = row.first() else {
            return Ok(());
        };
        let bytes: Vec<u8, ROW_BYTES> = row.iter().map_while(|&byte| peek::read(byte)).collect();
        if !bytes.is_empty() {
            write_row(out, format_args!("{:016x}", first.as_u64()), &bytes)?;
        }
        if bytes.len() < row.len() {
            return writeln!(out, "{:#018x} can't be read", row[bytes.len()]);
        }
    }
}

/// Writes a line: the address of its first byte, then at most [`ROW_BYTES`] bytes.
pub(in crate::monitor) fn write_row(
    out: &mut dyn Write,
    place: fmt::Arguments<'_>,
    bytes: &[u8],
) -> fmt::Result {
    write!(out, "{place} ")?;
    for index in 0..ROW_BYTES {
        // Bytes are grouped in pairs, so that a line fits a row of the screen.
        let gap = if index % 2 == 0 { " " } else { "" };
        match bytes.get(index) {
            Some(byte) => write!(out, "{gap}{byte:02x}")?,
            None => write!(out, "{gap}  ")?,
        }
    }
    write!(out, "  ")?;
    for &byte in bytes {
        let is_shown = byte.is_ascii_graphic() || byte == b' ';
        write!(out, "{}", if is_shown { byte as char } else { '.' })?;
    }
    writeln!(out)
}
