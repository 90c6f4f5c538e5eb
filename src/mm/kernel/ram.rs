//! The map of physical memory, and the use of each range.

use core::ops::Range;

use boot_information::{BootInformation, MemoryKind, MemoryRegion};
use memory_map::{Kind, MemoryMap, Region};
use spin::Once;
use x86_64::PhysAddr;

use crate::mm::kernel::image;
use crate::mm::kernel::layout::{
    self, DIRECT_MAP_BYTES, FIRST_MIB_END, FRAME_BYTES, STUB_MAPPED_BYTES, VGA_AND_ROMS,
};

/// The map of physical memory.
pub type Map<'a> = MemoryMap<'a>;

/// A range of physical addresses, and its use.
type KindRange = (Range<u64>, Kind);

/// Ranges that are added to those of [`ranges`]: the map's own storage, the screen, the
/// frame allocator's storage.
const LATER_RANGES: usize = 3;

/// The RAM that is assumed if the loader passes no map: every 64-bit PC has it. It ends at the hole
/// at 15 MiB that the ISA bus may use.
const ASSUMED: Range<u64> = FIRST_MIB_END.as_u64()..15 << 20;

/// Filled once, by [`start`](crate::mm::start), and then only read.
static MAP: Once<Map<'static>> = Once::new();

/// Returns the map of physical memory.
///
/// # Panics
/// If [`start`](crate::mm::start) wasn't called.
pub fn map() -> &'static Map<'static> {
    MAP.get().expect("memory is set up early")
}

/// Stores `map` for [`map`].
pub(in crate::mm) fn keep(map: Map<'static>) {
    MAP.call_once(|| map);
}

/// Builds the map: the ranges that the loader reports, minus those that are in use. `structure` is
/// the range of the loader's own structure. Any number of ranges fits: the map is in RAM that the
/// loader reports as available.
///
/// # Panics
/// If no piece of RAM below 1 GiB is large enough.
pub(in crate::mm) fn find(
    information: &BootInformation,
    structure: Range<PhysAddr>,
) -> Map<'static> {
    let ranges = ranges(information, structure);
    let count = memory_map::storage_needed(ranges.clone().count() + LATER_RANGES);
    let len_bytes = ((count * size_of::<Region>()) as u64).next_multiple_of(FRAME_BYTES);
    let of = |is_wanted: fn(Kind) -> bool| {
        ranges.clone().filter(move |(_, kind)| is_wanted(*kind)).map(|(range, _)| range)
    };
    let free =
        of(|kind| kind == Kind::Usable).map(|range| range.start..range.end.min(STUB_MAPPED_BYTES));
    let taken = of(|kind| kind != Kind::Usable);
    let start = memory_map::find_room(len_bytes, FRAME_BYTES, free, taken).unwrap_or_else(|| {
        panic!("no {} KiB of memory in one piece below 1 GiB: add memory", len_bytes / 1024)
    });
    let storage: *mut Region = layout::direct(PhysAddr::new(start)).as_mut_ptr();
    for index in 0..count {
        // SAFETY: the memory has room for this many, and is RAM that nothing uses.
        let place = unsafe { storage.add(index) };
        // SAFETY: as above; the stub maps it.
        unsafe { place.write(Region::EMPTY) };
    }
    // SAFETY: they have just been written, and the memory is never allocated, because the
    // map lists it as used.
    let storage = unsafe { core::slice::from_raw_parts_mut(storage, count) };
    let map = fill(storage, ranges.chain([(start..start + len_bytes, Kind::Kernel)]), information);
    if map.end_of_memory() > DIRECT_MAP_BYTES {
        log::warn!("memory beyond {} GiB isn't used", DIRECT_MAP_BYTES >> 30);
    }
    map
}

/// Makes the map of `ranges`, and of the screen unless that overlaps RAM: a wrong description of
/// the screen must not remove RAM.
fn fill<'a>(
    storage: &'a mut [Region],
    ranges: impl Iterator<Item = KindRange>,
    information: &BootInformation,
) -> Map<'a> {
    let mut map = Map::new(storage);
    for (range, kind) in ranges {
        map.add(range.start, range.end - range.start, kind).expect("storage for all was measured");
    }
    if let Some(screen) = information.screen {
        let end = screen.address.saturating_add(screen.len_bytes());
        let mut ram = map.regions().iter().filter(|region| region.kind.is_ram());
        if ram.any(|region| region.start < end && screen.address < region.end) {
            log::warn!("the screen at {:#x} is ignored: it overlaps RAM", screen.address);
        } else {
            map.add(screen.address, screen.len_bytes(), Kind::Device)
                .expect("storage for all was measured");
        }
    }
    map
}

/// Returns the ranges that the loader reports and those in use, unsorted, with overlaps.
///
/// The first MiB is part of the direct map but never allocated: the BIOS has its data there, and
/// other CPUs start there.
fn ranges<'a>(
    information: &BootInformation<'a>,
    structure: Range<PhysAddr>,
) -> impl Iterator<Item = KindRange> + Clone + use<'a> {
    let has_memory = information.memory.iter().any(|region| region.kind == MemoryKind::Available);
    let assumed = (!has_memory).then_some((ASSUMED, Kind::Usable));
    if !has_memory {
        log::warn!(
            "no memory map: assuming the {} MiB that every such machine has",
            (ASSUMED.end - ASSUMED.start) >> 20
        );
    }
    let image = image::frames();
    let own = [
        (VGA_AND_ROMS.as_u64()..FIRST_MIB_END.as_u64(), Kind::Device),
        (image.start.as_u64()..image.end.as_u64(), Kind::Kernel),
        (structure.start.as_u64()..structure.end.as_u64(), Kind::Loader),
    ];
    let modules = information
        .modules
        .iter()
        .map(|module| (u64::from(module.start)..u64::from(module.end), Kind::Loader));
    let memory = information.memory.iter().flat_map(ranges_of);
    memory.chain(assumed).chain(own).chain(modules).filter(|(range, _)| !range.is_empty())
}

/// Returns the use of a region of the loader's map, below and above 1 MiB.
fn ranges_of(region: MemoryRegion) -> [KindRange; 2] {
    let kind = match region.kind {
        MemoryKind::Available => Kind::Usable,
        MemoryKind::AcpiReclaimable => Kind::AcpiReclaimable,
        MemoryKind::AcpiNvs => Kind::AcpiNvs,
        MemoryKind::Defective => Kind::Defective,
        MemoryKind::Reserved | MemoryKind::Other(_) => Kind::Reserved,
    };
    let end = region.start.saturating_add(region.len_bytes);
    let border = FIRST_MIB_END.as_u64().clamp(region.start, end);
    let low = if kind == Kind::Usable { Kind::Kernel } else { kind };
    [(region.start..border, low), (border..end, kind)]
}

/// Returns the ranges of whole frames of RAM that the kernel can reach.
pub(in crate::mm) fn reachable(map: &Map, frame_bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    map.ram_frames(frame_bytes)
        .map(|(start, end)| (start, end.min(DIRECT_MAP_BYTES)))
        .filter(|(start, end)| start < end)
}

#[cfg(test)]
mod tests;
