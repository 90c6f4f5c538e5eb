//! Disks with random damage: nothing panics, and no partition leaves the disk.

use proptest::prelude::*;

use super::image::Image;
use crate::PARTITIONS_MAX;

fn check(image: &mut Image) -> Result<(), TestCaseError> {
    let sectors = image.bytes.len() as u64 / image.sector_bytes as u64;
    let table = image.scan();
    prop_assert!(table.partitions.len() <= PARTITIONS_MAX);
    for partition in &table.partitions {
        prop_assert!(partition.sectors > 0);
        prop_assert!(partition.first_sector.checked_add(partition.sectors).unwrap() <= sectors);
    }
    prop_assert!(table.partitions.is_sorted_by(|one, next| one.number < next.number));
    Ok(())
}

proptest! {
    #[test]
    fn damaged_gpt(changes in prop::collection::vec((0_usize..100, any::<u8>()), 1..6), seals: bool) {
        let mut image = Image::new(64, 512);
        image.put_mbr(0, &[(0, 0xEE, 1, 63)]);
        image.put_gpt(1, 63, 2, &[(0, 4, 9), (1, 10, 60)]);
        for (at, byte) in changes {
            image.sector(1)[at] = byte;
        }
        if seals {
            image.seal_header(1);
        }
        check(&mut image)?;
    }

    #[test]
    fn random_chains(records in prop::collection::vec(
        prop::collection::vec((0_usize..4, prop_oneof![Just(5_u8), any::<u8>()], 0_u32..70, 0_u32..70), 0..4),
        64,
    )) {
        let mut image = Image::new(64, 512);
        for (at, entries) in records.iter().enumerate() {
            image.put_mbr(at as u64, entries);
        }
        check(&mut image)?;
    }
}
