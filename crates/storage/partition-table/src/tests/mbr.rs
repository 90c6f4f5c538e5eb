//! MBRs and chains of extended partitions.

use std::vec::Vec;

use super::image::Image;
use crate::{Damage, Identity, PartitionKind, ScanError, TableKind, scan};

fn ranges(image: &mut Image) -> Vec<(u32, u64, u64)> {
    let table = image.scan();
    table.partitions.iter().map(|it| (it.number, it.first_sector, it.sectors)).collect()
}

/// A disk as `sfdisk` makes it: one primary partition, one extended with two logical ones.
fn with_chain() -> Image {
    let mut image = Image::new(4000, 512);
    image.sector(0)[440..444].copy_from_slice(&0x1234_ABCD_u32.to_le_bytes());
    image.put_mbr(0, &[(0, 0x83, 64, 400), (2, 0x05, 500, 3000)]);
    image.put_mbr(500, &[(0, 0x0C, 63, 100), (1, 0x05, 1000, 600)]);
    image.put_mbr(1500, &[(0, 0x82, 63, 200)]);
    image
}

#[test]
fn logical_partitions_begin_at_5() {
    let mut image = with_chain();
    let found = ranges(&mut image);
    assert_eq!(found, [(1, 64, 400), (3, 500, 2), (5, 563, 100), (6, 1563, 200)]);
    let table = image.scan();
    assert_eq!((table.kind, table.damages.as_slice()), (TableKind::Mbr, &[][..]));
    assert_eq!(table.partitions[3].kind, PartitionKind::Mbr(0x82));
    assert_eq!(table.partitions[3].identity, Identity::Mbr { disk: 0x1234_ABCD, number: 6 });
    assert_eq!(std::format!("{}", table.partitions[3].identity), "1234abcd-06");
}

#[test]
fn disk_without_the_signature_has_no_table() {
    let mut image = with_chain();
    image.sector(0)[510] = 0;
    assert_eq!(image.scan().kind, TableKind::None);
    assert_eq!(Image::new(1, 512).scan().kind, TableKind::None);
}

/// The first sector of a FAT file system has code in the place of the entries.
#[test]
fn boot_sector_of_a_file_system_is_no_table() {
    let mut image = with_chain();
    image.sector(0)[446] = 0x6E;
    assert_eq!(image.scan().kind, TableKind::None);
}

#[test]
fn partitions_beyond_the_disk_are_left_out() {
    let mut image = Image::new(1000, 512);
    image.put_mbr(0, &[(0, 0x83, 64, 937), (1, 0x83, 64, 936), (3, 0x83, u32::MAX, u32::MAX)]);
    assert_eq!(ranges(&mut image), [(2, 64, 936)]);
    assert_eq!(image.scan().damages, [Damage::OutOfBounds(1), Damage::OutOfBounds(4)]);
}

#[test]
fn chain_that_is_a_circle_ends() {
    let mut image = with_chain();
    image.put_mbr(1500, &[(0, 0, 0, 0), (1, 0x05, 0, 600)]);
    let table = image.scan();
    assert_eq!(table.damages, [Damage::TooMany]);
    image.put_mbr(500, &[(0, 0, 0, 0), (1, 0x05, 1000, 600)]);
    assert_eq!(image.scan().damages, [Damage::ExtendedChain]);
    assert_eq!(ranges(&mut image), [(1, 64, 400), (3, 500, 2)]);
}

#[test]
fn chain_with_a_damaged_record_keeps_those_before_it() {
    let mut image = with_chain();
    image.sector(1500)[511] = 0;
    assert_eq!(ranges(&mut image), [(1, 64, 400), (3, 500, 2), (5, 563, 100)]);
    assert_eq!(image.scan().damages, [Damage::ExtendedChain]);
}

#[test]
fn error_of_the_disk_is_returned() {
    for bad in [0, 500, 1500] {
        let mut image = Image { bad: Some(bad), ..with_chain() };
        assert_eq!(scan(&mut image), Err(ScanError::Disk(bad)));
    }
    let mut image = Image { sector_bytes: 256, ..with_chain() };
    assert_eq!(scan(&mut image), Err(ScanError::SectorSize));
}
