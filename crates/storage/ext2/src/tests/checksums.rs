//! The checksums of structures of ext4.

use std::format;
use std::fs;
use std::os::unix::fs::FileExt;
use std::vec::Vec;

use volume::{MapFor, Volume, VolumeError};

use super::host::{self, Temporary};
use super::session::Session;
use crate::Format;
use crate::checksum::{START, checksum};

#[test]
fn checksum_continues_that_of_the_bytes_before() {
    // The check value of CRC-32C is E3069283, which is inverted.
    assert_eq!(checksum(START, b"123456789"), !0xE306_9283);
    assert_eq!(checksum(checksum(START, b"1234"), b"56789"), !0xE306_9283);
    assert_eq!(checksum(START, b""), START);
}

/// Makes a volume with a directory that has an index, and a file with a block of extents.
fn make(options: &[&str]) -> Vec<u8> {
    let tree = Temporary::new();
    fs::create_dir_all(tree.path().join("many")).unwrap();
    for index in 0..200 {
        fs::write(tree.path().join(format!("many/a long name {index}")), "").unwrap();
    }
    let pieces = fs::File::create(tree.path().join("pieces")).unwrap();
    for index in 0..20 {
        pieces.write_all_at(b"piece", index * 8192).unwrap();
    }
    let mut all = Vec::from(["-t", "ext4", "-b", "1024", "-d", tree.name()]);
    all.extend_from_slice(options);
    let file = Temporary::with(&host::make(4096, &all));
    host::run("e2fsck", &["-f", "-y", "-D", file.name()]);
    fs::read(file.path()).unwrap()
}

/// Looks at all of a volume that `make` made.
fn read(bytes: &[u8]) -> Result<usize, VolumeError> {
    let mut session = Session::read_as(bytes.to_vec(), Format::Ext4)?;
    let volume = &mut session.volume;
    let root = volume.root();
    let found = |node: Option<_>| node.ok_or(VolumeError::NotSupported);
    let many = found(volume.lookup(root, b"many")?)?;
    let pieces = found(volume.lookup(root, b"pieces")?)?;
    volume.map(pieces, 0, 1, MapFor::Find)?;
    let mut names = 0;
    volume.read_directory(many, 0, &mut |_| {
        names += 1;
        true
    })?;
    Ok(names)
}

#[test]
fn damage_to_structures_is_found() {
    for options in
        [&["-I", "256"], &["-I", "128"], &["-O", "^64bit"], &["-O", "metadata_csum_seed"]]
    {
        let mut whole = make(options);
        assert_eq!(read(&whole), Ok(200), "{options:?}");
        let shown = host::debugfs(&mut whole, &["imap many", "blocks many", "ex pieces"]);
        let number_after = |word: &str| -> usize {
            let (_, rest) = shown.split_once(word).unwrap();
            let digits = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
            digits.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
        };
        let (_, offset) = shown.split_once("offset 0x").unwrap();
        let offset = usize::from_str_radix(offset.split_whitespace().next().unwrap(), 16).unwrap();
        let inode = number_after("located at block") * 1024 + offset;
        let blocks: Vec<usize> = shown
            .lines()
            .skip_while(|line| !line.contains("blocks many"))
            .nth(1)
            .unwrap()
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        // The line of the root of the extents ends with the block below it, and a length.
        let root = shown.lines().find(|line| line.trim_start().starts_with("0/ 1")).unwrap();
        let mut numbers =
            root.split_whitespace().rev().filter_map(|word| word.parse::<usize>().ok());
        let node = numbers.nth(1).unwrap();
        let cases = [
            (1024 + 0x78, "the checksum of the superblock"),
            (2048 + 0x0C, "the checksum of a group descriptor"),
            (inode + 0x08, "the checksum of an inode"),
            (blocks[1] * 1024 + 9, "the checksum of a directory"),
            (blocks[2] * 1024 + 1020, "the checksum of a directory"),
            (blocks[2] * 1024 + 1012, "the checksum of a directory"),
            (node * 1024 + 20, "the checksum of extents"),
        ];
        for (at, what) in cases {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x20;
            assert_eq!(read(&bytes), Err(VolumeError::Damaged(what)), "{options:?}, {at}");
        }
    }
}
