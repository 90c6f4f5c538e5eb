use std::vec::Vec;

use ::volume::{Access, Kind, MapFor, Volume, VolumeError};

use super::disk::{Disk, NOW, new_node};
use super::host::{Scratch, VOLUMES, fsck_disk, mkfs, run};
use crate::Fat;

fn was_clean(disk: &Disk) -> bool {
    let fat = Fat::open(disk.clone(), Access::ReadOnly).unwrap();
    fat.properties().was_clean
}

#[test]
fn volume_is_marked_while_it_is_changed() {
    for (kib, options) in VOLUMES {
        let disk = Disk::new(mkfs(kib, options));
        let start = disk.bytes();
        let mut fat = disk.open();
        let root = fat.root();
        assert_eq!(fat.names(root).len(), 0);
        assert_eq!(disk.bytes(), start, "reading has written");
        fat.make(root, "file", b"text");
        assert!(!was_clean(&disk), "{options}");
        fat.commit().unwrap();
        assert!(!was_clean(&disk));
        // fsck.fat sees the mark too.
        let image = Scratch::image(&disk.bytes());
        let printed = run("fsck.fat", &["-n", image.text()]).stdout;
        assert!(std::string::String::from_utf8_lossy(&printed).contains("Dirty bit is set"));
        fat.close().unwrap();
        assert!(was_clean(&disk));
        fsck_disk(&disk);
    }
}

#[test]
fn volume_that_was_not_closed_stays_marked() {
    let disk = Disk::new(mkfs(4096, "-F 32 -s 8"));
    let mut fat = disk.open();
    let root = fat.root();
    let free = fat.free();
    fat.make(root, "file", &[1; 10_000]);
    let mut fat = disk.open();
    assert!(!fat.properties().was_clean);
    // The count on the disk is an old one.
    assert_eq!(fat.free(), free - 3);
    fat.make(root, "other", b"");
    fat.close().unwrap();
    assert!(!was_clean(&disk));
}

#[test]
fn unbelievable_counts_are_counted() {
    let bytes = mkfs(4096, "-F 32 -s 8");
    let free = Disk::new(bytes.clone()).open().free();
    for wrong in [0, u32::MAX, 2_000_000] {
        let mut bytes = bytes.clone();
        bytes[512 + 488..512 + 492].copy_from_slice(&wrong.to_le_bytes());
        assert_eq!(Disk::new(bytes).open().free(), free);
    }
    // The right count is written, also if it wasn't asked for.
    let mut wrong = bytes.clone();
    wrong[512 + 488..512 + 492].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut fat = Disk::new(wrong).open();
    let root = fat.root();
    fat.make(root, "file", b"text");
    fat.close().unwrap();
    fsck_disk(&fat.disk());
    // A count that is too small doesn't end the space.
    let mut bytes = bytes.clone();
    bytes[512 + 488..512 + 492].copy_from_slice(&3_u32.to_le_bytes());
    let mut fat = Disk::new(bytes).open();
    let root = fat.root();
    fat.make(root, "file", &[1; 100_000]);
    assert_eq!(fat.free(), free - 25);
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn both_tables_are_the_same() {
    let disk = Disk::new(mkfs(4096, "-F 32 -s 8"));
    let mut fat = disk.open();
    let root = fat.root();
    fat.make(root, "file", &[1; 100_000]);
    let (at, len) = (fat.table.geometry.table_at as usize, fat.table.geometry.table_bytes as usize);
    let bytes = disk.bytes();
    assert!(bytes[at..at + len] == bytes[at + len..at + 2 * len]);
}

#[test]
fn upper_bits_of_wide_entries_are_kept() {
    let disk = Disk::new(mkfs(4096, "-F 32 -s 8"));
    let mut fat = disk.open();
    let root = fat.root();
    let at = fat.table.geometry.table_at as usize;
    for cluster in 3..100 {
        disk.state().bytes[at + cluster * 4 + 3] |= 0xA0;
    }
    fat = disk.open();
    let node = fat.make(root, "file", &[1; 100_000]);
    assert_eq!(fat.read(node).unwrap(), [1; 100_000]);
    fat.remove(root, b"file", node).unwrap();
    fat.forget(node, NOW).unwrap();
    fat.commit().unwrap();
    for cluster in 3..100 {
        assert_eq!(disk.state().bytes[at + cluster * 4 + 3], 0xA0);
    }
}

#[test]
fn only_the_active_table_is_used_without_mirroring() {
    let mut bytes = mkfs(4096, "-F 32 -s 8");
    bytes[40] = 0x81;
    let disk = Disk::new(bytes.clone());
    let mut fat = disk.open();
    let root = fat.root();
    fat.make(root, "file", &[1; 100_000]);
    let (at, len) = (fat.table.geometry.table_at as usize, fat.table.geometry.table_bytes as usize);
    let after = disk.bytes();
    assert!(after[at..at + len] == bytes[at..at + len]);
    assert!(after[at + len..at + 2 * len] != bytes[at + len..at + 2 * len]);
}

#[test]
fn nothing_is_written_to_a_volume_for_reading() {
    let disk = Disk::new(mkfs(1440, "-F 12"));
    let mut fat = disk.open();
    let root = fat.root();
    let node = fat.make(root, "file", b"text");
    fat.close().unwrap();
    let start = disk.bytes();
    let mut fat = Fat::open(disk.clone(), Access::ReadOnly).unwrap();
    assert_eq!(fat.lookup(root, b"file"), Ok(Some(node)));
    let refused = Err(VolumeError::ReadOnly);
    assert_eq!(fat.create(root, Some(b"x"), &new_node(Kind::Regular)), Err(VolumeError::ReadOnly));
    assert_eq!(fat.remove(root, b"file", node), refused);
    assert_eq!(fat.truncate(node, 0), refused);
    assert_eq!(fat.map(node, 512, 1, MapFor::Write), Err(VolumeError::ReadOnly));
    assert_eq!(fat.read(node).unwrap(), b"text");
    fat.forget(node, NOW).unwrap();
    fat.close().unwrap();
    assert!(disk.bytes() == start);
}

#[test]
fn attributes_are_stored() {
    let disk = Disk::new(mkfs(1440, "-F 12"));
    let mut fat = disk.open();
    let root = fat.root();
    let node = fat.make(root, "file", b"text");
    let mut changeable = fat.attributes(node).unwrap().changeable;
    assert_eq!((changeable.mode, changeable.uid, changeable.gid), (0o755, 0, 0));
    assert_eq!(changeable.modified, NOW);
    changeable.mode = 0o444;
    changeable.modified.0 += 10_000_000_000;
    changeable.uid = 5;
    fat.set_attributes(node, &changeable).unwrap();
    fat.close().unwrap();
    let mut fat = disk.open();
    let node = fat.lookup(root, b"file").unwrap().unwrap();
    let stored = fat.attributes(node).unwrap();
    assert_eq!((stored.changeable.mode, stored.changeable.uid), (0o555, 0));
    assert_eq!(stored.changeable.modified, changeable.modified);
    assert_eq!(stored.changeable.changed, changeable.modified);
    assert_eq!((stored.links, stored.blocks_512, stored.kind), (1, 1, Kind::Regular));
    // A backup clears the flag of a change.
    let place = fat.nodes.get(crate::nodes::Key::of(node)).unwrap().at.unwrap() as usize;
    assert_eq!(disk.state().bytes[place + 11], 0x21);
    changeable.mode = 0o600;
    fat.set_attributes(node, &changeable).unwrap();
    assert_eq!(fat.attributes(node).unwrap().changeable.mode, 0o755);
    // A directory is never read-only.
    let directory = fat.make_directory(root, "directory");
    fat.set_attributes(directory, &changeable).unwrap();
    let mut names = Vec::new();
    fat.link_text(directory, &mut names).unwrap_err();
    assert_eq!(fat.attributes(directory).unwrap().changeable.mode, 0o755);
    assert_eq!(fat.attributes(root).unwrap().changeable.size_bytes, 224 * 32);
}
