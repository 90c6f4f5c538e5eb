//! Tests of mapping, unmapping and accessing devices.

use super::*;
use crate::mm::debug::audit;
use crate::mm::kernel::frames::{self, AllocatedFrames, Purpose};
use crate::mm::kernel::layout::VGA_TEXT;
use crate::testing::ShouldPanic;

fn map(start: PhysAddr, len_bytes: u64) -> Result<DeviceMemory, Error> {
    // SAFETY: nothing is written.
    unsafe { DeviceMemory::map("test", start, len_bytes, Writes::Strict) }
}

#[test_case]
fn ram_and_nonsense_are_refused() {
    assert_eq!(map(PhysAddr::new(0x10_0000), 16).err(), Some(Error::IsRam));
    assert_eq!(map(PhysAddr::new(0x9_0000), 0x2_0000).err(), Some(Error::IsRam));
    assert_eq!(map(VGA_TEXT, 0).err(), Some(Error::NoSuchRange));
    assert_eq!(map(VGA_TEXT, u64::MAX).err(), Some(Error::NoSuchRange));
    assert_eq!(map(PhysAddr::new(0xF_FFFF_FFFF_F000), 0x2000).err(), Some(Error::NoSuchRange));
}

#[test_case]
fn more_than_there_are_addresses_for_is_refused() {
    let beyond_ram = PhysAddr::new(1 << 50);
    assert_eq!(map(beyond_ram, 1 << 50).err(), Some(Error::TooMany));
    assert_eq!(map(beyond_ram, DEVICES_BYTES).err(), Some(Error::TooMany));
}

#[test_case]
fn device_is_mapped_where_it_was_asked_for() {
    let memory = map(VGA_TEXT + 0x10_u64, 0x20).expect("it is a device");
    let mapping = kernel_space::query(memory.start).expect("it is mapped");
    assert_eq!(mapping.paddr, VGA_TEXT + 0x10_u64);
    assert_eq!(mapping.flags, DEVICE);
    assert_eq!(device_names::name_at(memory.start), Some("test"));
    assert!(kernel_space::query(memory.start + FRAME_BYTES).is_err());
}

#[test_case]
fn more_than_64_devices_come_and_go_and_their_addresses_are_used_again() {
    let tables = || frames::counts().used_for(Purpose::PageTables);
    // Called twice, because the first call makes the heap and the records grow.
    let map_all = || -> alloc::vec::Vec<_> {
        let at = |number: u64| PhysAddr::new((1 << 40) + number * 0x1_0000);
        (0..200).map(|number| map(at(number), 0x1000).expect("there are addresses")).collect()
    };
    let starts = |devices: &[DeviceMemory]| -> alloc::vec::Vec<_> {
        devices.iter().map(DeviceMemory::start).collect()
    };
    let before = tables();
    let devices = map_all();
    audit::run().expect_clean();
    let first = starts(&devices);
    assert!(first.iter().all(|start| device_names::name_at(*start) == Some("test")));
    drop(devices);
    assert!(first.iter().all(|start| kernel_space::query(*start).is_err()));
    assert!(first.iter().all(|start| device_names::name_at(*start).is_none()));
    assert_eq!(tables(), before);
    assert_eq!(starts(&map_all()), first);
    audit::run().expect_clean();
}

#[test_case]
fn gap_is_used_if_it_is_large_enough() {
    let at = |number: u64| PhysAddr::new((1 << 40) + number * 0x1_0000);
    let devices = [0, 1, 2].map(|number| map(at(number), 0x3000).expect("there is room"));
    let [first, second, third] = devices;
    let gap = second.start();
    drop(second);
    let larger = map(at(5), 0x4000).expect("there is room");
    assert!(larger.start() > third.start(), "the gap is too small");
    let fitting = map(at(6), 0x3000).expect("there is room");
    assert_eq!(fitting.start(), gap);
    assert_eq!(third.start() - first.start(), 0x8000, "a page stays free after each");
}

#[test_case]
fn large_device_takes_large_pages() {
    const LEN_BYTES: u64 = 256 << 20;
    let tables = || frames::counts().used_for(Purpose::PageTables);
    let before = tables();
    let device = map(PhysAddr::new(1 << 40), LEN_BYTES).expect("there are addresses");
    let range = kernel_space::next_range(device.start()).expect("it is mapped");
    assert_eq!((range.mapping.size, range.pages), (PageSize::Size2M, 128));
    assert!(tables() <= before + 2);
    drop(device);
    assert_eq!(tables(), before);
    // Its ends are not aligned to large pages.
    let device = map(PhysAddr::new((1 << 40) - 0x3000), 4 << 20).expect("as above");
    let middle = kernel_space::query(device.start() + 0x3000_u64).expect("it is mapped");
    assert_eq!(middle.size, PageSize::Size2M);
    let last = kernel_space::query(device.start() + ((4 << 20) - 1_u64)).expect("as above");
    assert_eq!((last.size, last.paddr.as_u64()), (PageSize::Size4K, (1 << 40) + 0x3F_CFFF));
}

#[test_case]
fn words_of_all_widths_are_read_and_written() {
    // A cell beyond the screen's last row.
    let memory = map(VGA_TEXT, 0x1000).expect("it is a device");
    let before = memory.read_u64(0xFF8);
    memory.write_u64(0xFF8, 0x8877_6655_4433_2211);
    memory.write_u32(0xFFC, 0xDDCC_BBAA);
    memory.write_u16(0xFFA, 0x9988);
    memory.write_u8(0xFF8, 0x77);
    assert_eq!(memory.read_u64(0xFF8), 0xDDCC_BBAA_9988_2277);
    assert_eq!(memory.read_u32(0xFF8), 0x9988_2277);
    assert_eq!(memory.read_u16(0xFFE), 0xDDCC);
    assert_eq!(memory.read_u8(0xFFF), 0xDD);
    memory.write_u64(0xFF8, before);
}

#[test_case]
const READ_BEYOND_A_DEVICE: ShouldPanic = ShouldPanic::new(
    "mm::kernel::device_memory::READ_BEYOND_A_DEVICE",
    "4 bytes at 32 of a device's 32",
    || {
        map(VGA_TEXT, 0x20).expect("it is a device").read_u32(0x20);
    },
);

#[test_case]
const UNALIGNED_WRITE_TO_A_DEVICE: ShouldPanic = ShouldPanic::new(
    "mm::kernel::device_memory::UNALIGNED_WRITE_TO_A_DEVICE",
    "8 bytes at 4 of a device's 32",
    || map(VGA_TEXT, 0x20).expect("it is a device").write_u64(4, 0),
);

#[test_case]
fn without_memory_for_tables_nothing_changes() {
    // More small pages than a table of the lowest level holds, beyond all RAM.
    let device = PhysAddr::new((1 << 40) + FRAME_BYTES);
    let start = map(device, 4 << 20).expect("there is memory").start();
    let mut held = alloc::vec::Vec::with_capacity(frames::counts().free);
    held.extend(core::iter::from_fn(|| AllocatedFrames::try_new(Purpose::Other)));
    assert_eq!(map(device, 4 << 20).err(), Some(Error::NoMemory));
    assert_eq!(device_names::name_at(start), None);
    drop(held);
    assert_eq!(map(device, 4 << 20).map(|memory| memory.start()), Ok(start));
}
