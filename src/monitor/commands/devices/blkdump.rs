//! `blkdump`: the bytes of a sector of a disk.

use alloc::sync::Arc;
use core::fmt::Write;

use crate::block::device::BlockDevice;
use crate::block::devices;
use crate::block::reader::Reader;
use crate::drivers::block::request::IoError;
use crate::monitor::arguments::{ArgumentError, Arguments};
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::format::dump::{ROW_BYTES, write_row};
use crate::monitor::machine::Machine;

/// The largest sector, in bytes: that of a page.
const SECTOR_MAX: usize = 4096;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "blkdump",
    usage: "DEVICE [SECTOR]",
    summary: "Shows a sector of a disk or a partition, as it is on the disk.",
    example: "blkdump nvme0n1 0",
    words: NO_WORDS,
    run: Run::Machine(show),
};

fn show(_: &Machine, mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let name = arguments.word().ok_or(ArgumentError::Missing("the name of a disk"))?;
    let sector = arguments.number()?.unwrap_or(0);
    arguments.end()?;
    let Some(device) = devices::by_name(name) else {
        writeln!(out, "{name}: there is no such disk; disks lists those that there are")?;
        return Ok(());
    };
    let mut bytes = [0; SECTOR_MAX];
    match read(device.clone(), sector, &mut bytes) {
        Ok(len) => {
            let start = sector.saturating_mul(len as u64);
            for (row, offset) in bytes[..len].chunks(ROW_BYTES).zip((start..).step_by(ROW_BYTES)) {
                write_row(out, format_args!("{offset:010x}"), row)?;
            }
        }
        Err(IoError::Invalid) => {
            let sectors = device.len_bytes() / device.sector_bytes();
            let name = device.name();
            writeln!(out, "{name} has the sectors 0 to {:x}", sectors.saturating_sub(1))?;
        }
        Err(error) => writeln!(out, "{}: {error}", device.name())?,
    }
    Ok(())
}

/// Reads a sector; returns its size.
fn read(
    device: Arc<BlockDevice>,
    sector: u64,
    to: &mut [u8; SECTOR_MAX],
) -> Result<usize, IoError> {
    let len = device.sector_bytes() as usize;
    let start = sector.checked_mul(len as u64).ok_or(IoError::Invalid)?;
    Reader::try_new(device, 1)?.read_at(start, &mut to[..len])?;
    Ok(len)
}
