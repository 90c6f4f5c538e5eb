//! Copies of the firmware's memory.
//!
//! The direct map doesn't cover all of it: a PC's BIOS has its tables in memory that the loader
//! reports as reserved. So each page is mapped read-only while it is copied, at a fixed address of
//! the layout, with the page table locked.
//!
//! Only ranges that the loader reports as ACPI's or reserved, and the ROMs below 1 MiB, can be
//! copied. The kernel's own memory may change during the copy, and at addresses that the loader
//! doesn't report, a read may have an effect on a device.

use core::fmt;

use memory_map::Kind;
use paging::{PageSize, PagingError};
use x86_64::PhysAddr;

use crate::arch::debug::probe;
use crate::mm::kernel::kernel_space::{self, CONSTANT};
use crate::mm::kernel::layout::{FIRMWARE_WINDOW, FIRST_MIB_END, FRAME_BYTES, ROMS};
use crate::mm::kernel::ram;

/// The reason why memory can't be copied. The bytes copied before the failure are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The range isn't within memory that the loader reports as ACPI's or reserved, or
    /// within the ROMs.
    NotFirmware,
    /// No frame is left for a page table.
    NoMemory,
    /// The read faulted.
    Faulted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFirmware => "it isn't in the firmware's memory",
            Self::NoMemory => "no frame is left for a page table",
            Self::Faulted => "the CPU can't read the memory there",
        })
    }
}

impl core::error::Error for Error {}

/// Copies the bytes from the physical address `start` on into `target`. Interrupts are
/// off for a page at a time; not for interrupt handlers.
///
/// # Errors
/// See [`Error`].
pub fn copy(start: PhysAddr, target: &mut [u8]) -> Result<(), Error> {
    let end = start.as_u64().checked_add(target.len() as u64).ok_or(Error::NotFirmware)?;
    if !is_firmware(start.as_u64(), end) {
        return Err(Error::NotFirmware);
    }
    // A plain number, because the address after the last byte may not be a physical address.
    let mut from = start.as_u64();
    let mut rest = target;
    while !rest.is_empty() {
        let in_page = FRAME_BYTES - from % FRAME_BYTES;
        let (piece, after) = rest.split_at_mut(rest.len().min(in_page as usize));
        copy_within_page(PhysAddr::new(from), piece)?;
        from += piece.len() as u64;
        rest = after;
    }
    Ok(())
}

/// Returns whether all bytes are the firmware's: by the loader's map, or because they are in the
/// range of a PC's ROMs, which few maps list.
fn is_firmware(start: u64, end: u64) -> bool {
    let is_firmwares =
        |kind| matches!(kind, Kind::AcpiReclaimable | Kind::AcpiNvs | Kind::Reserved);
    // Regions are sorted and don't overlap, and those of one kind aren't adjacent.
    let mut covered = start;
    for region in ram::map().regions() {
        let is_rom = region.kind == Kind::Device
            && covered >= ROMS.as_u64()
            && region.end <= FIRST_MIB_END.as_u64();
        let is_readable = is_rom || is_firmwares(region.kind);
        if covered < end && region.contains(covered) && is_readable {
            covered = region.end;
        }
    }
    covered >= end
}

fn copy_within_page(start: PhysAddr, target: &mut [u8]) -> Result<(), Error> {
    let frame = start.align_down(FRAME_BYTES);
    let mut space = kernel_space::lock();
    space.table.map(FIRMWARE_WINDOW, frame, PageSize::Size4K, CONSTANT).map_err(
        |error| match error {
            PagingError::NoMemory => Error::NoMemory,
            _ => Error::NotFirmware,
        },
    )?;
    let mut from = FIRMWARE_WINDOW + (start - frame);
    let mut result = Ok(());
    for byte in target {
        match probe::read_u8(from) {
            Ok(value) => *byte = value,
            Err(_) => result = Err(Error::Faulted),
        }
        from += 1;
    }
    let (_, flush) = space.table.unmap(FIRMWARE_WINDOW).expect("it was just mapped");
    flush.flush();
    result
}

#[cfg(test)]
mod tests;
