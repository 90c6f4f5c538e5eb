//! Maps of several machines, and screens that overlap RAM.

use super::*;
use alloc::vec;
use alloc::vec::Vec;

/// A framebuffer of 1024 × 768 pixels.
const SCREEN_BYTES: u64 = 4096 * 768;

/// Makes the loader's structure with a memory map and perhaps a screen.
fn structure(regions: &[(u64, u64, u32)], screen: Option<u64>) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    let mut tag = |number: u32, payload: &[u8]| {
        bytes.extend(number.to_le_bytes());
        bytes.extend((payload.len() as u32 + 8).to_le_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    };
    let mut map = vec![24, 0, 0, 0, 0, 0, 0, 0];
    for &(start, len_bytes, kind) in regions {
        map.extend(start.to_le_bytes());
        map.extend(len_bytes.to_le_bytes());
        map.extend(u64::from(kind).to_le_bytes());
    }
    tag(6, &map);
    if let Some(address) = screen {
        let mut payload = address.to_le_bytes().to_vec();
        [4096_u32, 1024, 768].iter().for_each(|field| payload.extend(field.to_le_bytes()));
        payload.extend([32, 1, 0, 0, 16, 8, 8, 8, 0, 8]);
        tag(8, &payload);
    }
    tag(0, &[]);
    let len_bytes = bytes.len() as u32;
    bytes[..4].copy_from_slice(&len_bytes.to_le_bytes());
    bytes
}

/// Calls `look` with the map of a structure.
fn with_map(bytes: &[u8], look: impl FnOnce(&Map)) {
    let information = BootInformation::read(bytes).expect("it is sound");
    let ranges = ranges(&information, PhysAddr::new(0x20_0000)..PhysAddr::new(0x20_0400));
    let count = memory_map::storage_needed(ranges.clone().count() + LATER_RANGES);
    let mut storage = vec![Region::EMPTY; count];
    look(&fill(&mut storage, ranges, &information));
}

#[test_case]
fn map_of_a_pc_leaves_out_what_is_taken() {
    let pc = structure(&[(0, 0x9_FC00, 1), (1 << 20, 63 << 20, 1)], Some(0xFD00_0000));
    with_map(&pc, |map| {
        assert_eq!(map.kind_at(0x1000), Some(Kind::Kernel), "the first MiB");
        assert_eq!(map.kind_at(0x9_FC00), None);
        assert_eq!(map.kind_at(0xB_8000), Some(Kind::Device));
        assert_eq!(map.kind_at(0x10_0000), Some(Kind::Kernel), "the image");
        assert_eq!(map.kind_at((64 << 20) - 1), Some(Kind::Usable));
        assert_eq!(map.kind_at(0xFD00_0000), Some(Kind::Device));
        assert!(reachable(map, 4096).eq([(0, 0x9_F000), (1 << 20, 64 << 20)]));
    });
}

#[test_case]
fn without_a_map_some_memory_is_assumed() {
    with_map(&structure(&[(0, 1 << 20, 2)], None), |map| {
        assert_eq!(map.kind_at(0x10_0000), Some(Kind::Kernel), "the image");
        assert_eq!(map.kind_at((15 << 20) - 1), Some(Kind::Usable));
        assert_eq!(map.end_of_memory(), 15 << 20);
    });
}

#[test_case]
fn screen_takes_no_ram_away() {
    let memory = [(0, 0x9_F000, 1), (1 << 20, 63 << 20, 1)];
    // Over the image, at the end of RAM, just before its start, and over everything.
    for screen in [1, 1 << 20, (64 << 20) - 1, (1 << 20) - SCREEN_BYTES / 4, 0x9_EFFF] {
        with_map(&structure(&memory, Some(screen)), |map| {
            assert!(reachable(map, 4096).eq([(0, 0x9_F000), (1 << 20, 64 << 20)]));
        });
    }
    // A screen right after RAM is accepted.
    with_map(&structure(&memory, Some(64 << 20)), |map| {
        assert_eq!(map.kind_at(64 << 20), Some(Kind::Device));
    });
}

#[test_case]
fn thousands_of_regions_fit() {
    let regions: Vec<_> =
        (0..2000).map(|index| ((16 << 20) + index * 0x2000 + 7, 0x1000, 1)).collect();
    with_map(&structure(&regions, None), |map| {
        assert!(map.regions().len() >= 2000);
        assert_eq!(map.total_bytes(Kind::Usable), 2000 * 0x1000);
    });
}
