//! The memory of the screen. It is mapped first in the stub's page tables and then in the kernel's
//! own, at the same address. So the screen works from the first log lines on, and during the switch
//! of the tables.
//!
//! Invariants:
//! 1. There is one screen, mapped once: on the boot CPU, before other CPUs run.
//! 2. Nothing else is mapped in the GiB at [`SCREEN`], in either set of tables.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};

use boot_information::{BootInformation, MemoryKind};
use paging::HugePages;
use spin::Once;
use x86_64::registers::control::Cr3;
use x86_64::structures::paging::PageTableFlags;
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::kernel::device_memory::{DeviceMemory, Error, Writes};
use crate::mm::kernel::kernel_space::{COMBINING, DEVICE, Screen};
use crate::mm::kernel::layout::{self, FRAME_BYTES, SCREEN, SCREEN_BYTES};
use crate::mm::kernel::{device_names, image};

/// The size of the pages in the stub's tables, in bytes.
const LARGE_BYTES: u64 = 2 << 20;
const ENTRIES: usize = 512;

/// A table of the second level, for the stub's tables. Written before the CPU reads it.
#[repr(C, align(4096))]
struct StubTable([AtomicU64; ENTRIES]);

static STUB_TABLE: StubTable = StubTable([const { AtomicU64::new(0) }; ENTRIES]);

/// The mapped memory.
#[derive(Clone, Copy, Debug)]
struct Mapped {
    /// The range, extended to whole frames.
    first: PhysAddr,
    len_bytes: u64,
    writes: Writes,
}

static MAPPED: Once<Mapped> = Once::new();

impl Mapped {
    fn pages(&self) -> Range<VirtAddr> {
        let start = SCREEN + self.first.as_u64() % LARGE_BYTES;
        start..start + self.len_bytes
    }
}

/// Maps the `len_bytes` bytes at `start` under the name `name` in the stub's tables; the kernel's
/// tables map the same later. Called once, before [`start`](crate::mm::start).
///
/// # Errors
/// [`Error::NoSuchRange`] if the range isn't smaller than 1 GiB and within the CPU's
/// physical addresses; [`Error::IsRam`] if the loader reports RAM there.
///
/// # Safety
/// Writes to this memory make the device access no other memory.
pub unsafe fn map(
    information: &BootInformation,
    name: &'static str,
    start: PhysAddr,
    len_bytes: u64,
    writes: Writes,
) -> Result<DeviceMemory, Error> {
    let first = start.align_down(FRAME_BYTES);
    let end = start.as_u64().checked_add(len_bytes).ok_or(Error::NoSuchRange)?;
    let end = end.checked_next_multiple_of(FRAME_BYTES).ok_or(Error::NoSuchRange)?;
    let mapped = Mapped { first, len_bytes: end - first.as_u64(), writes };
    let has_room = mapped.len_bytes < SCREEN_BYTES - LARGE_BYTES;
    if len_bytes == 0 || PhysAddr::try_new(end).is_err() || !has_room {
        return Err(Error::NoSuchRange);
    }
    if is_ram(information, first.as_u64()..end) {
        return Err(Error::IsRam);
    }
    if MAPPED.is_completed() {
        return Err(Error::TooMany);
    }
    let record = device_names::take(name).ok_or(Error::NoMemory)?;
    map_in_stub_tables(first.align_down(LARGE_BYTES), end);
    MAPPED.call_once(|| mapped);
    let page = mapped.pages().start;
    record.set(page, mapped.len_bytes);
    Ok(DeviceMemory::mapped_at(page + (start - first), len_bytes, record))
}

/// Returns whether `range` overlaps RAM or the kernel.
fn is_ram(information: &BootInformation, range: Range<u64>) -> bool {
    let meets = |start: u64, end: u64| start < range.end && range.start < end;
    let image = image::frames();
    let regions = information.memory.iter();
    let mut ram = regions.filter(|region| !matches!(region.kind, MemoryKind::Reserved));
    meets(image.start.as_u64(), image.end.as_u64())
        || meets(0, layout::VGA_AND_ROMS.as_u64())
        || ram.any(|region| meets(region.start, region.start.saturating_add(region.len_bytes)))
}

/// Maps large pages from `start` to `end` at [`SCREEN`]. They are uncached; if the CPU's
/// page attribute table is set up, their writes are combined.
fn map_in_stub_tables(start: PhysAddr, end: u64) {
    let writable = PageTableFlags::PRESENT | PageTableFlags::WRITABLE;
    let page = writable | PageTableFlags::HUGE_PAGE | PageTableFlags::NO_CACHE;
    let pages = (start.as_u64()..end).step_by(LARGE_BYTES as usize);
    for (entry, frame) in STUB_TABLE.0.iter().zip(pages) {
        entry.store(frame | page.bits(), Ordering::Relaxed);
    }
    let table = image::to_physical(VirtAddr::from_ptr(&raw const STUB_TABLE));
    let entry_of = |table: PhysAddr, index: u16| -> *mut u64 {
        (layout::direct(table) + u64::from(index) * 8).as_mut_ptr()
    };
    let fourth = Cr3::read().0.start_address();
    let upper = entry_of(fourth, SCREEN.p4_index().into());
    // SAFETY: the stub's tables are in the first GiB, which is mapped; it has this entry.
    let third = PhysAddr::new_truncate(unsafe { upper.read() }).align_down(FRAME_BYTES);
    let entry = entry_of(third, SCREEN.p3_index().into());
    // SAFETY: as above; the entry isn't in use (invariant 2), so no translation changes.
    unsafe { entry.write_volatile(table.as_u64() | writable.bits()) };
}

/// Returns the mapping of the screen for the kernel's tables.
pub(in crate::mm) fn mapping() -> Option<Screen> {
    let mapped = MAPPED.get()?;
    let (flags, pages) = match mapped.writes {
        Writes::Strict => (DEVICE, HugePages::Forbidden),
        Writes::Combined => (COMBINING, HugePages::Allowed),
    };
    let (start, len_bytes) = (mapped.pages().start, mapped.len_bytes);
    Some(Screen { start, first: mapped.first, len_bytes, flags, pages })
}

#[cfg(test)]
mod tests;
