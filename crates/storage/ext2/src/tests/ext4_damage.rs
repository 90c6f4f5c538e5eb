//! Damaged volumes of ext4: each operation ends, and none panics, leaves the disk or writes to it.

use std::format;
use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::ToString;
use std::vec::Vec;

use volume::{Medium, Volume};

use super::damage::{READS_MAX, walk};
use super::damaged::Random;
use super::disk::Disk;
use super::ext4_journal::put_difference;
use super::host::{self, Temporary};
use crate::{Ext2, Format};

/// The volumes that are damaged.
const CASES: usize = 4_000;
/// The number of volumes, if another one is wanted.
const CASES_VARIABLE: &str = "EXT4_DAMAGED_IMAGES";

/// A volume, and where the bytes are that are read of it.
struct Base {
    disk: Disk,
    places: Vec<usize>,
}

impl Base {
    /// Makes a volume. If there are two commands to open the journal, it has two transactions.
    fn new(kib: u32, options: &[&str], journal: &[&str]) -> Self {
        let tree = Temporary::new();
        fs::create_dir_all(tree.path().join("a/b/c")).unwrap();
        fs::create_dir(tree.path().join("many")).unwrap();
        for number in 0..60 {
            let name = format!("many/a name of an entry {number}");
            fs::write(tree.path().join(name), "").unwrap();
        }
        let pieces = fs::File::create(tree.path().join("a/pieces")).unwrap();
        for index in 0..90 {
            pieces.write_all_at(b"piece", index * 8192).unwrap();
        }
        fs::write(tree.path().join("a/b/large"), [7; 40_000]).unwrap();
        symlink("x".repeat(300), tree.path().join("a/b/c/long")).unwrap();
        symlink("short", tree.path().join("short")).unwrap();
        let mut all = Vec::from(options);
        all.extend_from_slice(&["-N", "128", "-d", tree.name()]);
        let mut bytes = host::make(kib, &all);
        for (number, open) in journal.iter().enumerate() {
            let mut after = bytes.clone();
            host::debugfs(&mut after, &[&format!("mkdir new{number}"), "rm short"]);
            put_difference(&mut bytes, &after, open, "-r 900,901");
        }
        let disk = Disk::new(bytes.clone());
        disk.record();
        assert!(check(&disk));
        let mut places = disk.recorded();
        // Damage to zeros among zeros rarely does anything.
        places.retain(|at| bytes[at - 4..(at + 4).min(bytes.len())].iter().any(|byte| *byte != 0));
        Self { disk, places }
    }

    /// Changes some bytes; returns the old ones.
    fn damage(&self, random: &mut Random) -> Vec<(usize, Vec<u8>)> {
        let len = self.disk.len_bytes() as usize;
        let mut old = Vec::new();
        for _ in 0..1 + random.next(6) {
            let at = *random.pick(&self.places);
            let mut bytes = std::vec![0; 1];
            match random.next(6) {
                0 => bytes[0] = random.next(256) as u8,
                1 => bytes[0] = *random.pick(&[0, 1, 0x7F, 0x80, 0xFF]),
                2 => bytes = (random.next(len / 1024) as u32).to_le_bytes().to_vec(),
                3 => bytes = (random.next(len / 1024) as u32).to_be_bytes().to_vec(),
                4 => {
                    // Bytes from elsewhere.
                    bytes = std::vec![0; 1 + random.next(12)];
                    let from = (*random.pick(&self.places)).min(len - bytes.len());
                    self.disk.read_data(from as u64, &mut bytes);
                }
                _ => {
                    self.disk.read_data(at as u64, &mut bytes);
                    bytes[0] ^= 1 << random.next(8);
                }
            }
            let at = at.min(len - bytes.len());
            self.disk.exchange(at, &mut bytes);
            old.push((at, bytes));
        }
        old
    }
}

/// Looks at all of a volume. Returns whether it could be opened.
fn check(disk: &Disk) -> bool {
    disk.limit_transfers(READS_MAX);
    match Ext2::open_for_reading(disk.clone(), Format::Ext4) {
        Ok(mut volume) => {
            walk(disk, &mut volume);
            let _ = volume.usage().unwrap();
            volume.close().unwrap();
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

#[test]
fn damaged_volumes() {
    let plain = ["-t", "ext4", "-b", "1024", "-O", "^metadata_csum"];
    let bases = [
        Base::new(1024, &["-t", "ext4", "-b", "1024", "-O", "^has_journal"], &[]),
        Base::new(1024, &["-t", "ext4", "-b", "4096", "-O", "^has_journal,^metadata_csum"], &[]),
        Base::new(3072, &plain, &["jo", "jo"]),
        Base::new(3072, &plain, &["jo -c -v 2", "jo"]),
        Base::new(3072, &["-t", "ext3", "-b", "1024"], &["jo", "jo"]),
    ];
    let cases = std::env::var(CASES_VARIABLE)
        .map_or(CASES, |text| text.parse().expect("EXT4_DAMAGED_IMAGES is a number"));
    let mut opened = 0;
    for case in 0..cases {
        let base = &bases[case % bases.len()];
        let mut random = Random((case as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut old = base.damage(&mut random);
        let before = if case % 50 == 0 { base.disk.bytes() } else { Vec::new() };
        match catch_unwind(AssertUnwindSafe(|| check(&base.disk))) {
            Ok(is_opened) => opened += usize::from(is_opened),
            Err(panic) => {
                std::eprintln!("the damaged volume {case}");
                resume_unwind(panic);
            }
        }
        assert!(before.is_empty() || base.disk.bytes() == before);
        while let Some((at, mut bytes)) = old.pop() {
            base.disk.exchange(at, &mut bytes);
        }
    }
    std::println!("{cases} volumes: {opened} opened");
    assert!(opened > cases / 4);
}
