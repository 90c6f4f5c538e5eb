use std::format;
use std::vec::Vec;

use ::volume::{Kind, MapFor, NodeId, RenameKind, Volume, VolumeError};

use super::disk::{Disk, NOW, new_node};
use super::host::{fsck_disk, mkfs};
use crate::Fat;

fn volume() -> Fat<Disk> {
    Disk::new(mkfs(1440, "-F 12")).open()
}

fn numbers(fat: &mut Fat<Disk>, directory: NodeId) -> Vec<NodeId> {
    let mut numbers = Vec::new();
    fat.read_directory(directory, 0, &mut |entry| {
        numbers.push(entry.node);
        true
    })
    .unwrap();
    numbers
}

#[test]
fn numbers_are_the_same_in_directories_and_after_reopening() {
    let mut fat = volume();
    let root = fat.root();
    let made: Vec<_> =
        (0..20).map(|number| fat.make(root, &format!("file {number}"), b"")).collect();
    assert_eq!(numbers(&mut fat, root), made);
    fat.close().unwrap();
    let mut fat = fat.disk().open();
    assert_eq!(numbers(&mut fat, root), made);
    assert_eq!(fat.lookup(root, b"FILE 7").unwrap(), Some(made[7]));
}

#[test]
fn number_stays_when_a_node_is_renamed() {
    let mut fat = volume();
    let root = fat.root();
    let sub = fat.make_directory(root, "sub");
    let node = fat.make(root, "old", b"contents");
    fat.rename((root, b"old", node), (sub, b"new", None), RenameKind::Replace).unwrap();
    assert_eq!(fat.lookup(sub, b"new").unwrap(), Some(node));
    // A node in the old place gets another number, and the directory shows it.
    let other = fat.make(root, "old", b"");
    assert_ne!(other, node);
    assert!(numbers(&mut fat, root).contains(&other));
    let third = fat.make(root, "third", b"");
    assert_eq!(numbers(&mut fat, root).len(), 3);
    assert!(third != node && third != other);
    assert_eq!(fat.read(node).unwrap(), b"contents");
}

#[test]
fn many_files_renamed_from_one_place_have_different_numbers() {
    let mut fat = volume();
    let root = fat.root();
    let sub = fat.make_directory(root, "sub");
    let mut all = Vec::new();
    for number in 0..300 {
        let node = fat.make(root, "temporary", b"");
        let name = format!("FILE{number}");
        fat.rename((root, b"temporary", node), (sub, name.as_bytes(), None), RenameKind::Replace)
            .unwrap();
        all.push(node);
    }
    assert_eq!(numbers(&mut fat, sub), all);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 300);
}

#[test]
fn removed_file_keeps_its_bytes_until_it_is_forgotten() {
    let mut fat = volume();
    let root = fat.root();
    let free = fat.free();
    let node = fat.make(root, "file", &[7; 5000]);
    fat.remove(root, b"FILE", node).unwrap();
    assert_eq!(fat.lookup(root, b"file").unwrap(), None);
    let other = fat.make(root, "file", &[8; 5000]);
    assert_ne!(other, node);
    assert_eq!(fat.read(node).unwrap(), [7; 5000]);
    fat.write(node, 5000, &[7; 1000]).unwrap();
    assert_eq!(fat.read(node).unwrap(), [7; 6000]);
    assert_eq!(fat.attributes(node).unwrap().links, 0);
    assert_eq!(fat.read(other).unwrap(), [8; 5000]);
    fat.forget(node, NOW).unwrap();
    assert!(fat.attributes(node).is_err());
    fat.remove(root, b"file", other).unwrap();
    fat.forget(other, NOW).unwrap();
    assert_eq!(fat.free(), free);
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn close_frees_what_is_in_use_without_a_name() {
    let mut fat = volume();
    let root = fat.root();
    let free = fat.free();
    let node = fat.make(root, "file", &[7; 5000]);
    fat.remove(root, b"file", node).unwrap();
    let directory = fat.make_directory(root, "directory");
    fat.remove(root, b"directory", directory).unwrap();
    fat.close().unwrap();
    fsck_disk(&fat.disk());
    assert_eq!(fat.disk().open().free(), free);
}

#[test]
fn file_without_a_name_gets_its_first_one() {
    let mut fat = volume();
    let root = fat.root();
    let node = fat.create(root, None, &new_node(Kind::Regular)).unwrap();
    let other = fat.create(root, None, &new_node(Kind::Regular)).unwrap();
    assert_ne!(node, other);
    fat.write(node, 0, &[5; 3000]).unwrap();
    fat.write(other, 0, &[6; 3000]).unwrap();
    assert_eq!(fat.names(root).len(), 0);
    fat.link(root, b"named", node).unwrap();
    assert_eq!(fat.link(root, b"second", node), Err(VolumeError::NotSupported));
    assert_eq!(fat.lookup(root, b"named").unwrap(), Some(node));
    assert_eq!(numbers(&mut fat, root), [node]);
    fat.forget(other, NOW).unwrap();
    fat.forget(node, NOW).unwrap();
    let node = fat.lookup(root, b"named").unwrap().unwrap();
    assert_eq!(fat.read(node).unwrap(), [5; 3000]);
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn parents_are_found_after_they_were_forgotten() {
    let mut fat = volume();
    let root = fat.root();
    let one = fat.make_directory(root, "one");
    let two = fat.make_directory(one, "two");
    let three = fat.make_directory(two, "three");
    fat.forget(one, NOW).unwrap();
    fat.forget(two, NOW).unwrap();
    assert_eq!(fat.parent(three), Ok(two));
    assert_eq!(fat.parent(two), Ok(one));
    assert_eq!(fat.parent(one), Ok(root));
    assert_eq!(fat.parent(root), Ok(root));
    fat.rename((two, b"three", three), (root, b"three", None), RenameKind::Replace).unwrap();
    assert_eq!(fat.parent(three), Ok(root));
    for node in [one, two, three] {
        fat.forget(node, NOW).unwrap();
    }
    assert!(fat.attributes(two).is_err());
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}

#[test]
fn directories_count_their_links() {
    let mut fat = volume();
    let root = fat.root();
    let links = |fat: &mut Fat<Disk>, node| fat.attributes(node).unwrap().links;
    assert_eq!(links(&mut fat, root), 2);
    let one = fat.make_directory(root, "one");
    let two = fat.make_directory(root, "two");
    fat.make(root, "file", b"");
    assert_eq!((links(&mut fat, root), links(&mut fat, one)), (4, 2));
    fat.rename((root, b"two", two), (one, b"two", None), RenameKind::Replace).unwrap();
    assert_eq!((links(&mut fat, root), links(&mut fat, one)), (3, 3));
    assert_eq!(fat.remove(root, b"one", one), Err(VolumeError::NotEmpty));
    fat.remove(one, b"two", two).unwrap();
    assert_eq!((links(&mut fat, one), links(&mut fat, two)), (2, 0));
    fat.remove(root, b"one", one).unwrap();
    assert_eq!(links(&mut fat, root), 2);
    let new = new_node(Kind::Regular);
    assert!(fat.create(one, Some(b"name"), &new).is_err());
}

#[test]
fn what_the_format_lacks_is_not_supported() {
    let mut fat = volume();
    let root = fat.root();
    let lacking = Err(VolumeError::NotSupported);
    for kind in
        [Kind::Symlink, Kind::Fifo, Kind::Socket, Kind::CharDevice(1, 3), Kind::BlockDevice(8, 0)]
    {
        assert_eq!(fat.create(root, Some(b"name"), &new_node(kind)), lacking);
    }
    let (one, two) = (fat.make(root, "one", b""), fat.make(root, "two", b""));
    let result = fat.rename((root, b"one", one), (root, b"two", Some(two)), RenameKind::Exchange);
    assert_eq!(result, Err(VolumeError::NotSupported));
    assert_eq!(fat.link_text(one, &mut Vec::new()), Err(VolumeError::NotSupported));
    assert!(matches!(fat.map(root, 0, 1, MapFor::Find), Err(VolumeError::NotSupported)));
    assert_eq!(fat.lookup(one, b"name"), Err(VolumeError::NotADirectory));
    assert!(matches!(
        fat.map(one, u64::from(u32::MAX), 1, MapFor::Write),
        Err(VolumeError::TooLarge)
    ));
}

#[test]
fn extents_are_as_long_as_the_clusters_follow_each_other() {
    let mut fat = volume();
    let root = fat.root();
    let one = fat.make(root, "one", &[1; 4096]);
    let two = fat.make(root, "two", &[2; 4096]);
    fat.write(one, 4096, &[1; 4096]).unwrap();
    let first = fat.map(one, 100, 8192, MapFor::Find).unwrap();
    assert_eq!((first.len_bytes, first.is_new), (4096 - 100, false));
    let second = fat.map(one, 4096, 8192, MapFor::Find).unwrap();
    assert_eq!(second.len_bytes, 4096);
    assert_eq!(second.place, Some(first.place.unwrap() - 100 + 8192));
    let hole = fat.map(one, 8192, 10, MapFor::Find).unwrap();
    assert_eq!((hole.place, hole.len_bytes), (None, 10));
    let new = fat.map(two, 4096, 700, MapFor::Write).unwrap();
    assert!(new.is_new && new.len_bytes <= 700);
    let again = fat.map(two, 4096, 700, MapFor::Write).unwrap();
    assert_eq!((again.place, again.is_new), (new.place, false));
    // Bytes before these were not allocated.
    assert!(fat.map(two, 1 << 20, 1, MapFor::Write).is_err());
    fat.truncate(two, 1).unwrap();
    assert_eq!(fat.attributes(two).unwrap().changeable.size_bytes, 1);
    assert_eq!(fat.map(two, 4096, 700, MapFor::Find).unwrap().place, None);
}

#[test]
fn sequential_mapping_does_not_walk_from_the_start() {
    let disk = Disk::new(mkfs(36000, "-F 32 -s 1"));
    let mut fat = disk.open();
    let root = fat.root();
    let (one, two) = (fat.make(root, "one", b""), fat.make(root, "two", b""));
    // Two files with alternating clusters.
    const CLUSTERS: u64 = 20_000;
    for cluster in 0..CLUSTERS {
        for node in [one, two] {
            fat.map(node, cluster * 512, 512, MapFor::Write).unwrap();
        }
    }
    fat.close().unwrap();
    let mut fat = disk.open();
    let one = fat.lookup(root, b"one").unwrap().unwrap();
    let access = |fat: &mut Fat<Disk>, cluster: u64| {
        let before = disk.state().budget;
        let extent = fat.map(one, cluster * 512, 512, MapFor::Find).unwrap();
        assert!(extent.place.is_some());
        before - disk.state().budget
    };
    // Each window of the table is read once.
    let total: u64 = (0..CLUSTERS).map(|cluster| access(&mut fat, cluster)).sum();
    assert!(total <= CLUSTERS * 2 / 768 + 2, "{total}");
    // At random: at most two windows.
    let most = (0..CLUSTERS).map(|step| access(&mut fat, step * 7919 % CLUSTERS)).max();
    assert!(most <= Some(2), "{most:?}");
}

#[test]
fn clusters_of_a_file_that_was_cut_and_grew_again_are_its_new_ones() {
    let mut fat = volume();
    let root = fat.root();
    let one = fat.make(root, "one", &[1; 5120]);
    for kept in [1024, 512, 0] {
        fat.truncate(one, kept).unwrap();
        // Another file takes the clusters that were freed.
        fat.table.state.next_free = 2;
        let name = format!("other {kept}");
        let other = fat.make(root, &name, &[2; 3000]);
        fat.write(one, kept, &[3; 5000]).unwrap();
        assert_eq!(fat.read(other).unwrap(), [2; 3000]);
        let read = fat.read(one).unwrap();
        assert_eq!(read.len() as u64, kept + 5000);
        assert_eq!(read[kept as usize..], [3; 5000]);
    }
    fat.close().unwrap();
    fsck_disk(&fat.disk());
}
