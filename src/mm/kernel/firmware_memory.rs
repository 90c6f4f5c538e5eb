//! Copies of the firmware's memory.
//!
//! The direct map doesn't cover all of it: a PC's BIOS has its tables in memory that the loader
//! calls reserved. So each page is mapped read-only while it is copied, at a fixed address of the
//! layout, with the page table locked.
//!
//! Only what the loader reports as ACPI's or reserved, and the ROMs below 1 MiB, can be copied: the
//! kernel's own memory may change during the copy, and at addresses that the loader doesn't report,
//! a read may have an effect on a device.

use core::fmt;

use memory_map::Kind;
use paging::{PageSize, PagingError};
use x86_64::PhysAddr;

use crate::arch::debug::probe;
use crate::mm::kernel::kernel_space::{self, CONSTANT};
use crate::mm::kernel::layout::{FIRMWARE_WINDOW, FIRST_MIB_END, FRAME_BYTES, ROMS};
use crate::mm::kernel::ram;

/// Why memory can't be copied. The bytes copied before the failure are valid.
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
            Self::Faulted => "the CPU can't read there",
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
    // A plain number: the address after the last byte may be no physical address.
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

/// Returns whether all bytes are the firmware's: either by the loader's map, or because they are in
/// the range of a PC's ROMs, which few maps list.
fn is_firmware(start: u64, end: u64) -> bool {
    let is_firmwares =
        |kind| matches!(kind, Kind::AcpiReclaimable | Kind::AcpiNvs | Kind::Reserved);
    // Regions are sorted and don't overlap, those of one kind don't touch.
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
mod tests {
    use super::*;
    use crate::mm::kernel::{frames, layout};
    use crate::testing::machine;

    #[test_case]
    fn memory_that_is_not_the_firmwares_is_refused() {
        let mut bytes = [0; 16];
        let mut copied = |start| copy(PhysAddr::new(start), &mut bytes);
        let (free, _) = ram::map().usable_frames(FRAME_BYTES).last().expect("there is memory");
        assert_eq!(copied(free), Err(Error::NotFirmware), "the kernel's");
        assert_eq!(copied(0x10_0000), Err(Error::NotFirmware), "the image");
        assert_eq!(copied(layout::VGA_TEXT.as_u64()), Err(Error::NotFirmware), "a device");
        assert_eq!(copied(1 << 45), Err(Error::NotFirmware), "nothing");
        assert_eq!(copied((1 << 52) - 16), Err(Error::NotFirmware), "the last addresses");
    }

    #[test_case]
    fn roms_below_1_mib_are_copied_though_no_map_lists_them() {
        let mut start = [0; 2];
        assert_eq!(copy(ROMS, &mut start), Ok(()));
        assert_eq!(start, [0x55, 0xAA], "the VGA's BIOS");
        assert_eq!(copy(ROMS - 1, &mut start), Err(Error::NotFirmware), "the VGA's memory");
        let mut all = alloc::vec![0; (FIRST_MIB_END - ROMS) as usize];
        assert_eq!(copy(ROMS, &mut all), Ok(()));
        assert_eq!(copy(FIRST_MIB_END - 1, &mut start), Err(Error::NotFirmware), "the image");
    }

    #[test_case]
    fn firmware_is_copied_across_pages_and_nothing_stays_mapped() {
        let root = machine().boot.information.rsdp.and_then(|rsdp| rsdp.rsdt);
        let root = PhysAddr::new(root.expect("QEMU's PC has ACPI").into());
        let firmware = ram::map().regions().iter().find(|region| region.contains(root.as_u64()));
        let firmware = firmware.expect("the memory map lists it");
        let border = PhysAddr::new(firmware.start + FRAME_BYTES);
        let free = frames::counts().free;
        let mut whole = [0; 64];
        copy(border - 32, &mut whole).expect("it is the firmware's");
        let mut single = [0; 64];
        for (offset, byte) in single.iter_mut().enumerate() {
            copy(border - 32 + offset as u64, core::slice::from_mut(byte)).expect("as above");
        }
        assert_eq!(whole, single);
        let mut signature = [0; 4];
        copy(root, &mut signature).expect("as above");
        assert_eq!(&signature, b"RSDT");
        assert!(kernel_space::query(FIRMWARE_WINDOW).is_err());
        assert_eq!(frames::counts().free, free);
        // The region's end is a border, too.
        let end = PhysAddr::new(firmware.end);
        assert_eq!(copy(end - 1, &mut [0; 1]), Ok(()));
        assert_eq!(copy(end - 1, &mut [0; 2]), Err(Error::NotFirmware));
    }
}
