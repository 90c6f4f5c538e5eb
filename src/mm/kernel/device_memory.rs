//! Memory of devices: mapped until it is dropped, and not cached.
//!
//! Addresses are allocated by a search of the page table: the first gap of [`DEVICES`] that is
//! large enough, with an unmapped page after each device, so that an access beyond its end faults.
//! Large pages are used where they fit.

use core::fmt;

use paging::{HugePages, PageSize, PagingError};
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::kernel::device_names::{self, Record};
use crate::mm::kernel::kernel_space::{self, COMBINING, DEVICE, KernelSpace};
use crate::mm::kernel::layout::{DEVICES, DEVICES_BYTES, FRAME_BYTES};
use crate::mm::kernel::ram;

/// Why a device can't be mapped. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is empty, or ends beyond the CPU's physical address space.
    NoSuchRange,
    /// RAM lies there, which the kernel uses.
    IsRam,
    /// No range of the addresses for devices is large enough.
    TooMany,
    /// No memory is left for a page table, or for the name.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchRange => "there are no such physical addresses",
            Self::IsRam => "RAM lies there, not a device",
            Self::TooMany => "no addresses are left for so large a device",
            Self::NoMemory => "no memory is left to map it",
        })
    }
}

impl core::error::Error for Error {}

/// The mapped memory of a device. Dropping it unmaps the memory, which locks the kernel's
/// page table, so it must not be dropped while a device's lock is held.
#[derive(Debug)]
pub struct DeviceMemory {
    start: VirtAddr,
    len_bytes: u64,
    /// The device's name and mapped pages.
    record: &'static Record,
}

/// How writes reach a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// One by one and immediately: for registers.
    Strict,
    /// Write-combining, where the CPU supports it: for pixels.
    Combined,
}

impl DeviceMemory {
    /// Maps the `len_bytes` bytes at `start` under the name `name`. It may allocate; not
    /// for interrupt handlers.
    ///
    /// # Errors
    /// See [`Error`].
    ///
    /// # Safety
    /// Reads and writes of this memory make the device access no other memory, or the
    /// caller is responsible for that memory.
    pub unsafe fn map(
        name: &'static str,
        start: PhysAddr,
        len_bytes: u64,
        writes: Writes,
    ) -> Result<Self, Error> {
        let end = start.as_u64().checked_add(len_bytes).ok_or(Error::NoSuchRange)?;
        let first = start.align_down(FRAME_BYTES);
        let end = end.checked_next_multiple_of(FRAME_BYTES).ok_or(Error::NoSuchRange)?;
        if len_bytes == 0 || PhysAddr::try_new(end).is_err() {
            return Err(Error::NoSuchRange);
        }
        let mut ram = ram::map().regions().iter().filter(|region| region.kind.is_ram());
        if ram.any(|region| region.start < end && first.as_u64() < region.end) {
            return Err(Error::IsRam);
        }

        let mapped_bytes = end - first.as_u64();
        let flags = match writes {
            Writes::Strict => DEVICE,
            Writes::Combined => COMBINING,
        };
        // Before the page table is locked, because this may allocate.
        let record = device_names::take(name).ok_or(Error::NoMemory)?;
        let mut space = kernel_space::lock();
        let mapped =
            free_addresses(&space, first, mapped_bytes).ok_or(Error::TooMany).and_then(|page| {
                let mapped =
                    space.table.map_region(page, first, mapped_bytes, flags, HugePages::Allowed);
                mapped.map(|()| page).map_err(|error| match error {
                    PagingError::NoMemory => Error::NoMemory,
                    _ => Error::NoSuchRange,
                })
            });
        match mapped {
            Ok(page) => {
                record.set(page, mapped_bytes);
                Ok(Self { start: page + (start - first), len_bytes, record })
            }
            Err(error) => {
                record.release();
                Err(error)
            }
        }
    }

    /// Makes the value for the `len_bytes` bytes that are mapped at `start`; `record` has their
    /// pages.
    pub(super) fn mapped_at(start: VirtAddr, len_bytes: u64, record: &'static Record) -> Self {
        Self { start, len_bytes, record }
    }

    /// Returns the address of its first byte, valid until it is dropped.
    pub fn start(&self) -> VirtAddr {
        self.start
    }

    /// Keeps the mapping for ever; returns the address of its first byte.
    pub fn leak(self) -> VirtAddr {
        let start = self.start;
        core::mem::forget(self);
        start
    }

    /// Copies `bytes` to `offset_bytes` and up, in any order and in pieces of any size:
    /// pixels, not registers.
    ///
    /// # Panics
    /// If the range isn't within the memory.
    pub fn write_bytes(&self, offset_bytes: u64, bytes: &[u8]) {
        let end = offset_bytes.checked_add(bytes.len() as u64);
        assert!(end.is_some_and(|end| end <= self.len_bytes), "beyond the device's end");
        let place: *mut u8 = (self.start + offset_bytes).as_mut_ptr();
        // SAFETY: the range was checked to be within the mapping, which lives as long as
        // `self` and isn't memory of Rust's; the caller of `map` is responsible for the
        // effects of writes.
        unsafe { bytes.as_ptr().copy_to_nonoverlapping(place, bytes.len()) }
    }

    fn place(&self, offset_bytes: u64, len_bytes: u64) -> VirtAddr {
        let end = offset_bytes.checked_add(len_bytes);
        let place = self.start + offset_bytes.min(self.len_bytes);
        assert!(
            end.is_some_and(|end| end <= self.len_bytes) && place.is_aligned(len_bytes),
            "{len_bytes} bytes at {offset_bytes} of a device's {}",
            self.len_bytes
        );
        place
    }
}

/// Defines reads and writes of words of several widths.
macro_rules! words {
    ($($read:ident, $write:ident: $word:ty;)+) => {
        impl DeviceMemory { $(
            /// Reads the word at `offset_bytes`, by one access.
            ///
            /// # Panics
            /// If the word isn't within the memory, or not aligned.
            pub fn $read(&self, offset_bytes: u64) -> $word {
                let place: *const $word =
                    self.place(offset_bytes, size_of::<$word>() as u64).as_ptr();
                // SAFETY: the range was checked to be within the mapping, which lives as
                // long as `self`, and aligned; the caller of `map` is responsible for the
                // effects of reads.
                unsafe { place.read_volatile() }
            }

            /// Writes `value` to `offset_bytes`, by one access.
            ///
            /// # Panics
            /// If the word isn't within the memory, or not aligned.
            pub fn $write(&self, offset_bytes: u64, value: $word) {
                let place: *mut $word =
                    self.place(offset_bytes, size_of::<$word>() as u64).as_mut_ptr();
                // SAFETY: as for reading.
                unsafe { place.write_volatile(value) }
            }
        )+ }
    };
}

words! {
    read_u8, write_u8: u8;
    read_u16, write_u16: u16;
    read_u32, write_u32: u32;
    read_u64, write_u64: u64;
}

impl Drop for DeviceMemory {
    fn drop(&mut self) {
        let (page, mapped_bytes) = self.record.mapped().expect("`map` has noted it");
        let mut space = kernel_space::lock();
        // Under the lock, so that the audit sees both changes or neither.
        self.record.release();
        let flush = space.table.unmap_region(page, mapped_bytes);
        flush.expect("all of its pages lie within").flush();
    }
}

/// Returns a free address for `len_bytes` bytes of a device that begins at `frame`,
/// aligned so that the largest possible pages fit.
fn free_addresses(space: &KernelSpace, frame: PhysAddr, len_bytes: u64) -> Option<VirtAddr> {
    let sizes = [PageSize::Size1G, PageSize::Size2M, PageSize::Size4K].map(PageSize::bytes);
    let align_bytes = sizes.into_iter().find(|size| *size <= len_bytes)?;
    let end = DEVICES.as_u64() + DEVICES_BYTES;
    let mut from = DEVICES.as_u64();
    loop {
        // At the same offset within a large page as the device.
        let ahead_bytes = frame.as_u64().wrapping_sub(from) % align_bytes;
        let page = from + ahead_bytes;
        let guard_end = page.checked_add(len_bytes)?.checked_add(FRAME_BYTES)?;
        if guard_end > end {
            return None;
        }
        match space.table.next_range(VirtAddr::new(from)) {
            Some(range) if range.start.as_u64() < guard_end => {
                from = range.last().as_u64() + 1 + FRAME_BYTES;
            }
            _ => return Some(VirtAddr::new(page)),
        }
    }
}

#[cfg(test)]
mod tests {
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
        // Called twice: the first call makes the heap and the records grow.
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
        // More small pages than a table of the lowest level holds; beyond all RAM.
        let device = PhysAddr::new((1 << 40) + FRAME_BYTES);
        let start = map(device, 4 << 20).expect("there is memory").start();
        let mut held = alloc::vec::Vec::with_capacity(frames::counts().free);
        held.extend(core::iter::from_fn(|| AllocatedFrames::try_new(Purpose::Other)));
        assert_eq!(map(device, 4 << 20).err(), Some(Error::NoMemory));
        assert_eq!(device_names::name_at(start), None);
        drop(held);
        assert_eq!(map(device, 4 << 20).map(|memory| memory.start()), Ok(start));
    }
}
