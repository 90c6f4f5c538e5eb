use std::vec;

use ::volume::{Access, Volume, VolumeError};

use super::disk::Disk;
use super::host::{VOLUMES, mkfs};
use crate::Fat;
use crate::boot_sector::Kind;

fn open(bytes: std::vec::Vec<u8>) -> Result<Fat<Disk>, VolumeError> {
    Fat::open(Disk::new(bytes), Access::ReadOnly)
}

#[test]
fn kind_is_that_of_mkfs() {
    for (kib, options) in VOLUMES {
        let fat = open(mkfs(kib, options)).unwrap();
        let kind = match fat.table.geometry.kind {
            Kind::Fat12 => "12",
            Kind::Fat16 => "16",
            Kind::Fat32 => "32",
        };
        assert!(options.starts_with(&std::format!("-F {kind}")), "{options}");
        assert!(fat.properties().was_clean);
    }
}

#[test]
fn other_sectors_are_of_another_kind() {
    let other = |bytes| assert_eq!(open(bytes).err(), Some(VolumeError::OtherKind));
    other(vec![]);
    other(vec![0; 511]);
    other(vec![0; 4096]);
    other(vec![0xFF; 4096]);
    // An MBR of GRUB, with a partition.
    let mut mbr = vec![0_u8; 1 << 20];
    mbr[..3].copy_from_slice(&[0xEB, 0x63, 0x90]);
    mbr[446..462].copy_from_slice(&[0x80, 0, 2, 0, 0x0C, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0]);
    mbr[510..512].copy_from_slice(&[0x55, 0xAA]);
    other(mbr);
    for name in [b"NTFS    ", b"EXFAT   "] {
        let mut bytes = mkfs(1440, "-F 12");
        bytes[3..11].copy_from_slice(name);
        other(bytes);
    }
    for (at, byte) in [(510, 0), (0, 0), (12, 3), (13, 3), (14, 0), (16, 0), (21, 0x12)] {
        let mut bytes = mkfs(1440, "-F 12");
        bytes[at] = byte;
        other(bytes);
    }
}

#[test]
fn impossible_volumes_are_damaged() {
    let mut bytes = mkfs(1440, "-F 12");
    bytes.truncate(1 << 20);
    assert_eq!(open(bytes).err(), Some(VolumeError::Damaged("the volume is larger than its disk")));
    // More sectors for the table than there are.
    let mut bytes = mkfs(1440, "-F 12");
    bytes[22..24].copy_from_slice(&[0, 0xFF]);
    assert!(matches!(open(bytes).err(), Some(VolumeError::Damaged(_))));
    let mut bytes = mkfs(4096, "-F 32");
    bytes[44..48].copy_from_slice(&[0xFF; 4]);
    assert!(matches!(open(bytes).err(), Some(VolumeError::Damaged(_))));
}

#[test]
fn clusters_of_more_than_64_kib_are_not_supported() {
    let mut bytes = mkfs(40000, "-F 16 -s 1 -S 4096");
    bytes[13] = 32;
    assert!(matches!(open(bytes).err(), Some(VolumeError::Unsupported(_))));
}
