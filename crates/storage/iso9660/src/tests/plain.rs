//! Images without Rock Ridge and Joliet.

use std::path::{Path, PathBuf};
use std::string::ToString;
use std::vec::Vec;

use volume::{Kind, Time, Volume};

use super::disk::Disk;
use super::source::Source;
use super::tree;
use crate::name::Name;

#[test]
fn names_are_in_lower_case_without_versions() {
    let source = Source::new();
    source.file("readme.txt", "text").file("NOEXT", "none").file("sub/deep/a_b.c", "c");
    source.directory("empty").file("nothing", "");
    let disk = source.image(&["--norock"]);
    let tree = tree::read(&disk);
    let mut expected = Vec::new();
    for path in source.paths() {
        expected.push(PathBuf::from(path.to_string_lossy().to_lowercase()));
    }
    expected.sort();
    assert_eq!(tree.keys().cloned().collect::<Vec<_>>(), expected);
    assert_eq!(tree[Path::new("readme.txt")].bytes, b"text");
    assert_eq!(tree[Path::new("noext")].bytes, b"none");
    assert_eq!(tree[Path::new("sub/deep/a_b.c")].bytes, b"c");
    assert!(!disk.open().properties().has_owners);
}

#[test]
fn attributes_are_defaults() {
    let source = Source::new();
    source.file("a", "text").directory("b");
    source.run("touch", &["-d", "2001-02-03 04:05:06 UTC", "a"]);
    let tree = tree::read(&source.image(&["--norock"]));
    let file = tree[Path::new("a")].attributes;
    assert_eq!((file.kind, file.links, file.blocks_512), (Kind::Regular, 1, 1));
    assert_eq!((file.changeable.mode, file.changeable.size_bytes), (0o555, 4));
    for time in [file.changeable.modified, file.changeable.accessed, file.changeable.changed] {
        assert_eq!(time, Time(981_173_106_000_000_000));
    }
    let directory = tree[Path::new("b")].attributes;
    assert_eq!((directory.kind, directory.links), (Kind::Directory, 1));
    assert_eq!((directory.changeable.mode, directory.changeable.size_bytes), (0o555, 2048));
}

/// Multiplies the numbers of blocks in the records of a directory by `factor`.
fn multiply_blocks(disk: &mut Disk, directory: usize, factor: u32) {
    let len = disk.u32_at(directory + 10) as usize;
    let mut at = directory;
    while at < directory + len {
        if disk.bytes[at] == 0 {
            at = (at + 1).next_multiple_of(2048);
            continue;
        }
        let block = disk.u32_at(at + 2);
        if disk.bytes[at + 25] & 2 != 0 && disk.bytes[at + 33] > 1 {
            multiply_blocks(disk, block as usize * 2048, factor);
        }
        disk.put(at + 2, &(block * factor).to_le_bytes());
        at += usize::from(disk.bytes[at]);
    }
}

#[test]
fn blocks_may_be_smaller_than_sectors() {
    let source = Source::new();
    for index in 0..100 {
        source.file(&std::format!("many/file{index}"), [index; 5]);
    }
    source.file("a/b/c", [1; 3000]);
    let original = source.image(&["--norock"]);
    for factor in [2, 4] {
        let mut disk = Disk::new(original.bytes.clone());
        let descriptor = 16 * 2048;
        disk.put(descriptor + 128, &(2048 / factor as u16).to_le_bytes());
        let root = disk.u32_at(descriptor + 158);
        disk.put(descriptor + 158, &(root * factor).to_le_bytes());
        multiply_blocks(&mut disk, root as usize * 2048, factor);
        assert_eq!(disk.open().properties().block_bytes, 2048 / factor);
        let (tree, expected) = (tree::read(&disk), tree::read(&original));
        assert!(tree.keys().eq(expected.keys()));
        assert!(tree.values().zip(expected.values()).all(|(one, other)| one.bytes == other.bytes));
    }
}

#[test]
fn identifiers_become_names_as_on_linux() {
    for (identifier, name) in [
        ("FILE.TXT;1", "file.txt"),
        ("FILE.;1", "file"),
        ("FILE;1", "file"),
        ("FILE.TXT;2", "file.txt.2"),
        ("FILE.", "file."),
        ("A/B.C", "a.b.c"),
        ("DIR", "dir"),
        ("a;1b", "a.1b"),
    ] {
        let found = Name::of_identifier(identifier.as_bytes()).expect("it is short");
        assert_eq!(std::str::from_utf8(found.as_bytes()).unwrap().to_string(), name);
    }
}
