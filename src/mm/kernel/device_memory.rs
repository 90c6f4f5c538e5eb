//! Memory of devices: mapped until it is dropped, and not cached.
//!
//! Free addresses are found in the page table: the first gap of [`DEVICES`] that is large enough,
//! with an unmapped page after each device, so that an access beyond its end faults. Large pages
//! are used where they fit.

use core::fmt;

use paging::{HugePages, PageSize, PagingError};
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::kernel::device_names::{self, Record};
#[cfg(test)]
use crate::mm::kernel::dma_memory::DmaMemory;
use crate::mm::kernel::kernel_space::{self, COMBINING, DEVICE, KernelSpace};
use crate::mm::kernel::layout::{DEVICES, DEVICES_BYTES, FRAME_BYTES};
use crate::mm::kernel::ram;

/// The reason why a device can't be mapped. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It is empty, or ends beyond the CPU's physical address space.
    NoSuchRange,
    /// The range contains RAM, which the kernel uses.
    IsRam,
    /// No gap in the addresses for devices is large enough.
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

/// The mapped memory of a device. Dropping this unmaps the memory, which locks the kernel's page
/// table, so it must not be dropped while a device's lock is held.
#[derive(Debug)]
pub struct DeviceMemory {
    start: VirtAddr,
    len_bytes: u64,
    /// The device's name and mapped pages.
    record: &'static Record,
}

/// How writes are sent to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// One by one and immediately: for registers.
    Strict,
    /// Write-combining, where the CPU supports it: for pixels.
    Combined,
}

impl DeviceMemory {
    /// Maps the `len_bytes` bytes at `start` under the name `name`. May allocate; not for interrupt
    /// handlers.
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
        Self::map_any(name, start, len_bytes, writes)
    }

    /// Maps memory, which is never freed, as if it were that of a device: for tests of drivers.
    #[cfg(test)]
    pub fn of_ram(memory: &'static DmaMemory) -> Result<Self, Error> {
        Self::map_any("test", memory.start(), memory.len_bytes() as u64, Writes::Strict)
    }

    /// Maps a range that isn't empty, whatever it is.
    fn map_any(
        name: &'static str,
        start: PhysAddr,
        len_bytes: u64,
        writes: Writes,
    ) -> Result<Self, Error> {
        let first = start.align_down(FRAME_BYTES);
        let end = (start + len_bytes).align_up(FRAME_BYTES);
        let mapped_bytes = end - first;
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

    /// Makes the value for the `len_bytes` bytes that are mapped at `start`. `record` has the range
    /// of their pages.
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

    /// Copies `bytes` to `offset_bytes` and up, in any order and in pieces of any size: for pixels,
    /// not for registers.
    ///
    /// # Panics
    /// If the range isn't within the memory.
    pub fn write_bytes(&self, offset_bytes: u64, bytes: &[u8]) {
        let end = offset_bytes.checked_add(bytes.len() as u64);
        assert!(
            end.is_some_and(|end| end <= self.len_bytes),
            "the range ends beyond the device's memory"
        );
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
        let (page, mapped_bytes) = self.record.mapped().expect("`map` has recorded it");
        let mut space = kernel_space::lock();
        // Released under the lock, so that the audit sees both changes or neither.
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
        // Has the same offset within a large page as the device.
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
mod tests;
