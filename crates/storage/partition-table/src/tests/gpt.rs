//! GPTs.

use std::string::ToString;
use std::vec::Vec;

use super::image::Image;
use crate::{Damage, PartitionKind, TableKind};

const LAST: u64 = 999;

/// A disk with a protective MBR, and two copies of a table with two partitions.
fn disk(sector_bytes: usize) -> Image {
    let mut image = Image::new(1000, sector_bytes);
    image.put_mbr(0, &[(0, 0xEE, 1, 999)]);
    let found = [(0, 10, 19), (2, 30, 996)];
    image.put_gpt(1, LAST, 2, &found);
    image.put_gpt(LAST, 1, LAST - 2, &found);
    image
}

fn ranges(image: &mut Image) -> Vec<(u32, u64, u64)> {
    let table = image.scan();
    table.partitions.iter().map(|it| (it.number, it.first_sector, it.sectors)).collect()
}

#[test]
fn partitions_have_numbers_names_and_identities() {
    for sector_bytes in [512, 4096] {
        let mut image = disk(sector_bytes);
        assert_eq!(ranges(&mut image), [(1, 10, 10), (3, 30, 967)]);
        let table = image.scan();
        assert_eq!((table.kind, table.damages.len()), (TableKind::Gpt, 0));
        let PartitionKind::Gpt { kind, name } = &table.partitions[1].kind else {
            panic!("it is one of a GPT");
        };
        assert_eq!(name, "a2");
        assert_eq!(kind.to_string(), "11111111-1111-1111-1111-111111111111");
        assert_eq!(
            table.partitions[1].identity.to_string(),
            "22222222-2222-2222-2222-222222222222"
        );
    }
}

#[test]
fn damaged_first_copy_is_replaced_by_the_second() {
    for offset in [0, 9, 16, 24, 60, 88] {
        let mut image = disk(512);
        image.sector(1)[offset] ^= 1;
        assert_eq!(ranges(&mut image), [(1, 10, 10), (3, 30, 967)], "{offset}");
        assert_eq!(image.scan().damages, [Damage::FirstGpt]);
    }
    let mut image = disk(512);
    image.sector(2)[40] ^= 1;
    assert_eq!(image.scan().damages, [Damage::FirstGpt]);
}

#[test]
fn damaged_second_copy_is_reported() {
    let mut image = disk(512);
    image.sector(LAST)[40] ^= 1;
    assert_eq!(ranges(&mut image), [(1, 10, 10), (3, 30, 967)]);
    assert_eq!(image.scan().damages, [Damage::SecondGpt]);
}

#[test]
fn copies_that_differ_are_reported() {
    let mut image = disk(512);
    image.put_gpt(LAST, 1, LAST - 2, &[(0, 10, 19)]);
    assert_eq!(ranges(&mut image), [(1, 10, 10), (3, 30, 967)]);
    assert_eq!(image.scan().damages, [Damage::GptCopiesDiffer]);
}

#[test]
fn without_a_valid_copy_the_protective_entry_is_a_partition() {
    let mut image = disk(512);
    image.sector(1)[0] = 0;
    image.sector(LAST)[0] = 0;
    assert_eq!(ranges(&mut image), [(1, 1, 999)]);
    let table = image.scan();
    assert_eq!((table.kind, table.damages.as_slice()), (TableKind::Mbr, &[Damage::NoGpt][..]));
}

/// Values that have the right checksum but can't be followed.
#[test]
fn impossible_headers_are_damaged_copies() {
    let changes: [(usize, u64, usize); 8] = [
        (12, 91, 4),
        (12, 513, 4),
        (24, 2, 8),
        (48, 1000, 8),
        (72, 999, 8),
        (72, u64::MAX, 8),
        (80, u64::MAX, 4),
        (84, 64, 4),
    ];
    for (offset, value, len) in changes {
        let mut image = disk(512);
        image.sector(1)[offset..offset + len].copy_from_slice(&value.to_le_bytes()[..len]);
        image.seal_header(1);
        assert_eq!(image.scan().damages, [Damage::FirstGpt], "{offset}");
    }
}

#[test]
fn partitions_beyond_the_disk_are_left_out() {
    let mut image = disk(512);
    let found = [(0, 10, 1000), (1, 19, 18), (2, u64::MAX, u64::MAX), (3, 40, 999)];
    image.put_gpt(1, LAST, 2, &found);
    image.put_gpt(LAST, 1, LAST - 2, &found);
    assert_eq!(ranges(&mut image), [(4, 40, 960)]);
    let bad = [1, 2, 3].map(Damage::OutOfBounds);
    assert_eq!(image.scan().damages, bad);
}
