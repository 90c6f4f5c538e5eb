//! Full volumes and large directories.

use std::collections::BTreeSet;
use std::format;
use std::vec::Vec;

use ::volume::{Kind, Volume, VolumeError};

use super::disk::{Disk, NOW, new_node, tree};
use super::host::{VOLUMES, fsck_disk, mkfs};

#[test]
fn full_volume_gives_all_space_back() {
    for (kib, options) in VOLUMES {
        let disk = Disk::new(mkfs(kib, options));
        let mut fat = disk.open();
        let root = fat.root();
        let free = fat.free();
        let directory = fat.make_directory(root, "full");
        let mut files = Vec::new();
        let piece = std::vec![0xAB; (kib as usize * 1024 / 7).max(5000)];
        let error = loop {
            let name = format!("file number {}", files.len());
            match fat.create(directory, Some(name.as_bytes()), &new_node(Kind::Regular)) {
                Ok(node) => files.push((name, node)),
                Err(error) => break error,
            }
            if let Err(error) = fat.write(files.last().unwrap().1, 0, &piece) {
                break error;
            }
        };
        assert_eq!((error, fat.free()), (VolumeError::NoSpace, 0), "{options}");
        // A failed directory takes no room.
        let failed = fat.create(root, Some(b"sub"), &new_node(Kind::Directory));
        assert_eq!(failed, Err(VolumeError::NoSpace));
        fat.commit().unwrap();
        let before = tree(&mut fat).unwrap();
        assert!(before.len() > 7);
        let directory = fat.lookup(root, b"full").unwrap().unwrap();
        for (name, _) in files {
            let node = fat.lookup(directory, name.as_bytes()).unwrap().unwrap();
            fat.remove(directory, name.as_bytes(), node).unwrap();
            fat.forget(node, NOW).unwrap();
        }
        fat.remove(root, b"full", directory).unwrap();
        fat.forget(directory, NOW).unwrap();
        assert_eq!(fat.free(), free);
        fat.close().unwrap();
        fsck_disk(&disk);
        assert_eq!(disk.open().free(), free);
    }
}

#[test]
fn fixed_root_directory_gets_full() {
    // 100 entries don't fill the last sector.
    for entries in [112, 100] {
        let mut bytes = mkfs(1440, "-F 12 -r 112");
        bytes[17] = entries;
        let disk = Disk::new(bytes);
        let mut fat = disk.open();
        let root = fat.root();
        let free = fat.free();
        let mut create = |name: &str, kind| {
            let result = fat.create(root, Some(name.as_bytes()), &new_node(kind));
            result.map(|_| ())
        };
        for number in 0..entries {
            create(&format!("F{number}"), Kind::Regular).unwrap();
        }
        for kind in [Kind::Directory, Kind::Regular] {
            assert_eq!(create("another", kind), Err(VolumeError::NoSpace));
        }
        assert_eq!(fat.names(root).len(), usize::from(entries));
        assert_eq!(fat.free(), free);
        fat.close().unwrap();
        // fsck.fat accepts no root directory that ends within a sector.
        if entries == 112 {
            fsck_disk(&disk);
        }
    }
}

#[test]
fn directory_has_at_most_65536_slots() {
    let disk = Disk::new(mkfs(20000, "-F 16 -s 4"));
    let mut fat = disk.open();
    let root = fat.root();
    let directory = fat.make_directory(root, "large");
    // A volume label is no file, and takes a slot.
    let put = |at: usize, name, attributes| {
        let mut state = disk.state();
        (state.bytes[at], state.bytes[at + 11]) = (name, attributes);
    };
    let crate::directory::Contents::Chain(chain) =
        &mut fat.nodes.get(crate::nodes::Key::of(directory)).unwrap().contents
    else {
        panic!("a directory has a chain");
    };
    for index in 0..1024 {
        if index > 0 {
            chain.extend_with_zeros(&mut fat.table).unwrap();
        }
        let cluster = chain.cluster(&mut fat.table, index).unwrap().unwrap();
        let at = fat.table.geometry.cluster_at(cluster) as usize;
        for slot in if index == 0 { 2 } else { 0 }..64 {
            put(at + slot * 32, b'X', 0x08);
        }
        if index == 1023 {
            put(at + 62 * 32, 0xE5, 0x08);
            put(at + 63 * 32, 0, 0);
        }
    }
    assert_eq!(fat.attributes(directory).unwrap().changeable.size_bytes, 2 << 20);
    let mut create = |name: &[u8]| fat.create(directory, Some(name), &new_node(Kind::Regular));
    assert_eq!(create(b"a name of three slots"), Err(VolumeError::NoSpace));
    create(b"a long name").unwrap();
    assert_eq!(create(b"NAME"), Err(VolumeError::NoSpace));
    assert_eq!(fat.names(directory), ["a long name"]);
    // Another cluster is damage.
    let crate::directory::Contents::Chain(chain) =
        &mut fat.nodes.get(crate::nodes::Key::of(directory)).unwrap().contents
    else {
        panic!("a directory has a chain");
    };
    chain.extend_with_zeros(&mut fat.table).unwrap();
    assert!(matches!(fat.lookup(directory, b"none"), Err(VolumeError::Damaged(_))));
    assert!(matches!(fat.attributes(directory), Err(VolumeError::Damaged(_))));
}

#[test]
fn directory_of_5000_files() {
    let disk = Disk::new(mkfs(36000, "-F 32 -s 1"));
    let mut fat = disk.open();
    let root = fat.root();
    let directory = fat.make_directory(root, "many");
    for number in 0..5000 {
        let node = fat.make(directory, &format!("file number {number}.text"), b"");
        fat.forget(node, NOW).unwrap();
    }
    // In pieces, while others come and go.
    let (mut seen, mut cursor) = (BTreeSet::new(), 0);
    loop {
        let mut last = None;
        fat.read_directory(directory, cursor, &mut |entry| {
            if last.is_some_and(|(count, _)| count == 100) {
                return false;
            }
            let name = core::str::from_utf8(entry.name).unwrap();
            if name.starts_with("file") {
                assert!(seen.insert(std::string::String::from(name)), "{name} twice");
            }
            last = Some((last.map_or(1, |(count, _)| count + 1), entry.next));
            true
        })
        .unwrap();
        let Some((_, next)) = last else {
            break;
        };
        cursor = next;
        let name = format!("another one {}", cursor % 3);
        match fat.lookup(directory, name.as_bytes()).unwrap() {
            Some(node) => {
                fat.remove(directory, name.as_bytes(), node).unwrap();
                fat.forget(node, NOW).unwrap();
            }
            None => {
                let node = fat.make(directory, &name, b"");
                fat.forget(node, NOW).unwrap();
            }
        }
    }
    assert_eq!(seen.len(), 5000);
    fat.close().unwrap();
    fsck_disk(&disk);
}
