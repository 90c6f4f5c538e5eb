//! Volumes that mke2fs and debugfs filled, and such that can't be opened.

use std::fs;
use std::string::String;
use std::vec;
use std::vec::Vec;
use std::{format, os};

use volume::{Access, Kind, Volume, VolumeError};

use super::disk::Disk;
use super::host::{self, Temporary};
use super::session::{Session, new};
use crate::{Ext2, Format};

/// The options of volumes of all kinds that are written.
pub(super) const OPTIONS: [&[&str]; 10] = [
    &["-t", "ext2", "-b", "1024"],
    &["-t", "ext2", "-b", "2048"],
    &["-t", "ext2", "-b", "4096"],
    &["-t", "ext2", "-b", "1024", "-I", "128", "-O", "^dir_index"],
    &["-t", "ext2", "-b", "4096", "-I", "256", "-O", "dir_index"],
    &["-t", "ext2", "-b", "1024", "-I", "1024", "-O", "^filetype"],
    &["-t", "ext2", "-b", "1024", "-g", "1024", "-O", "^sparse_super,^resize_inode"],
    &["-t", "ext2", "-b", "2048", "-g", "2048", "-O", "sparse_super2,^resize_inode"],
    &["-t", "ext3", "-b", "1024"],
    &["-r", "0", "-b", "1024", "-O", "none"],
];

fn pattern(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|index| (index / 7) as u8 ^ (index >> 9) as u8 ^ seed).collect()
}

#[test]
fn reads_what_mke2fs_stored() {
    for options in OPTIONS {
        let tree = Temporary::new();
        let root = tree.path();
        fs::create_dir_all(root.join("one/two/three")).unwrap();
        let large = pattern(900_000, 3);
        fs::write(root.join("one/large"), &large).unwrap();
        fs::write(root.join("one/two/small"), b"small").unwrap();
        fs::write(root.join("empty"), b"").unwrap();
        fs::hard_link(root.join("empty"), root.join("one/same")).unwrap();
        for len in [1, 59, 60, 200] {
            let text = "x".repeat(len);
            os::unix::fs::symlink(&text, root.join(format!("link{len}"))).unwrap();
        }
        for number in 0..300 {
            fs::write(root.join(format!("one/two/three/file with a long name {number}")), b"")
                .unwrap();
        }
        let mut all = Vec::from(options);
        all.extend_from_slice(&["-d", tree.name()]);
        let bytes = host::make(8192, &all);
        let mut session = Session::try_open(bytes.clone(), Access::ReadOnly).unwrap();
        assert!(session.volume.properties().was_clean);
        assert_eq!(session.contents("one/large"), large);
        assert_eq!(session.contents("one/two/small"), b"small");
        assert_eq!(session.contents("empty"), b"");
        assert_eq!(session.find("empty"), session.find("one/same"));
        for len in [1, 59, 60, 200] {
            assert_eq!(session.text(&format!("link{len}")), vec![b'x'; len]);
        }
        assert_eq!(session.names("one"), ["large", "same", "two"]);
        assert_eq!(session.names("one/two/three").len(), 300);
        let three = session.find("one/two/three");
        let parent = session.volume.parent(three).unwrap();
        assert_eq!(parent, session.find("one/two"));
        assert_eq!(session.volume.parent(session.volume.root()).unwrap(), session.volume.root());
        assert_eq!(session.attributes(parent).links, 3);
        let empty = session.find("empty");
        assert_eq!(session.attributes(empty).links, 2);
        // Nothing was written.
        session.volume.close().unwrap();
        assert!(session.disk.bytes() == bytes);
    }
}

#[test]
fn reads_what_debugfs_made() {
    let mut bytes = host::make(4096, &["-t", "ext2"]);
    let commands = [
        "mknod old c 4 64",
        "mknod new b 259 60000",
        "mknod fifo p",
        "sif fifo mode 0140755",
        "mkdir directory",
        "sif directory uid 70000",
        "sif directory gid 3000000000",
        "sif directory mode 041777",
        "sif directory atime 20010909014640",
    ];
    host::debugfs(&mut bytes, &commands);
    let mut session = Session::open(bytes);
    let kinds = [
        ("old", Kind::CharDevice(4, 64)),
        ("new", Kind::BlockDevice(259, 60000)),
        ("fifo", Kind::Socket),
        ("directory", Kind::Directory),
    ];
    for (path, kind) in kinds {
        let node = session.find(path);
        assert_eq!(session.attributes(node).kind, kind, "{path}");
    }
    let node = session.find("directory");
    let attributes = session.attributes(node).changeable;
    assert_eq!((attributes.uid, attributes.gid, attributes.mode), (70_000, 3_000_000_000, 0o1777));
    assert_eq!(attributes.accessed.0, 1_000_000_000 * 1_000_000_000);
    let root = session.volume.root();
    let kinds: Vec<_> =
        session.entries(root, 2).into_iter().map(|entry| (entry.0, entry.2)).collect();
    assert!(kinds.contains(&(String::from("old"), Some(Kind::CharDevice(0, 0)))));
    assert!(kinds.contains(&(String::from("new"), Some(Kind::BlockDevice(0, 0)))));
    assert!(kinds.contains(&(String::from("directory"), Some(Kind::Directory))));
}

#[test]
fn directory_with_index_loses_it_when_a_name_is_added() {
    let tree = Temporary::new();
    fs::create_dir_all(tree.path().join("many")).unwrap();
    for number in 0..400 {
        fs::write(tree.path().join(format!("many/file with a long name {number}")), b"").unwrap();
    }
    let options = ["-t", "ext2", "-b", "1024", "-O", "dir_index", "-d", tree.name()];
    // e2fsck makes the index.
    let file = Temporary::with(&host::make(8192, &options));
    let output = host::run("e2fsck", &["-f", "-y", "-D", file.name()]);
    assert!(matches!(output.status.code(), Some(0 | 1)));
    let mut bytes = fs::read(file.path()).unwrap();
    let has_index =
        |bytes: &mut Vec<u8>| host::debugfs(bytes, &["stat /many"]).contains("Flags: 0x1000");
    assert!(has_index(&mut bytes));

    let mut session = Session::open(bytes);
    assert_eq!(session.names("many").len(), 400);
    session.remove("many/file with a long name 7").unwrap();
    let mut bytes = session.close();
    assert!(has_index(&mut bytes));
    let mut session = Session::open(bytes);
    session.create("many/one more", Kind::Regular);
    let mut bytes = session.close();
    assert!(!has_index(&mut bytes));
    let mut session = Session::open(bytes);
    assert_eq!(session.names("many").len(), 400);
    session.find("many/one more");
    session.find("many/file with a long name 399");
}

#[test]
fn kinds_of_names_are_unknown_without_the_feature() {
    let mut session = Session::make(2048, &["-t", "ext2", "-b", "1024", "-O", "^filetype"]);
    session.create("a", Kind::Fifo);
    let root = session.volume.root();
    assert!(session.entries(root, 9).iter().all(|entry| entry.2.is_none()));
    session.close();
}

fn opened(bytes: Vec<u8>, access: Access) -> Result<(), VolumeError> {
    Ext2::open(Disk::new(bytes), access).map(drop)
}

#[test]
fn other_disks_are_told_apart() {
    for len in [0, 1024, 2047, 2048, 1 << 20] {
        assert_eq!(opened(vec![0; len], Access::ReadOnly), Err(VolumeError::OtherKind));
    }
    let mut bytes = host::make(1024, &["-t", "ext2"]);
    bytes.pop();
    let error = opened(bytes, Access::ReadOnly).unwrap_err();
    assert_eq!(error, VolumeError::Damaged("it is larger than the disk"));
}

#[test]
fn root_that_is_no_directory_is_damage() {
    let mut bytes = host::make(1024, &["-t", "ext2"]);
    host::debugfs(&mut bytes, &["set_inode_field <2> mode 0100755"]);
    let error = opened(bytes.clone(), Access::ReadWrite).unwrap_err();
    assert_eq!(error, VolumeError::Damaged("the root is no directory"));
    let error = Session::read_as(bytes, Format::Ext4).err();
    assert_eq!(error, Some(VolumeError::Damaged("the root is no directory")));
}

#[test]
fn structures_of_a_group_are_apart_and_in_it() {
    let made = host::make(2048, &["-t", "ext2", "-b", "1024"]);
    // The places in the first descriptor: of both bitmaps, and of the inodes.
    let places = [0, 4, 8].map(|at| 2048 + at);
    let inodes = u32::from_le_bytes(made[places[2]..][..4].try_into().unwrap());
    for (at, block) in
        [(places[0], inodes), (places[1], inodes + 1), (places[1], 1), (places[2], 2040)]
    {
        let mut bytes = made.clone();
        bytes[at..at + 4].copy_from_slice(&block.to_le_bytes());
        let error = opened(bytes, Access::ReadOnly).unwrap_err();
        assert_eq!(error, VolumeError::Damaged("a group descriptor"), "{block} at {at}");
    }
}

#[test]
fn features_forbid_to_open_or_to_write() {
    let cases: [(&[&str], &str); 4] = [
        (&["-t", "ext4"], "the feature extents"),
        (&["-t", "ext2", "-O", "flex_bg"], "the feature flex_bg"),
        (&["-t", "ext2", "-O", "meta_bg,^resize_inode"], "the feature meta_bg"),
        (&["-t", "ext2", "-b", "8192"], "a block of more than 4096 bytes"),
    ];
    for (options, name) in cases {
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let bytes = host::make(8192, options);
            assert_eq!(opened(bytes, access), Err(VolumeError::Unsupported(name)));
        }
    }
    let mut bytes = host::make(8192, &["-t", "ext3"]);
    host::debugfs(&mut bytes, &["feature needs_recovery"]);
    let needed = VolumeError::Unsupported("a journal that needs recovery");
    assert_eq!(opened(bytes, Access::ReadOnly), Err(needed));

    let bytes = host::make(8192, &["-t", "ext2", "-O", "huge_file,uninit_bg,extra_isize"]);
    let needed = VolumeError::Unsupported("to write with the feature huge_file");
    assert_eq!(opened(bytes.clone(), Access::ReadWrite), Err(needed));
    let mut session = Session::try_open(bytes, Access::ReadOnly).unwrap();
    assert_eq!(session.names(""), ["lost+found"]);
    let root = session.volume.root();
    let created = session.volume.create(root, Some(b"a"), &new(Kind::Regular));
    assert_eq!(created, Err(VolumeError::ReadOnly));
    assert_eq!(session.volume.truncate(root, 0), Err(VolumeError::ReadOnly));
}
