//! Tests of copies of the firmware's memory, and of ranges that are refused.

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
