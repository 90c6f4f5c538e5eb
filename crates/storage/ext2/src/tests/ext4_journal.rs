//! Volumes whose journal has changes that are missing elsewhere, made by debugfs.

use std::format;
use std::fs;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use volume::{MapFor, Volume, VolumeError};

use super::ext4_images::compare_to_other_reader;
use super::host::{self, Temporary};
use super::session::Session;
use crate::Format;
use crate::replayed::ESCAPED;

const BLOCK_BYTES: usize = 1024;
const OPTIONS: [&str; 4] = ["-t", "ext4", "-b", "1024"];
/// How the journal is opened: without checksums, and with both versions.
const CHECKSUMS: [&str; 3] = ["jo", "jo -c -v 2", "jo -c -v 3"];

/// How a commit block begins.
const COMMIT: [u8; 8] = [0xC0, 0x3B, 0x39, 0x98, 0, 0, 0, 2];

fn blocks(bytes: &[u8]) -> impl Iterator<Item = &[u8; BLOCK_BYTES]> {
    bytes.as_chunks().0.iter()
}

/// Writes blocks of `new` that differ from those of `old` as one transaction. `options` are those of
/// debugfs' command.
pub(super) fn put_difference(old: &mut Vec<u8>, new: &[u8], open: &str, options: &str) {
    let (mut numbers, mut contents) = (Vec::new(), Vec::new());
    for (number, (old, new)) in blocks(old).zip(blocks(new)).enumerate() {
        if old != new {
            numbers.push(number.to_string());
            contents.extend_from_slice(new);
        }
    }
    assert!(!numbers.is_empty());
    put(old, open, &format!("-b {} {options}", numbers.join(",")), &contents);
}

/// Writes a transaction.
fn put(bytes: &mut Vec<u8>, open: &str, options: &str, contents: &[u8]) {
    let file = Temporary::with(contents);
    let write = format!("jw {options} {}", file.name());
    let shown = host::debugfs(bytes, &[open, &write, "jc"]);
    let is_wrong = ["rror", "nvalid", "not "].iter().any(|word| shown.contains(word));
    assert!(!is_wrong, "{shown}");
}

/// Makes a volume with some files, and the same with others.
fn make(more: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let tree = Temporary::new();
    fs::create_dir(tree.path()).unwrap();
    fs::write(tree.path().join("old"), "old").unwrap();
    fs::write(tree.path().join("changed"), [b'a'; 5000]).unwrap();
    let mut options = Vec::from(OPTIONS);
    options.extend_from_slice(more);
    options.extend_from_slice(&["-d", tree.name()]);
    let before = host::make(8192, &options);
    let mut after = before.clone();
    let (large, small) = (Temporary::with(&[b'l'; 30_000]), Temporary::with(b"small"));
    host::debugfs(
        &mut after,
        &[
            "mkdir directory",
            &format!("write {} directory/large", large.name()),
            &format!("write {} small", small.name()),
            "symlink link text",
            "rm old",
            "sif changed mode 0100600",
        ],
    );
    (before, after)
}

/// Checks that a volume is what `make` makes of it.
fn assert_after(session: &mut Session) {
    assert_eq!(session.names(""), ["changed", "directory", "link", "lost+found", "small"]);
    assert_eq!(session.contents("directory/large"), [b'l'; 30_000]);
    assert_eq!(session.contents("small"), b"small");
    assert_eq!(session.text("link"), b"text");
    let changed = session.find("changed");
    assert_eq!(session.attributes(changed).changeable.mode, 0o600);
}

#[test]
fn changes_in_the_journal_are_read_and_not_written() {
    for open in CHECKSUMS {
        for more in [&[] as &[&str], &["-O", "^64bit,^metadata_csum"]] {
            let (mut bytes, after) = make(more);
            put_difference(&mut bytes, &after, open, "");
            let mut session = Session::read_as(bytes.clone(), Format::Ext4).unwrap();
            assert!(session.volume.properties().is_replayed);
            assert_after(&mut session);
            // The other reader knows one format.
            if open.ends_with('3') && more.is_empty() {
                compare_to_other_reader(&mut session, bytes.clone());
            }
            session.volume.close().unwrap();
            assert!(session.disk.bytes() == bytes);
            // e2fsck finds the same.
            host::mend(&mut bytes);
            assert_after(&mut Session::read_as(bytes, Format::Ext4).unwrap());
        }
    }
}

#[test]
fn journal_of_ext3_is_read() {
    let mut bytes = host::make(8192, &["-t", "ext3", "-b", "1024"]);
    let mut after = bytes.clone();
    host::debugfs(&mut after, &["mkdir directory"]);
    put_difference(&mut bytes, &after, "jo", "");
    let error = Session::read_as(bytes.clone(), Format::Ext2).err();
    assert_eq!(error, Some(VolumeError::Unsupported("a journal that needs recovery")));
    let mut session = Session::read_as(bytes, Format::Ext3).unwrap();
    assert_eq!(session.names(""), ["directory", "lost+found"]);
}

#[test]
fn transaction_that_is_not_complete_does_not_count() {
    for open in CHECKSUMS {
        let (mut bytes, after) = make(&[]);
        put_difference(&mut bytes, &after, open, "");
        let commit = commit_at(&bytes);
        bytes[commit] = 0;
        let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
        assert!(session.volume.properties().is_replayed);
        assert_eq!(session.names(""), ["changed", "lost+found", "old"]);
    }
}

/// Returns the numbers of a file's blocks.
fn blocks_of(bytes: &[u8], path: &str) -> Vec<u32> {
    let mut bytes = bytes.to_vec();
    let shown = host::debugfs(&mut bytes, &[&format!("blocks {path}")]);
    shown.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn newest_copy_of_a_block_counts() {
    let (mut bytes, _) = make(&[]);
    let places = blocks_of(&bytes, "/changed");
    let contents = |bytes: &[u8]| {
        let mut session = Session::read_as(bytes.to_vec(), Format::Ext4).unwrap();
        let contents = session.contents("changed");
        let starts = [0, 1024, 2048, 3072, 4096].map(|at| contents[at] as char);
        assert!((0..5000).all(|at| contents[at] as char == starts[at / 1024]));
        String::from_iter(starts)
    };
    assert_eq!(contents(&bytes), "aaaaa");
    let [first, second, third] = [places[0], places[1], places[2]];
    put(&mut bytes, "jo", &format!("-b {third},{first}"), &[[b'b'; 1024], [b'c'; 1024]].concat());
    assert_eq!(contents(&bytes), "cabaa");
    put(&mut bytes, "jo", &format!("-b {second},{first}"), &[b'd'; 2048]);
    assert_eq!(contents(&bytes), "ddbaa");
    // Copies that were written before don't count any more.
    put(&mut bytes, "jo", &format!("-r {first},{third}"), b"");
    assert_eq!(contents(&bytes), "adaaa");
    put(&mut bytes, "jo", &format!("-b {first}"), &[b'e'; 1024]);
    assert_eq!(contents(&bytes), "edaaa");
    host::mend(&mut bytes);
    assert_eq!(contents(&bytes), "edaaa");
}

#[test]
fn pieces_of_a_file_are_where_the_newest_copies_are() {
    let (mut bytes, _) = make(&[]);
    let places = blocks_of(&bytes, "/changed");
    put(&mut bytes, "jo", &format!("-b {},{}", places[1], places[2]), &[b'b'; 2048]);
    let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
    let node = session.find("changed");
    let mut lens = Vec::new();
    let mut at = 0;
    while at < 5000 {
        let extent = session.volume.map(node, at, 5000 - at, MapFor::Find).unwrap();
        lens.push(extent.len_bytes);
        at += extent.len_bytes;
    }
    assert_eq!(lens, [1024, 1024, 1024, 5000 - 3072]);
    assert_eq!(session.volume.map(node, 1500, 5000, MapFor::Find).unwrap().len_bytes, 548);
}

#[test]
fn blocks_that_look_like_those_of_the_journal_are_escaped() {
    let (mut bytes, mut after) = make(&[]);
    // The text of a link, in a block.
    host::debugfs(&mut after, &[&format!("symlink far {}", "t".repeat(100))]);
    let [place] = blocks_of(&after, "/far")[..] else { panic!("a link has one block") };
    let at = place as usize * BLOCK_BYTES;
    after[at..at + 4].copy_from_slice(&ESCAPED);
    let contents = blocks_of(&after, "/small")[0] as usize * BLOCK_BYTES;
    after[contents..contents + 4].copy_from_slice(&ESCAPED);
    put_difference(&mut bytes, &after, "jo -c -v 3", "");
    let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
    let text = session.text("far");
    assert!(text[..4] == ESCAPED && text[4..] == [b't'; 96]);
    // The bytes of a file are read where they are, and these are nowhere.
    let small = session.find("small");
    let error = session.volume.map(small, 0, 5, MapFor::Find).unwrap_err();
    assert_eq!(error, VolumeError::Unsupported("a file's block escaped in the journal"));
}

/// Returns where the blocks of the journal are.
fn journal(bytes: &[u8]) -> Vec<usize> {
    blocks_of(bytes, "<8>").into_iter().map(|block| block as usize * BLOCK_BYTES).collect()
}

/// Returns where the commit block of the first transaction is.
fn commit_at(bytes: &[u8]) -> usize {
    let is_commit = |at: &usize| bytes[*at..].starts_with(&COMMIT);
    journal(bytes).into_iter().find(is_commit).expect("there is a transaction")
}

#[test]
fn log_is_a_ring() {
    let (mut bytes, after) = make(&[]);
    put_difference(&mut bytes, &after, "jo -c -v 3", "");
    // It begins near the end of the journal instead of at the first block.
    let places = journal(&bytes);
    let at = |index: usize| places[index];
    let shift = places.len() - 4;
    let old: Vec<_> = (1..places.len()).map(|index| bytes[at(index)..][..1024].to_vec()).collect();
    for (index, block) in old.iter().enumerate() {
        let to = (index + shift - 1) % (places.len() - 1) + 1;
        bytes[at(to)..][..1024].copy_from_slice(block);
    }
    let superblock = at(0);
    bytes[superblock + 0x1C..superblock + 0x20].copy_from_slice(&(shift as u32).to_be_bytes());
    set_checksum(&mut bytes, superblock);
    assert_after(&mut Session::read_as(bytes, Format::Ext4).unwrap());
}

/// Makes the checksum of a journal's superblock right.
fn set_checksum(bytes: &mut [u8], at: usize) {
    bytes[at + 0xFC..at + 0x100].fill(0);
    let sum = crate::checksum::checksum(crate::checksum::START, &bytes[at..at + 1024]);
    bytes[at + 0xFC..at + 0x100].copy_from_slice(&sum.to_be_bytes());
}

#[test]
fn damage_in_the_log_is_found_by_checksums() {
    for open in &CHECKSUMS[1..] {
        let (mut whole, after) = make(&[]);
        put_difference(&mut whole, &after, open, "");
        let (log, commit) = (journal(&whole), commit_at(&whole));
        let (descriptor, copy) = (log[1], log[2]);
        for at in
            [descriptor + 0x10, descriptor + 0x200, copy, log[3] + 99, commit + 20, commit + 99]
        {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let error = Session::read_as(bytes, Format::Ext4).err();
            assert_eq!(error, Some(VolumeError::Damaged("the journal")), "{open}, {at}");
        }
        // Without its commit block, the transaction wasn't complete.
        let mut bytes = whole.clone();
        bytes[descriptor + 0x10] ^= 0x10;
        bytes[commit] = 0;
        let mut session = Session::read_as(bytes, Format::Ext4).unwrap();
        assert_eq!(session.names(""), ["changed", "lost+found", "old"]);
    }
}

#[test]
fn superblock_of_the_journal_has_to_fit() {
    let (mut whole, after) = make(&[]);
    put_difference(&mut whole, &after, "jo", "");
    let at = journal(&whole)[0];
    let open = |changes: &[(usize, u32)]| {
        let mut bytes = whole.clone();
        for (offset, value) in changes {
            bytes[at + offset..at + offset + 4].copy_from_slice(&value.to_be_bytes());
        }
        Session::read_as(bytes, Format::Ext4).err()
    };
    let damaged = Some(VolumeError::Damaged("the journal"));
    assert_eq!(open(&[]), None);
    let cases = [
        (0, 1),
        (4, 2),
        (0xC, 4096),
        (0x10, 0),
        (0x10, 1 << 20),
        (0x14, 0),
        (0x14, 5000),
        (0x1C, 5000),
    ];
    for case in cases {
        assert_eq!(open(&[case]), damaged, "{case:?}");
    }
    assert_eq!(open(&[(0x1C, 0)]), None);
    let unsupported = |name| Some(VolumeError::Unsupported(name));
    let features = |value| open(&[(4, 4), (0x28, value)]);
    assert_eq!(features(0x4), unsupported("a journal with the feature async_commit"));
    assert_eq!(features(0x20), unsupported("a journal with the feature fast_commit"));
    assert_eq!(features(0x40), unsupported("a journal with an unknown feature"));
    assert_eq!(open(&[(4, 4), (0x28, 0x20), (0x1C, 0)]), None);
    assert_eq!(features(0x18), damaged);
}

#[test]
fn journal_on_another_disk_is_named() {
    let (mut bytes, after) = make(&[]);
    put_difference(&mut bytes, &after, "jo", "");
    host::debugfs(&mut bytes, &["ssv journal_inum 0", "ssv journal_dev 0x801"]);
    let error = Session::read_as(bytes, Format::Ext4).err();
    assert_eq!(error, Some(VolumeError::Unsupported("a journal on another disk")));
}

#[test]
fn copies_of_blocks_outside_of_the_volume_are_damage() {
    let (mut bytes, _) = make(&[]);
    put(&mut bytes, "jo", "-b 100", &vec![0; 1024]);
    let tag = journal(&bytes)[1] + 12;
    assert_eq!(bytes[tag..tag + 4], 100_u32.to_be_bytes());
    bytes[tag..tag + 4].copy_from_slice(&8192_u32.to_be_bytes());
    let error = Session::read_as(bytes, Format::Ext4).err();
    assert_eq!(error, Some(VolumeError::Damaged("the journal")));
}
