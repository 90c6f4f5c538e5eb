//! Damaged volumes: each operation ends, and none panics or leaves the disk.

use std::collections::{HashSet, VecDeque};
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::ToString;
use std::vec::Vec;

use volume::{Access, Kind, MapFor, NodeId, RenameKind, Volume};

use super::damaged::{Base, Random};
use super::disk::Disk;
use super::session::{NOW, new};
use crate::Ext2;
use crate::fields::BlockNumber;

/// The volumes that are damaged.
const CASES: u64 = 4_000;
/// The number of volumes, if another one is wanted.
const CASES_VARIABLE: &str = "EXT2_DAMAGED_VOLUMES";

/// The transfers of an operation that only reads, and of one that frees blocks, at most: some for
/// each block of the volume, and for each pointer in it.
pub(super) const READS_MAX: u64 = 10_000;
const WRITES_MAX: u64 = 600_000;

/// Looks at all that can be reached. Returns the nodes, with their directories and names.
pub(super) fn walk(disk: &Disk, volume: &mut Ext2<Disk>) -> Vec<(NodeId, Vec<u8>, NodeId)> {
    const ENTRIES_MAX: usize = 400;
    let mut found = Vec::new();
    let mut seen = HashSet::from([volume.root()]);
    let mut directories = VecDeque::from([volume.root()]);
    while let Some(directory) = directories.pop_front() {
        let mut entries = Vec::new();
        let mut cursor = 0;
        loop {
            disk.limit_transfers(READS_MAX);
            let before = entries.len();
            let result = volume.read_directory(directory, cursor, &mut |entry| {
                assert!(!entry.name.is_empty() && entry.next > cursor);
                entries.push((entry.name.to_vec(), entry.node));
                cursor = entry.next;
                entries.len() % 20 != 0
            });
            if result.is_err() || entries.len() == before || entries.len() > ENTRIES_MAX {
                break;
            }
        }
        disk.limit_transfers(READS_MAX);
        let _ = volume.parent(directory);
        for (name, _) in entries {
            disk.limit_transfers(READS_MAX);
            let Ok(Some(node)) = volume.lookup(directory, &name) else { continue };
            found.push((directory, name, node));
            if !seen.insert(node) || seen.len() > ENTRIES_MAX {
                continue;
            }
            disk.limit_transfers(READS_MAX);
            let Ok(attributes) = volume.attributes(node) else { continue };
            match attributes.kind {
                Kind::Directory => directories.push_back(node),
                Kind::Regular => look_up(disk, volume, node, attributes.changeable.size_bytes),
                _ => {}
            }
            let mut text = Vec::new();
            disk.limit_transfers(READS_MAX);
            let is_link = volume.link_text(node, &mut text).is_ok();
            assert_eq!(is_link, !text.is_empty());
        }
    }
    found
}

/// Looks up the bytes of a file.
fn look_up(disk: &Disk, volume: &mut Ext2<Disk>, node: NodeId, size: u64) {
    const PARTS_MAX: usize = 300;
    let mut at = 0;
    for _ in 0..PARTS_MAX {
        if at >= size {
            return;
        }
        disk.limit_transfers(20);
        let Ok(extent) = volume.map(node, at, size - at, MapFor::Find) else { return };
        check_extent(volume, extent.place, extent.len_bytes);
        assert!((1..=size - at).contains(&extent.len_bytes));
        at += extent.len_bytes;
    }
}

/// Checks that bytes of a file are on the disk, and no structure of the volume.
fn check_extent(volume: &Ext2<Disk>, place: Option<u64>, len_bytes: u64) {
    let Some(place) = place else { return };
    let block_bytes = u64::from(volume.superblock.block_bytes());
    let (first, last) = (place / block_bytes, (place + len_bytes - 1) / block_bytes);
    for block in first..=last {
        volume.check_run(BlockNumber(block as u32), 1).unwrap();
    }
}

/// Changes what can be changed.
fn change(disk: &Disk, volume: &mut Ext2<Disk>, random: &mut Random) {
    let nodes = walk(disk, volume);
    let mut in_use: HashSet<NodeId> = nodes.iter().map(|(.., node)| *node).collect();
    in_use.insert(volume.root());
    let limit = || disk.limit_transfers(WRITES_MAX);
    let mut directories = std::vec![volume.root()];
    directories.extend(nodes.iter().map(|(directory, ..)| *directory));
    for number in 0..12 {
        let directory = *random.pick(&directories);
        let name = format!("new {number}{}", "-".repeat(random.next(200)));
        let kind = *random.pick(&[Kind::Regular, Kind::Directory, Kind::Symlink, Kind::Fifo]);
        let new = volume::NewNode { link_text: &[b'x'; 100], ..new(kind) };
        limit();
        let created = volume.create(directory, Some(name.as_bytes()), &new);
        limit();
        if let Ok(node) = created {
            assert!(in_use.insert(node), "a new node has the number of another one");
            if kind == Kind::Regular
                && let Ok(extent) =
                    volume.map(node, random.next(1 << 20) as u64, 9000, MapFor::Write)
            {
                check_extent(volume, extent.place, extent.len_bytes);
            }
        }
    }
    for (directory, name, node) in nodes {
        limit();
        match random.next(8) {
            0 => {
                let _ = volume.truncate(node, random.next(600_000) as u64);
            }
            1 => {
                let offset = random.next(3 << 20) as u64;
                if let Ok(extent) = volume.map(node, offset, 50_000, MapFor::Write) {
                    check_extent(volume, extent.place, extent.len_bytes);
                }
            }
            2 => {
                let _ = volume.link(directory, format!("link{}", node.0).as_bytes(), node);
            }
            3 => {
                let to = *random.pick(&directories);
                let to_name = format!("moved{}", node.0);
                let _ = volume.rename(
                    (directory, &name, node),
                    (to, to_name.as_bytes(), None),
                    RenameKind::Replace,
                );
            }
            4 => {
                if let Ok(attributes) = volume.attributes(node) {
                    let _ = volume.set_attributes(node, &attributes.changeable);
                }
            }
            _ => {
                if volume.remove(directory, &name, node).is_ok() {
                    limit();
                    // The kernel forgets a node once.
                    if in_use.remove(&node) {
                        let _ = volume.forget(node, NOW);
                    }
                }
            }
        }
    }
    limit();
    let _ = volume.usage();
    let _ = volume.close();
}

fn try_case(base: &Base, random: &mut Random, counts: &mut [u64; 3]) {
    let bytes = base.damage(random);
    let disk = Disk::new(bytes.clone());
    disk.limit_transfers(READS_MAX);
    match Ext2::open(disk.clone(), Access::ReadOnly) {
        Err(error) => {
            assert!(!error.to_string().is_empty());
            counts[0] += 1;
            return;
        }
        Ok(mut volume) => {
            walk(&disk, &mut volume);
            volume.close().unwrap();
            assert!(disk.bytes() == bytes, "a volume was changed that was opened for reading");
        }
    }
    disk.limit_transfers(READS_MAX);
    let Ok(mut volume) = Ext2::open(disk.clone(), Access::ReadWrite) else { return };
    counts[1] += 1;
    change(&disk, &mut volume, random);
    disk.limit_transfers(READS_MAX);
    if let Ok(mut volume) = Ext2::open(disk.clone(), Access::ReadOnly) {
        counts[2] += 1;
        walk(&disk, &mut volume);
    }
}

#[test]
fn damaged_volumes() {
    let bases = [
        Base::new(512, &["-t", "ext2", "-b", "1024", "-N", "128"]),
        Base::new(
            768,
            &[
                "-t",
                "ext2",
                "-b",
                "1024",
                "-g",
                "256",
                "-I",
                "128",
                "-N",
                "192",
                "-O",
                "^resize_inode",
            ],
        ),
        Base::new(
            1536,
            &["-t", "ext2", "-b", "4096", "-N", "128", "-O", "^filetype,^resize_inode"],
        ),
        Base::new(1024, &["-t", "ext2", "-b", "2048", "-N", "128"]),
    ];
    let cases =
        std::env::var(CASES_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let mut counts = [0; 3];
    for case in 0..cases {
        let base = &bases[case as usize % bases.len()];
        let mut random = Random((case + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let result = catch_unwind(AssertUnwindSafe(|| try_case(base, &mut random, &mut counts)));
        if let Err(panic) = result {
            std::eprintln!("the damaged volume {case}");
            resume_unwind(panic);
        }
    }
    let [refused, changed, reopened] = counts;
    std::println!("{cases} volumes: {refused} refused, {changed} changed, {reopened} opened again");
    assert!(changed > cases / 2);
}
