//! Images with random damage: nothing panics, no operation reads outside of the disk, and each walk
//! ends.

use std::collections::BTreeSet;
use std::env;
use std::format;
use std::println;
use std::sync::atomic::Ordering;
use std::vec;
use std::vec::Vec;

use volume::{Kind, MapFor, NodeId, Volume, VolumeError};

use super::disk::Disk;
use super::source::Source;
use crate::Iso9660;

/// The number of images, unless ISO9660_DAMAGED_IMAGES is set.
const IMAGES: u64 = 4_000;
/// The most bytes of a file that are looked up.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The most reads that a walk may need.
const READS_MAX: u64 = 100_000;

/// The numbers of SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        number ^ (number >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// How walks end.
#[derive(Default, Debug)]
struct Outcomes {
    not_opened: u64,
    with_errors: u64,
    without_errors: u64,
    reads: u64,
    most_reads: u64,
}

/// Calls all operations on all nodes. Returns the number of errors.
fn walk(volume: &mut Iso9660<&Disk>, len_bytes: u64) -> u64 {
    let mut errors = 0;
    let mut seen = BTreeSet::new();
    let mut open = vec![volume.root()];
    while let Some(directory) = open.pop() {
        assert!(seen.insert(directory), "a directory is reached twice");
        errors += u64::from(volume.parent(directory).is_err());
        errors += u64::from(volume.attributes(directory).is_err());
        let mut names = Vec::new();
        let result = volume.read_directory(directory, 0, &mut |entry| {
            assert!(!entry.name.is_empty() && !entry.name.contains(&b'/'));
            names.push((entry.name.to_vec(), entry.next));
            true
        });
        errors += u64::from(result.is_err());
        let mut found = BTreeSet::new();
        for (index, (name, next)) in names.iter().enumerate() {
            match volume.lookup(directory, name) {
                // The first entry of a name counts.
                Ok(Some(_)) if !found.insert(name) => {}
                Ok(Some(node)) => errors += visit(volume, node, len_bytes, &mut open),
                Ok(None) => panic!("a name is not found"),
                Err(_) => errors += 1,
            }
            let mut after = None;
            let _ = volume.read_directory(directory, *next, &mut |entry| {
                after = Some(entry.name.to_vec());
                false
            });
            assert_eq!(after.as_ref(), names.get(index + 1).map(|(name, _)| name));
        }
    }
    errors
}

/// Calls the operations on a node that a look-up has returned.
fn visit(volume: &mut Iso9660<&Disk>, node: NodeId, len_bytes: u64, open: &mut Vec<NodeId>) -> u64 {
    let attributes = match volume.attributes(node) {
        Ok(attributes) => attributes,
        Err(error) => {
            assert!(matches!(error, VolumeError::Damaged(_) | VolumeError::Unsupported(_)));
            return 1;
        }
    };
    match attributes.kind {
        Kind::Directory => {
            open.push(node);
            0
        }
        Kind::Symlink => {
            let mut text = Vec::new();
            let result = volume.link_text(node, &mut text);
            assert!(result.is_err() || text.len() as u64 == attributes.changeable.size_bytes);
            result.is_err().into()
        }
        Kind::Regular => {
            let mut offset = 0;
            while offset < attributes.changeable.size_bytes.min(FILE_BYTES_MAX) {
                match volume.map(node, offset, FILE_BYTES_MAX, MapFor::Find) {
                    Ok(extent) => {
                        assert!(extent.len_bytes > 0);
                        let place = extent.place.expect("it is within the file");
                        assert!(place + extent.len_bytes <= len_bytes);
                        offset += extent.len_bytes;
                    }
                    Err(_) => return 1,
                }
            }
            0
        }
        _ => 0,
    }
}

/// Walks an image. Returns whether it could be opened, and the number of errors.
fn check(disk: &Disk) -> Option<u64> {
    match Iso9660::open(disk) {
        Ok(mut volume) => Some(walk(&mut volume, disk.bytes.len() as u64)),
        Err(error) => {
            let is_right = matches!(
                error,
                VolumeError::Damaged(_) | VolumeError::Unsupported(_) | VolumeError::OtherKind
            );
            assert!(is_right, "{error:?}");
            None
        }
    }
}

/// Changes up to ten of the `places`. Returns the old bytes.
fn damage(disk: &mut Disk, places: &[usize], random: &mut Random) -> Vec<(usize, u8)> {
    let mut old = Vec::new();
    for _ in 0..=random.below(10) {
        let at = places[random.below(places.len())];
        let other = places[random.below(places.len())];
        let kind = random.below(7);
        let mut bytes = random.next().to_le_bytes();
        let len = match kind {
            // A number of a block that exists.
            0 => {
                let block = random.below(disk.bytes.len() / 2048) as u32;
                bytes[..4].copy_from_slice(&block.to_le_bytes());
                4
            }
            // Bytes from elsewhere.
            1 => {
                let end = (other + 8).min(disk.bytes.len());
                bytes[..end - other].copy_from_slice(&disk.bytes[other..end]);
                8
            }
            2 => {
                bytes[0] = disk.bytes[at] ^ 1 << random.below(8);
                1
            }
            3 => {
                bytes[0] = [0, 0xFF, 1, 0x80][random.below(4)];
                1
            }
            4 => {
                bytes[0] = disk.bytes[at].wrapping_add([1, 0xFF][random.below(2)]);
                1
            }
            5 => 1,
            _ => 4,
        };
        for (index, byte) in bytes[..len].iter().enumerate() {
            if let Some(place) = disk.bytes.get_mut(at + index) {
                old.push((at + index, *place));
                *place = *byte;
            }
        }
    }
    old
}

/// Walks damaged copies of an image.
fn check_damaged(mut disk: Disk, images: u64, seed: u64) {
    // Only what is read, and isn't the rest of a sector, is worth damaging.
    let mut places = disk.recorded(|disk| assert_eq!(check(disk), Some(0)));
    places.retain(|at| {
        disk.bytes[at - 4..(at + 4).min(disk.bytes.len())].iter().any(|byte| *byte != 0)
    });
    let mut outcomes = Outcomes::default();
    for number in 0..images {
        let mut random = Random(seed ^ (number << 8));
        let old = damage(&mut disk, &places, &mut random);
        disk.reads.store(0, Ordering::Relaxed);
        let errors = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&disk)));
        match errors {
            Ok(None) => outcomes.not_opened += 1,
            Ok(Some(0)) => outcomes.without_errors += 1,
            Ok(Some(_)) => outcomes.with_errors += 1,
            Err(_) => panic!("image {number} of seed {seed}, with the old bytes {old:?}"),
        }
        let reads = disk.reads.load(Ordering::Relaxed);
        assert!(reads <= READS_MAX, "image {number} of seed {seed} needs {reads} reads");
        outcomes.reads += reads;
        outcomes.most_reads = outcomes.most_reads.max(reads);
        for (at, byte) in old.into_iter().rev() {
            disk.bytes[at] = byte;
        }
    }
    println!("seed {seed}, {} places: {outcomes:?}", places.len());
}

#[test]
fn damaged_images_are_walked_to_the_end() {
    let images = env::var("ISO9660_DAMAGED_IMAGES")
        .map_or(IMAGES, |value| value.parse().expect("ISO9660_DAMAGED_IMAGES is a number"));
    let source = Source::new();
    source.file("file", [1; 5000]).file("empty", "").directory("none").link("link", "/a/../b/./c");
    source.link("long", &"component/".repeat(60)).file(&"n".repeat(255), "x");
    source.file("d1/d2/d3/d4/d5/d6/d7/d8/d9/d10/deep", "deep").hard_link("d1/hard", "file");
    source.file("d1/d2/other", "other").directory("d1/d2/d3/d4/d5/d6/d7/e8/e9");
    assert!(source.run("mkfifo", &["fifo"]));
    let long = format!("d1/{}", "m".repeat(200));
    source.file(&long, [2; 3000]);
    let relocated = source.image(&["-R", "-rr_reloc_dir", "/moved"]);
    check_damaged(relocated, images / 2, 1);

    let source = Source::new();
    source.file("a.txt", [1; 3000]).file("b/c/d.e", "").directory("f").file("b/g", "text");
    check_damaged(source.image(&["--norock"]), images / 4, 2);
    check_damaged(source.image(&["--norock", "-J"]), images - images / 2 - images / 4, 3);
}
