//! Chains and directories that can't be.

use std::vec::Vec;

use ::volume::{Kind, MapFor, NodeId, Volume, VolumeError};

use super::disk::{Disk, NOW, new_node};
use super::host::mkfs;
use crate::Fat;
use crate::nodes::Key;

/// Makes a volume with the file `file` of 10 clusters and the directory `directory` with `inner`,
/// and returns it with them.
fn volume() -> (Fat<Disk>, [NodeId; 3]) {
    let mut fat = Disk::new(mkfs(300, "-F 32 -s 1")).open();
    let root = fat.root();
    let file = fat.make(root, "file", &[1; 5120]);
    let directory = fat.make_directory(root, "directory");
    let inner = fat.make_directory(directory, "inner");
    (fat, [file, directory, inner])
}

fn first_cluster(fat: &mut Fat<Disk>, node: NodeId) -> u32 {
    let kind = fat.table.geometry.kind;
    fat.nodes.get(Key::of(node)).unwrap().entry.first_cluster(kind).unwrap()
}

/// Sets the first cluster in the entry of a node on the disk, and opens the volume again.
fn reopen_with(fat: &mut Fat<Disk>, changes: &[(NodeId, Option<u32>)]) -> Fat<Disk> {
    for &(node, cluster) in changes {
        let node = fat.nodes.get(Key::of(node)).unwrap();
        let (mut entry, at) = (node.entry, node.at.unwrap() as usize);
        entry.set_first_cluster(cluster);
        fat.disk().state().bytes[at..at + 32].copy_from_slice(&entry.0);
    }
    fat.disk().open()
}

fn is_damaged<T>(result: Result<T, VolumeError>) -> bool {
    matches!(result, Err(VolumeError::Damaged(_)))
}

#[test]
fn chain_that_is_no_chain_is_damaged() {
    // The entry of the fifth cluster: the first one, itself, a free one, a bad one, none, one of
    // those that are reserved.
    for entry in [0, 4, u32::MAX, 0x0FFF_FFF7, 500_000, 0x0FFF_FFF0, 1] {
        let (mut fat, [file, ..]) = volume();
        let first = first_cluster(&mut fat, file);
        let free = fat.free();
        let entry = match entry {
            0 => first,
            4 => first + 4,
            u32::MAX => 0,
            entry => entry,
        };
        fat.table.set_next(first + 4, entry).unwrap();
        let mut fat = fat.disk().open();
        let root = fat.root();
        let file = fat.lookup(root, b"file").unwrap().unwrap();
        fat.free();
        // Bytes before the damage can be read.
        let extent = fat.map(file, 0, 5120, MapFor::Find).unwrap();
        assert_eq!(extent.len_bytes, 5 * 512);
        // A loop has bytes up to the number of clusters.
        let after = u64::from(fat.table.geometry.clusters) * 512;
        assert!(is_damaged(fat.map(file, after, 512, MapFor::Find)), "{entry}");
        assert!(is_damaged(fat.map(file, after, 512, MapFor::Write)), "{entry}");
        fat.remove(root, b"file", file).unwrap();
        assert!(is_damaged(fat.forget(file, NOW)), "{entry}");
        // What comes before it is free again.
        // A bad cluster stays one.
        let freed = if entry == 0x0FFF_FFF7 { 4 } else { 5 };
        assert_eq!(fat.free() - free, freed, "{entry:x}");
        let counted = fat.free();
        fat.table.state.free = None;
        assert_eq!(fat.free(), counted);
    }
}

#[test]
fn directories_with_the_same_clusters_are_damaged() {
    let (mut fat, [_, directory, inner]) = volume();
    let root_cluster = match fat.table.geometry.root {
        crate::boot_sector::Root::Chain(first) => first,
        crate::boot_sector::Root::Fixed { .. } => panic!("the volume is FAT32"),
    };
    let directory_cluster = first_cluster(&mut fat, directory);
    for cluster in [root_cluster, directory_cluster] {
        let mut fat = reopen_with(&mut fat, &[(inner, Some(cluster))]);
        let root = fat.root();
        let directory = fat.lookup(root, b"directory").unwrap().unwrap();
        assert!(is_damaged(fat.lookup(directory, b"inner")));
    }
}

#[test]
fn directory_without_clusters_is_damaged() {
    for cluster in [None, Some(1), Some(600_000)] {
        let (mut fat, [_, directory, _]) = volume();
        let mut fat = reopen_with(&mut fat, &[(directory, cluster)]);
        let root = fat.root();
        assert!(is_damaged(fat.lookup(root, b"directory")));
        // The others are there.
        assert!(fat.lookup(root, b"file").unwrap().is_some());
    }
}

#[test]
fn directory_that_has_no_end_is_damaged() {
    let (mut fat, [_, directory, _]) = volume();
    for number in 0..30 {
        fat.make(directory, &std::format!("a file {number}"), b"");
    }
    let first = first_cluster(&mut fat, directory);
    let mut last = first;
    while let crate::table::Link::Next(next) = fat.table.link(last).unwrap() {
        last = next;
    }
    fat.table.set_next(last, first).unwrap();
    // The last cluster has no end.
    let at = fat.table.geometry.cluster_at(last) as usize;
    for slot in 0..16 {
        fat.disk().state().bytes[at + slot * 32] = 0xE5;
    }
    let mut fat = fat.disk().open();
    let root = fat.root();
    let directory = fat.lookup(root, b"directory").unwrap().unwrap();
    assert!(is_damaged(fat.lookup(directory, b"none")));
    assert!(is_damaged(fat.read_directory(directory, 0, &mut |_| true)));
    assert!(is_damaged(fat.attributes(directory)));
    let new = new_node(Kind::Regular);
    assert!(is_damaged(fat.create(directory, Some(b"new"), &new)));
    assert!(fat.lookup(directory, b"a file 7").unwrap().is_some());
}

#[test]
fn size_without_clusters_is_a_hole_that_is_not_filled() {
    let (mut fat, [file, ..]) = volume();
    let mut fat = reopen_with(&mut fat, &[(file, None)]);
    let root = fat.root();
    let file = fat.lookup(root, b"file").unwrap().unwrap();
    assert_eq!(fat.map(file, 600, 100, MapFor::Find).unwrap().place, None);
    assert!(is_damaged(fat.map(file, 600, 100, MapFor::Write)));
    assert_eq!(fat.read(file).unwrap(), Vec::from([0; 5120]));
}
