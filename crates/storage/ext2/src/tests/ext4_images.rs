//! Volumes of ext4 that mke2fs and debugfs filled, compared to the files that they were made of, and
//! to what another reader finds in them.

use std::boxed::Box;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::format;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::Path;
use std::string::String;
use std::vec;
use std::vec::Vec;

use volume::{Kind, MapFor, NodeId, Volume, VolumeError};

use super::host::{self, Temporary};
use super::session::{NOW, Session, new};
use crate::Format;
use crate::block_map::Run;
use crate::extents::depth;
use crate::fields::InodeNumber;

/// Options of volumes that both readers know.
const OPTIONS: [&[&str]; 7] = [
    &["-t", "ext4", "-b", "1024"],
    &["-t", "ext4", "-b", "2048", "-O", "^metadata_csum"],
    &["-t", "ext4", "-b", "4096"],
    &["-t", "ext4", "-b", "1024", "-O", "^has_journal,^metadata_csum,uninit_bg", "-I", "1024"],
    &["-t", "ext4", "-b", "1024", "-O", "^extents,^64bit,metadata_csum_seed"],
    &["-t", "ext3", "-b", "1024"],
    &["-t", "ext2", "-b", "4096"],
];

/// Options of volumes that the other reader doesn't know.
const MORE_OPTIONS: [&[&str]; 2] = [
    &["-t", "ext4", "-b", "4096", "-O", "^64bit,^flex_bg", "-I", "128"],
    &["-t", "ext4", "-b", "1024", "-O", "mmp,large_dir,ea_inode", "-g", "1024"],
];

/// Files, the numbers of their pieces, and the levels of nodes that extents for them need.
const PIECES: [(&str, u64, u16); 3] =
    [("piece", 1, 0), ("some pieces", 200, 1), ("pieces", 2000, 2)];

/// Makes files of many kinds.
fn make_tree(root: &Path) {
    let bytes = |len: usize| -> Vec<u8> {
        (0..len).map(|index| (index / 3) as u8 ^ (index >> 10) as u8).collect()
    };
    for len in [0, 1, 59, 60, 1023, 1024, 4095, 4096, 4097, 50_000, 700_000] {
        fs::write(root.join(format!("file {len}")), bytes(len)).unwrap();
    }
    fs::create_dir_all(root.join("a/b/c/d")).unwrap();
    fs::write(root.join("a/b/c/d").join("n".repeat(255)), "long").unwrap();
    fs::write(root.join("a/\u{e4}\u{1f600}"), "UTF-8").unwrap();
    fs::hard_link(root.join("file 60"), root.join("a/b/same")).unwrap();
    for len in [1, 59, 60, 61, 1000] {
        symlink("x".repeat(len), root.join(format!("link {len}"))).unwrap();
    }
    // With holes of all sizes, one at the end.
    let sparse = fs::File::create(root.join("sparse")).unwrap();
    for (offset, len) in [(4096, 5000), (1 << 20, 1), (40 << 20, 9000), (5 << 30, 300)] {
        sparse.write_all_at(&bytes(len), offset).unwrap();
    }
    sparse.set_len((6 << 30) + 77).unwrap();
    for (name, count, _) in PIECES {
        let file = fs::File::create(root.join(name)).unwrap();
        for index in 0..count {
            file.write_all_at(&index.to_le_bytes(), index * 8192).unwrap();
        }
    }
}

/// Compares a directory of the volume to one of the host.
fn compare(session: &mut Session, directory: NodeId, host: &Path) {
    let mut expected: HashSet<_> =
        fs::read_dir(host).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for (name, node, kind) in session.entries(directory, 100) {
        if name == "lost+found" {
            continue;
        }
        assert!(expected.remove(OsStr::new(&name)), "{name}");
        let path = host.join(&name);
        let stored = session.volume.lookup(directory, name.as_bytes()).unwrap();
        assert_eq!(stored, Some(node), "{}", path.display());
        let attributes = session.attributes(node);
        assert_eq!(kind, Some(attributes.kind), "{}", path.display());
        let metadata = fs::symlink_metadata(&path).unwrap();
        let changeable = attributes.changeable;
        assert_eq!(u32::from(changeable.mode), metadata.mode() & 0o7777);
        assert_eq!(changeable.modified.0 / 1_000_000_000, metadata.mtime());
        assert_eq!((changeable.uid, changeable.gid), (metadata.uid(), metadata.gid()));
        if metadata.is_dir() {
            assert_eq!(attributes.kind, Kind::Directory);
            assert_eq!(session.volume.parent(node), Ok(directory));
            compare(session, node, &path);
            continue;
        }
        assert_eq!(u64::from(attributes.links), metadata.nlink(), "{}", path.display());
        assert_eq!(changeable.size_bytes, metadata.len(), "{}", path.display());
        if metadata.is_symlink() {
            let mut text = Vec::new();
            session.volume.link_text(node, &mut text).unwrap();
            assert_eq!(text, fs::read_link(&path).unwrap().as_os_str().as_bytes());
        } else {
            compare_contents(session, node, &fs::File::open(&path).unwrap(), metadata.len());
        }
    }
    assert!(expected.is_empty(), "{}", host.display());
}

/// Compares the contents of files, of which the holes of the volume are compared in parts.
fn compare_contents(session: &mut Session, node: NodeId, host: &fs::File, size: u64) {
    const HOLE_BYTES: u64 = 1 << 16;
    let mut at = 0;
    while at < size {
        let extent = session.volume.map(node, at, size - at, MapFor::Find).unwrap();
        let len = extent.len_bytes.min(size - at);
        let (mut stored, mut expected) = (Vec::new(), Vec::new());
        if let Some(place) = extent.place {
            stored.resize(len as usize, 0);
            session.disk.read_data(place, &mut stored);
        } else {
            stored.resize(len.min(HOLE_BYTES) as usize, 0);
        }
        expected.resize(stored.len(), 1);
        host.read_exact_at(&mut expected, at).unwrap();
        assert!(stored == expected, "{len} bytes at {at}");
        at += len;
    }
}

/// Compares a directory to what another reader finds in the volume.
fn compare_readers(session: &mut Session, other: &ext4_view::Ext4, path: &str) {
    let directory = session.find(path);
    let mut names = Vec::new();
    for entry in other.read_dir(if path.is_empty() { "/" } else { path }).unwrap() {
        let entry = entry.unwrap();
        let name = String::from(entry.file_name().as_str().unwrap());
        if name == "." || name == ".." {
            continue;
        }
        let inner = format!("{path}/{name}");
        let (stored, attributes) = (entry.metadata().unwrap(), {
            let node = session.find(&inner);
            session.attributes(node)
        });
        let changeable = attributes.changeable;
        let size = if stored.is_dir() { changeable.size_bytes } else { stored.len() };
        assert_eq!((changeable.size_bytes, changeable.mode), (size, stored.mode()), "{inner}");
        match attributes.kind {
            Kind::Directory => compare_readers(session, other, &inner),
            // The other reader takes the texts of links for paths of valid names.
            Kind::Symlink if size < 256 => {
                let text = other.read_link(inner.as_str()).unwrap();
                assert_eq!(session.text(&inner), text.as_ref());
            }
            Kind::Regular if (1..1 << 25).contains(&size) => {
                assert!(session.contents(&inner) == other.read(inner.as_str()).unwrap(), "{inner}");
            }
            _ => {}
        }
        names.push(name);
    }
    let mut found: Vec<_> =
        session.entries(directory, 1000).into_iter().map(|(name, ..)| name).collect();
    found.sort();
    names.sort();
    assert_eq!(found, names);
}

pub(super) fn compare_to_other_reader(session: &mut Session, bytes: Vec<u8>) {
    let other = ext4_view::Ext4::load(Box::new(bytes)).unwrap();
    compare_readers(session, &other, "");
}

#[test]
fn reads_what_mke2fs_stored() {
    let tree = Temporary::new();
    fs::create_dir(tree.path()).unwrap();
    make_tree(tree.path());
    for options in OPTIONS.into_iter().chain(MORE_OPTIONS) {
        let mut all = Vec::from(options);
        all.extend_from_slice(&["-d", tree.name(), "-N", "256"]);
        let bytes = host::make(24 << 10, &all);
        let mut session = Session::read_as(bytes.clone(), Format::Ext4).unwrap();
        let properties = session.volume.properties();
        assert!(properties.was_clean && !properties.is_replayed);
        let root = session.volume.root();
        compare(&mut session, root, tree.path());
        assert_eq!(session.find("file 60"), session.find("a/b/same"));
        if OPTIONS.contains(&options) {
            compare_to_other_reader(&mut session, bytes.clone());
        }
        let usage = session.volume.usage().unwrap();
        assert!(usage.free_blocks < usage.blocks && usage.free_nodes < 256, "{usage:?}");
        session.volume.close().unwrap();
        assert!(session.disk.bytes() == bytes);
    }
}

#[test]
fn nodes_of_extents_are_below_each_other() {
    let tree = Temporary::new();
    fs::create_dir(tree.path()).unwrap();
    make_tree(tree.path());
    let options = ["-t", "ext4", "-b", "1024", "-d", tree.name()];
    let mut session = Session::read_as(host::make(24 << 10, &options), Format::Ext4).unwrap();
    for (path, _, expected) in PIECES {
        let number = InodeNumber(session.find(path).0 as u32);
        let inode = session.volume.read_inode(number).unwrap();
        assert_eq!(depth(&inode), expected, "{path}");
    }
}

#[test]
fn directories_of_many_names_are_read() {
    let tree = Temporary::new();
    fs::create_dir_all(tree.path().join("many")).unwrap();
    for index in 0..5000 {
        fs::write(tree.path().join(format!("many/name {index}")), "").unwrap();
    }
    for block_bytes in ["1024", "4096"] {
        let options = ["-t", "ext4", "-b", block_bytes, "-d", tree.name(), "-N", "6000"];
        let mut bytes = host::make(16 << 10, &options);
        // The root of the tree of names, if there is one, is no name.
        let file = Temporary::with(&bytes);
        host::run("e2fsck", &["-f", "-y", "-D", file.name()]);
        bytes = fs::read(file.path()).unwrap();
        assert!(host::debugfs(&mut bytes, &["stat /many"]).contains("Flags: 0x81000"));
        let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
        let root = session.volume.root();
        compare(&mut session, root, tree.path());
        assert!(session.try_find("many/name 5000").is_none());
    }
}

#[test]
fn longest_link_fits_into_a_block() {
    let tree = Temporary::new();
    fs::create_dir(tree.path()).unwrap();
    symlink("y".repeat(4095), tree.path().join("link")).unwrap();
    let bytes = host::make(4096, &["-t", "ext4", "-b", "4096", "-d", tree.name()]);
    let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
    assert_eq!(session.text("link"), vec![b'y'; 4095]);
}

#[test]
fn blocks_that_were_never_written_are_a_hole() {
    let mut bytes = host::make(4096, &["-t", "ext4", "-b", "1024"]);
    let from = Temporary::with(&[b'z'; 3000]);
    let write = format!("write {} file", from.name());
    host::debugfs(&mut bytes, &[&write, "fallocate file 3 9", "sif file size 20000"]);
    let mut session = Session::read_as(bytes.clone(), Format::Ext4).unwrap();
    let contents = session.contents("file");
    assert!(contents[..3000] == [b'z'; 3000] && contents[3000..] == [0; 17_000]);
    let node = session.find("file");
    let inode = session.volume.read_inode(InodeNumber(node.0 as u32)).unwrap();
    let run = |index, blocks| session.volume.find(&inode, index, blocks).unwrap();
    let hole = |blocks| Run { start: None, blocks, is_new: false };
    assert_eq!(run(3, 100), hole(7));
    assert_eq!(run(10, 100), hole(100));
    assert_eq!(run(1 << 40, 100), hole(100));
    compare_to_other_reader(&mut session, bytes);
}

#[test]
fn devices_and_room_are_those_of_the_inode() {
    let mut bytes = host::make(4096, &["-t", "ext4"]);
    let commands = [
        "mknod device b 259 60000",
        "mknod fifo p",
        "sif fifo block[IND] 0",
        "sif device flags 0",
        "sif fifo blocks 0x100000008",
        "sif device uid 70000",
    ];
    host::debugfs(&mut bytes, &commands);
    let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
    let (device, fifo) = (session.find("device"), session.find("fifo"));
    assert_eq!(session.attributes(device).kind, Kind::BlockDevice(259, 60_000));
    assert_eq!(session.attributes(device).changeable.uid, 70_000);
    assert_eq!(session.attributes(fifo).kind, Kind::Fifo);
    assert_eq!(session.attributes(fifo).blocks_512, 0x1_0000_0008);
}

#[test]
fn nothing_can_be_changed() {
    let bytes = host::make(4096, &["-t", "ext4"]);
    let mut session = Session::read_as(bytes.clone(), Format::Ext4).unwrap();
    let (root, found) = (session.volume.root(), session.find("lost+found"));
    let error = VolumeError::ReadOnly;
    let attributes = session.attributes(found).changeable;
    assert_eq!(session.volume.create(root, Some(b"a"), &new(Kind::Regular)), Err(error));
    assert_eq!(session.volume.link(root, b"a", found), Err(error));
    assert_eq!(session.volume.remove(root, b"lost+found", found), Err(error));
    assert_eq!(session.volume.set_attributes(found, &attributes), Err(error));
    assert_eq!(session.volume.truncate(found, 0), Err(error));
    assert_eq!(session.volume.map(found, 0, 1, MapFor::Write), Err(error));
    assert_eq!(session.volume.forget(found, NOW), Ok(()));
    assert_eq!((session.volume.commit(), session.volume.close()), (Ok(()), Ok(())));
    assert!(session.disk.bytes() == bytes);
}

#[test]
fn features_that_are_not_known_are_named() {
    let refused = |options: &[&str], format, name| {
        let bytes = host::make(16 << 10, options);
        let error = Session::read_as(bytes, format).err();
        assert_eq!(error, Some(VolumeError::Unsupported(name)), "{options:?}");
    };
    for (feature, name) in [
        ("inline_data", "the feature inline_data"),
        ("encrypt", "the feature encrypt"),
        ("casefold", "the feature casefold"),
        ("meta_bg,^resize_inode", "the feature meta_bg"),
        ("bigalloc", "the feature bigalloc"),
    ] {
        refused(&["-t", "ext4", "-O", feature], Format::Ext4, name);
    }
    refused(&["-t", "ext4"], Format::Ext3, "the feature extents");
    refused(&["-t", "ext4"], Format::Ext2, "the feature extents");
    let none = Session::read_as(vec![0; 1 << 20], Format::Ext4).err();
    assert_eq!(none, Some(VolumeError::OtherKind));
}
