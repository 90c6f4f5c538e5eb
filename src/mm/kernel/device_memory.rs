//! Memory of devices: mapped uncached, once and for good.

use core::fmt;

use paging::{HugePages, PagingError};
use spin::Once;
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::kernel::kernel_space::{self, COMBINING, DEVICE};
use crate::mm::kernel::layout::{DEVICES, DEVICES_BYTES, FRAME_BYTES};
use crate::mm::kernel::ram;

/// What large pages are aligned to, in bytes.
const LARGE_BYTES: u64 = 2 << 20;

/// The most devices that can be mapped.
const DEVICES_MAX: usize = 64;

/// What was mapped; a slot is filled once, so it can be read without a lock.
static MAPPED: [Once<Mapped>; DEVICES_MAX] = [const { Once::new() }; DEVICES_MAX];

#[derive(Clone, Copy, Debug)]
struct Mapped {
    name: &'static str,
    start: VirtAddr,
    len_bytes: u64,
}

/// Why a device can't be mapped. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It has no byte, or ends beyond what a processor can reach.
    NoSuchRange,
    /// RAM lies there, which the kernel uses.
    IsRam,
    /// The addresses for devices, or the slots for their names, are all used.
    TooMany,
    /// No frame is left for a page table.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchRange => "there are no such physical addresses",
            Self::IsRam => "RAM lies there, not a device",
            Self::TooMany => "too many devices are mapped",
            Self::NoMemory => "no frame is left for a page table",
        })
    }
}

impl core::error::Error for Error {}

/// The memory of a device, as far as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct DeviceMemory {
    start: VirtAddr,
    len_bytes: u64,
}

/// How writes reach a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// One by one and at once: registers.
    Strict,
    /// Gathered, where the processor can: pixels.
    Combined,
}

impl DeviceMemory {
    /// Maps the `len_bytes` bytes at `start` under the name `name`, for ever.
    ///
    /// # Errors
    /// See [`Error`].
    ///
    /// # Safety
    /// Whatever is written there, the device doesn't reach other memory by it, or
    /// whoever writes answers for that.
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

        let mut space = kernel_space::lock();
        let slot = MAPPED.iter().find(|slot| !slot.is_completed()).ok_or(Error::TooMany)?;
        let page = match writes {
            Writes::Strict => space.next_device,
            // So that large pages fit.
            Writes::Combined => {
                space.next_device.align_up(LARGE_BYTES) + first.as_u64() % LARGE_BYTES
            }
        };
        let mapped_bytes = end - first.as_u64();
        let left_bytes = (DEVICES.as_u64() + DEVICES_BYTES).saturating_sub(page.as_u64());
        // A page stays free behind each, so that running over an end is told.
        if mapped_bytes + FRAME_BYTES > left_bytes {
            return Err(Error::TooMany);
        }
        let next = page + mapped_bytes + FRAME_BYTES;
        let (flags, pages) = match writes {
            Writes::Strict => (DEVICE, HugePages::Forbidden),
            Writes::Combined => (COMBINING, HugePages::Allowed),
        };
        space.table.map_region(page, first, mapped_bytes, flags, pages).map_err(
            |error| match error {
                PagingError::NoMemory => Error::NoMemory,
                _ => Error::NoSuchRange,
            },
        )?;
        space.next_device = next;
        slot.call_once(|| Mapped { name, start: page, len_bytes: mapped_bytes });
        Ok(Self { start: page + (start - first), len_bytes })
    }

    /// Returns where its first byte is mapped, for ever.
    pub fn start(&self) -> VirtAddr {
        self.start
    }

    /// Writes `value` at `offset_bytes`, once and at once.
    ///
    /// # Panics
    /// If it isn't all within the memory, or not aligned.
    pub fn write_u16(&self, offset_bytes: u64, value: u16) {
        let place: *mut u16 = self.place(offset_bytes, 2).as_mut_ptr();
        // SAFETY: it is mapped for ever, within what was asked for, and aligned;
        // what the write does is answered for by who mapped it.
        unsafe { place.write_volatile(value) }
    }

    /// Copies `bytes` to `offset_bytes` and up, in any order and in pieces of any size:
    /// pixels, not registers.
    ///
    /// # Panics
    /// If it isn't all within the memory.
    pub fn write_bytes(&self, offset_bytes: u64, bytes: &[u8]) {
        let end = offset_bytes.checked_add(bytes.len() as u64);
        assert!(end.is_some_and(|end| end <= self.len_bytes), "beyond the device's end");
        let place: *mut u8 = (self.start + offset_bytes).as_mut_ptr();
        // SAFETY: it is mapped for ever, within what was asked for, and no memory of
        // Rust's; what the writes do is answered for by who mapped it.
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

/// Returns the name of the device that is mapped at `address`.
pub(in crate::mm) fn name_at(address: VirtAddr) -> Option<&'static str> {
    let mapped = MAPPED.iter().filter_map(Once::get);
    mapped
        .filter(|device| (device.start..device.start + device.len_bytes).contains(&address))
        .map(|device| device.name)
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::kernel::frames::{self, AllocatedFrames, Purpose};
    use crate::mm::kernel::layout::VGA_TEXT;

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
        assert_eq!(name_at(memory.start), Some("test"));
        assert!(kernel_space::query(memory.start + FRAME_BYTES).is_err());
    }

    #[test_case]
    fn without_memory_for_tables_nothing_changes() {
        let mut held = alloc::vec::Vec::with_capacity(frames::counts().free);
        held.extend(core::iter::from_fn(|| AllocatedFrames::try_new(Purpose::Other)));
        let next = kernel_space::lock().next_device;
        // More than a table of the lowest level holds; beyond all RAM.
        let device = PhysAddr::new(1 << 40);
        assert_eq!(map(device, 4 << 20).err(), Some(Error::NoMemory));
        assert_eq!(kernel_space::lock().next_device, next);
        drop(held);
        assert!(map(device, 4 << 20).is_ok());
    }
}
