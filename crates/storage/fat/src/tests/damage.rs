//! Volumes with random damage: each operation ends, with success or an error.
//!
//! FAT_DAMAGED_VOLUMES sets the number of volumes.

use std::vec;
use std::vec::Vec;

use ::volume::{Access, Kind, MapFor, NodeId, RenameKind, Volume, VolumeError};

use super::disk::{Disk, NOW, Tree, new_node, walk};
use super::host::mkfs;
use super::random::Random;
use crate::Fat;
use crate::boot_sector::{Geometry, Root};

const DEFAULT_VOLUMES: usize = 4_000;
/// The accesses that the operations on one volume may need.
const BUDGET: u64 = 3_000_000;

/// A volume with some files and directories, in several pieces.
fn filled(kib: u32, options: &str) -> Disk {
    let disk = Disk::new(mkfs(kib, options));
    let mut fat = disk.open();
    let root = fat.root();
    let mut parent = root;
    for level in 0..4 {
        for number in 0..4 {
            let name = std::format!("file number {number} of level {level}");
            fat.make(parent, &name, &vec![number; 700 * usize::from(number)]);
        }
        fat.make(parent, "SHORT.TXT", b"short");
        parent = fat.make_directory(parent, &std::format!("directory {level}"));
    }
    for number in 0..40 {
        fat.make(parent, &std::format!("one of many {number}"), b"");
    }
    let file = fat.lookup(root, b"short.txt").unwrap().unwrap();
    fat.write(file, 5, &[9; 3000]).unwrap();
    fat.close().unwrap();
    disk
}

/// The parts of a volume that are worth damaging.
struct Target {
    disk: Disk,
    geometry: Geometry,
    /// The clusters in use.
    used: Vec<u32>,
    /// The places of the slots in use.
    slots: Vec<u64>,
}

impl Target {
    fn new(disk: Disk) -> Self {
        let mut fat = disk.open();
        let geometry = fat.table.geometry.clone();
        let used: Vec<_> = (2..geometry.clusters + 2)
            .filter(|&cluster| fat.table.entry(cluster).unwrap() != 0)
            .collect();
        let bytes = disk.bytes();
        let mut slots = Vec::new();
        let mut areas: Vec<_> = used
            .iter()
            .map(|&cluster| (geometry.cluster_at(cluster), geometry.cluster_bytes))
            .collect();
        if let Root::Fixed { at, len_bytes } = geometry.root {
            areas.push((at, len_bytes));
        }
        for (at, len) in areas {
            for slot in (at..at + u64::from(len)).step_by(32) {
                let bytes = &bytes[slot as usize..slot as usize + 32];
                if bytes[0] != 0 && matches!(bytes[11], 0x0F | 0x10 | 0x20) {
                    slots.push(slot);
                }
            }
        }
        disk.state().undo = Some(Vec::new());
        Self { disk, geometry, used, slots }
    }

    /// Writes a random value, as a kernel of another system may have.
    fn damage(&self, random: &mut Random) {
        let put = |at: u64, bytes: &[u8]| {
            let mut state = self.disk.state();
            if (at as usize).checked_add(bytes.len()).is_some_and(|end| end <= state.bytes.len()) {
                state.write(at, bytes);
            }
        };
        let byte = random.next() as u8;
        let edge = *random.pick(&[0_u8, 1, 2, 0x0F, 0x7F, 0x80, 0xE5, 0xF7, 0xFE, 0xFF]);
        let byte = if random.below(2) == 0 { byte } else { edge };
        match random.below(8) {
            // The fields of the boot sector.
            0 => put(random.below(90) as u64, &[byte]),
            // The table.
            1 => {
                let at = self.geometry.table_at
                    + random.below(self.geometry.table_bytes.min(2048) as usize) as u64;
                put(at, &[byte]);
            }
            // Loops, joined chains, and chains that leave the volume.
            2 | 3 => {
                let first = *random.pick(&self.used);
                let second = match random.below(6) {
                    0 => random.next() as u32 & 0x0FFF_FFFF,
                    1 => 0,
                    2 => self.geometry.clusters + random.below(4) as u32,
                    _ => *random.pick(&self.used),
                };
                // Through a table of its own, as the one of the volume has read another one.
                let mut table = crate::table::Table::new(
                    self.disk.clone(),
                    self.geometry.clone(),
                    Access::ReadWrite,
                );
                table.set_next(first, second).unwrap();
            }
            // Any byte of an entry.
            4 | 5 => put(random.pick(&self.slots) + random.below(32) as u64, &[byte]),
            // The attributes, cluster or size.
            6 => {
                let slot = *random.pick(&self.slots);
                let cluster = random.pick(&self.used).to_le_bytes();
                match random.below(4) {
                    0 => put(slot + 11, &[byte]),
                    1 => put(slot + 28, &(random.next() as u32).to_le_bytes()),
                    _ => {
                        put(slot + 26, &cluster[..2]);
                        put(slot + 20, &cluster[2..]);
                    }
                }
            }
            // A slot over another one.
            _ => {
                let (from, to) = (*random.pick(&self.slots), *random.pick(&self.slots));
                let bytes = self.disk.state().bytes[from as usize..from as usize + 32].to_vec();
                put(to, &bytes);
            }
        }
    }
}

/// Does some of everything, without regard to errors.
fn operate(fat: &mut Fat<Disk>, random: &mut Random) {
    let root = fat.root();
    let mut directories = vec![root];
    let mut files = Vec::new();
    for level in 0..4 {
        let parent = *directories.last().unwrap();
        let name = std::format!("directory {level}");
        match fat.lookup(parent, name.as_bytes()) {
            Ok(Some(node)) => directories.push(node),
            _ => break,
        }
    }
    for (level, &directory) in directories.iter().enumerate() {
        for number in 0..4 {
            let name = std::format!("file number {number} of level {level}");
            if let Ok(Some(node)) = fat.lookup(directory, name.as_bytes()) {
                files.push((directory, name, node));
            }
        }
    }
    let mut made: Vec<NodeId> = Vec::new();
    for number in 0..12 {
        let directory = *random.pick(&directories);
        match random.below(6) {
            0 => {
                let kind = *random.pick(&[Kind::Regular, Kind::Directory]);
                let name = std::format!("a new name {number}");
                made.extend(fat.create(directory, Some(name.as_bytes()), &new_node(kind)));
            }
            1 if !files.is_empty() => {
                let node = random.pick(&files).2;
                let _ = fat.truncate(node, random.below(2000) as u64);
            }
            2 if !files.is_empty() => {
                let index = random.below(files.len());
                let (directory, name, node) = files.swap_remove(index);
                let _ = fat.remove(directory, name.as_bytes(), node);
                let _ = fat.forget(node, NOW);
            }
            3 if !files.is_empty() => {
                let (from, name, node) = random.pick(&files).clone();
                let target = std::format!("renamed {number}");
                let to = (directory, target.as_bytes(), None);
                let _ = fat.rename((from, name.as_bytes(), node), to, RenameKind::Replace);
            }
            _ if !files.is_empty() => {
                let node = random.pick(&files).2;
                for step in 0..6 {
                    if let Ok(extent) = fat.map(node, step * 900, 900, MapFor::Write) {
                        let end = extent.place.unwrap() + extent.len_bytes;
                        assert!(end <= fat.disk().state().bytes.len() as u64);
                    }
                }
                if let Ok(attributes) = fat.attributes(node) {
                    let _ = fat.set_attributes(node, &attributes.changeable);
                }
            }
            _ => drop(fat.attributes(directory)),
        }
    }
    for node in made {
        let _ = fat.forget(node, NOW);
    }
    let _ = fat.usage();
    let _ = fat.close();
}

#[test]
fn damaged_volumes_are_walked_and_changed_without_a_panic() {
    let count = std::env::var("FAT_DAMAGED_VOLUMES")
        .map_or(DEFAULT_VOLUMES, |count| count.parse().expect("FAT_DAMAGED_VOLUMES is a number"));
    let targets = [
        Target::new(filled(300, "-F 12 -s 1")),
        Target::new(filled(300, "-F 12 -s 4")),
        Target::new(filled(2400, "-F 16 -s 1")),
        Target::new(filled(400, "-F 32 -s 1")),
        Target::new(filled(600, "-F 32 -s 2")),
    ];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut refused, mut damaged, mut whole, mut least) = (0, 0, 0, BUDGET);
    for number in 0..count {
        let target = &targets[number % targets.len()];
        target.disk.state().budget = u64::MAX;
        for _ in 0..=random.below(6) {
            target.damage(&mut random);
        }
        target.disk.state().budget = BUDGET;
        match Fat::open(target.disk.clone(), Access::ReadOnly) {
            Ok(mut fat) => {
                let root = fat.root();
                match walk(&mut fat, root, "", 0, &mut Tree::new()) {
                    Ok(()) => whole += 1,
                    Err(VolumeError::Damaged(_)) => damaged += 1,
                    Err(error) => panic!("{error}"),
                }
                let _ = fat.usage();
            }
            Err(VolumeError::Damaged(_) | VolumeError::OtherKind | VolumeError::Unsupported(_)) => {
                refused += 1
            }
            Err(error) => panic!("{error}"),
        }
        if let Ok(mut fat) = Fat::open(target.disk.clone(), Access::ReadWrite) {
            operate(&mut fat, &mut random);
        }
        let mut state = target.disk.state();
        least = least.min(state.budget);
        state.revert();
    }
    std::println!(
        "{count} volumes: {refused} refused, {damaged} found damaged, {whole} walked whole"
    );
    std::println!("at most {} accesses", BUDGET - least);
    // The damage reaches all parts.
    assert!([refused, damaged, whole].iter().all(|&number| number > count / 20));
}
