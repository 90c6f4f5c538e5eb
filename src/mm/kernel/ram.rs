//! What physical memory there is, and what each part of it is for.

use core::ops::Range;

use boot_information::{BootInformation, MODULES_MAX, MemoryKind, REGIONS_MAX};
use memory_map::{Kind, MemoryMap};
use spin::{Mutex, MutexGuard, Once};
use x86_64::PhysAddr;

use crate::mm::kernel::image;
use crate::mm::kernel::layout::{self, DIRECT_MAP_BYTES, FIRST_MIB_END, FRAME_BYTES, VGA_AND_ROMS};

/// Ranges of the kernel's own that are put into the map: the VGA's memory, the
/// image, the loader's structure, the screen, the frame allocator's storage.
const OWN_RANGES: usize = 5;

/// Regions begin and end where ranges do, or at the end of the first MiB.
const REGIONS: usize = 2 * (REGIONS_MAX + MODULES_MAX + OWN_RANGES) + 2;

/// The map of physical memory.
pub type Map = MemoryMap<REGIONS>;

/// Memory that every PC with 64 bits has, for want of a map: up to the hole that
/// the ISA bus may have at 15 MiB.
const ASSUMED: Range<u64> = FIRST_MIB_END.as_u64()..15 << 20;

/// Filled once, by [`start`](crate::mm::start), and then only read.
static STORAGE: Mutex<Map> = Mutex::new(Map::new());
static MAP: Once<&'static Map> = Once::new();

/// Returns the map of physical memory.
///
/// # Panics
/// If [`start`](crate::mm::start) wasn't called.
pub fn map() -> &'static Map {
    MAP.get().expect("memory is set up early")
}

/// Returns the map to be filled; it is large, so it is never moved.
pub(in crate::mm) fn storage() -> &'static mut Map {
    MutexGuard::leak(STORAGE.lock())
}

/// Keeps `map` for [`map`].
pub(in crate::mm) fn keep(map: &'static Map) {
    MAP.call_once(|| map);
}

/// Puts the map together: what the loader told, without what lies in it.
/// `structure` is where the loader's own structure is.
///
/// The first MiB is left alone but for the direct map: the BIOS has its data
/// there, and other processors will start there.
pub(in crate::mm) fn find(
    map: &mut Map,
    information: &BootInformation,
    structure: Range<PhysAddr>,
) {
    let mut add = |start: u64, end: u64, kind| {
        map.add(start, end.saturating_sub(start), kind).expect("REGIONS is enough for all");
    };
    for region in &information.memory {
        let kind = match region.kind {
            MemoryKind::Available => Kind::Usable,
            MemoryKind::AcpiReclaimable => Kind::AcpiReclaimable,
            MemoryKind::AcpiNvs => Kind::AcpiNvs,
            MemoryKind::Defective => Kind::Defective,
            MemoryKind::Reserved | MemoryKind::Other(_) => Kind::Reserved,
        };
        let end = region.start.saturating_add(region.len_bytes);
        let border = FIRST_MIB_END.as_u64().clamp(region.start, end);
        add(region.start, border, if kind == Kind::Usable { Kind::Kernel } else { kind });
        add(border, end, kind);
    }
    if !information.memory.iter().any(|region| region.kind == MemoryKind::Available) {
        log::warn!(
            "no memory map: going on with the {} MiB that every such machine has",
            (ASSUMED.end - ASSUMED.start) >> 20
        );
        add(ASSUMED.start, ASSUMED.end, Kind::Usable);
    }
    add(VGA_AND_ROMS.as_u64(), FIRST_MIB_END.as_u64(), Kind::Device);
    let image = image::frames();
    add(image.start.as_u64(), image.end.as_u64(), Kind::Kernel);
    add(structure.start.as_u64(), structure.end.as_u64(), Kind::Loader);
    for module in &information.modules {
        add(module.start.into(), module.end.into(), Kind::Loader);
    }
    if let Some(screen) = information.screen {
        let len_bytes = u64::from(screen.pitch_bytes) * u64::from(screen.height);
        add(screen.address, screen.address.saturating_add(len_bytes), Kind::Device);
    }
    if map.end_of_memory() > DIRECT_MAP_BYTES {
        log::warn!("memory beyond {} GiB isn't used", DIRECT_MAP_BYTES >> 30);
    }
}

/// Returns the bytes that the loader has put to `range`: a module. `None` if the
/// loader hasn't told of them.
///
/// # Panics
/// If [`start`](crate::mm::start) wasn't called.
pub fn loaded(range: Range<PhysAddr>) -> Option<&'static [u8]> {
    let (start, end) = (range.start.as_u64(), range.end.as_u64());
    let mut regions = map().regions().iter().filter(|region| region.kind == Kind::Loader);
    let is_loaded = start < end
        && end <= DIRECT_MAP_BYTES
        && regions.any(|region| region.start <= start && end <= region.end)
        && reachable(map(), FRAME_BYTES).any(|(first, last)| first <= start && end <= last);
    if !is_loaded {
        return None;
    }
    let bytes: *const u8 = layout::direct(range.start).as_ptr();
    // SAFETY: it is RAM in the direct map, which nobody writes: the frame allocator
    // never has the loader's regions.
    Some(unsafe { core::slice::from_raw_parts(bytes, (end - start) as usize) })
}

/// Returns the ranges of whole frames of RAM that the kernel can reach.
pub(in crate::mm) fn reachable(map: &Map, frame_bytes: u64) -> impl Iterator<Item = (u64, u64)> {
    map.ram_frames(frame_bytes)
        .map(|(start, end)| (start, end.min(DIRECT_MAP_BYTES)))
        .filter(|(start, end)| start < end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use boot_information::MemoryRegion;

    /// All of it is on the heap: together it is too large for the stack.
    fn found(regions: &[(u64, u64, MemoryKind)]) -> Box<Map> {
        let mut information = Box::new(BootInformation::new());
        for &(start, len_bytes, kind) in regions {
            let region = MemoryRegion { start, len_bytes, kind };
            information.memory.push(region).expect("there are no more regions than it takes");
        }
        let mut map = Box::new(Map::new());
        find(&mut map, &information, PhysAddr::new(0x20_0000)..PhysAddr::new(0x20_0400));
        map
    }

    #[test_case]
    fn map_of_a_pc_leaves_out_what_is_taken() {
        let map = found(&[
            (0, 0x9_FC00, MemoryKind::Available),
            (1 << 20, 63 << 20, MemoryKind::Available),
        ]);
        assert_eq!(map.kind_at(0x1000), Some(Kind::Kernel), "the first MiB");
        assert_eq!(map.kind_at(0x9_FC00), None);
        assert_eq!(map.kind_at(0xB_8000), Some(Kind::Device));
        assert_eq!(map.kind_at(0x10_0000), Some(Kind::Kernel), "the image");
        assert_eq!(map.kind_at((64 << 20) - 1), Some(Kind::Usable));
        assert!(reachable(&map, 4096).eq([(0, 0x9_F000), (1 << 20, 64 << 20)]));
    }

    #[test_case]
    fn without_a_map_some_memory_is_assumed() {
        let map = found(&[(0, 1 << 20, MemoryKind::Reserved)]);
        assert!(map.total_bytes(Kind::Usable) > 8 << 20);
        assert_eq!(map.end_of_memory(), 15 << 20);
    }

    #[test_case]
    fn most_regions_that_can_be_told_fit() {
        let mut regions = Vec::new();
        for index in 0..REGIONS_MAX as u64 {
            let start = (16 << 20) + index * 0x2000 + 7;
            regions.push((start, 0x1000, MemoryKind::Available));
        }
        assert!(found(&regions).regions().len() > REGIONS_MAX);
    }
}
