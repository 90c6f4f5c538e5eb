//! Operations that change something, and what isn't an ISO 9660 file system.

use std::sync::atomic::Ordering;
use std::vec;
use std::vec::Vec;

use volume::{
    ChangeableAttributes, Kind, MapFor, MediumError, NewNode, RenameKind, Time, Volume, VolumeError,
};

use super::disk::Disk;
use super::source::Source;
use crate::Iso9660;

#[test]
fn nothing_can_be_changed() {
    let source = Source::new();
    source.file("a", "text").directory("b");
    let disk = source.image(&["-R"]);
    let mut volume = disk.open();
    let root = volume.root();
    let file = volume.lookup(root, b"a").unwrap().unwrap();
    let error = VolumeError::ReadOnly;
    let new =
        NewNode { kind: Kind::Regular, link_text: b"", mode: 0o644, uid: 0, gid: 0, now: Time(0) };
    let attributes: ChangeableAttributes = volume.attributes(file).unwrap().changeable;
    assert_eq!(volume.create(root, Some(b"c"), &new), Err(error));
    assert_eq!(volume.create(root, None, &new), Err(error));
    assert_eq!(volume.link(root, b"c", file), Err(error));
    assert_eq!(volume.remove(root, b"a", file), Err(error));
    let rename = volume.rename((root, b"a", file), (root, b"c", None), RenameKind::Replace);
    assert_eq!(rename, Err(error));
    assert_eq!(volume.set_attributes(file, &attributes), Err(error));
    assert_eq!(volume.truncate(file, 0), Err(error));
    assert_eq!(volume.map(file, 0, 1, MapFor::Write), Err(error));
    assert_eq!(volume.forget(file, Time(0)), Ok(()));
    assert_eq!((volume.commit(), volume.close()), (Ok(()), Ok(())));
}

#[test]
fn other_disks_are_told_apart() {
    let open = |bytes: Vec<u8>| Iso9660::open(&Disk::new(bytes)).err();
    for len in [0, 1, 2048, 16 * 2048, 17 * 2048 - 1, 100 * 2048] {
        assert_eq!(open(vec![0; len]), Some(VolumeError::OtherKind));
        assert_eq!(open(vec![0xFF; len]), Some(VolumeError::OtherKind));
    }
    let source = Source::new();
    let image = source.file("a", "text").image(&["--norock"]);
    let mut without_primary = image.bytes.clone();
    without_primary[16 * 2048] = 3;
    assert_eq!(open(without_primary), Some(VolumeError::OtherKind));
    let mut cut = image.bytes.clone();
    cut.truncate(18 * 2048);
    assert!(matches!(open(cut), Some(VolumeError::Damaged(_))));
    let mut blocks = image.bytes;
    blocks[16 * 2048 + 128] = 1;
    assert_eq!(open(blocks), Some(VolumeError::Damaged("the size of a block")));
}

#[test]
fn errors_of_the_disk_are_returned() {
    fn run(disk: &Disk) -> Result<(), VolumeError> {
        let mut volume = Iso9660::open(disk)?;
        let root = volume.root();
        let directory = volume.lookup(root, b"directory")?.expect("it exists");
        let file = volume.lookup(directory, &[b'n'; 255])?.expect("it exists");
        let link = volume.lookup(root, b"link")?.expect("it exists");
        volume.link_text(link, &mut Vec::new())?;
        volume.attributes(file)?;
        volume.map(file, 0, 1, MapFor::Find)?;
        volume.parent(directory)?;
        volume.read_directory(root, 0, &mut |_| true)
    }
    let source = Source::new();
    source.file(&std::format!("directory/{}", "n".repeat(255)), "text").link("link", "text");
    let mut disk = source.image(&["-R"]);
    assert_eq!(run(&disk), Ok(()));
    let reads = disk.reads.swap(0, Ordering::Relaxed);
    for reads_max in 0..reads {
        disk.reads_max = reads_max;
        assert_eq!(run(&disk), Err(VolumeError::Medium(MediumError::Failed)));
        assert_eq!(disk.reads.swap(0, Ordering::Relaxed), reads_max + 1, "it goes on");
    }
}

#[test]
fn any_cursor_is_harmless() {
    let source = Source::new();
    for index in 0..100 {
        source.file(&std::format!("{}{index}", "n".repeat(index)), "");
    }
    let disk = source.image(&["-R"]);
    let mut volume = disk.open();
    let root = volume.root();
    let mut names = Vec::new();
    let mut places = Vec::from([0]);
    volume
        .read_directory(root, 0, &mut |entry| {
            names.push(entry.name.to_vec());
            places.push(entry.next);
            true
        })
        .unwrap();
    for cursor in (0..volume.attributes(root).unwrap().changeable.size_bytes + 3).chain([u64::MAX])
    {
        let mut rest = Vec::new();
        volume
            .read_directory(root, cursor, &mut |entry| {
                rest.push(entry.name.to_vec());
                true
            })
            .unwrap();
        assert!(names.ends_with(&rest), "cursor {cursor}");
    }
}
