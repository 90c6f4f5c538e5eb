//! Files with several extents.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::process::Stdio;
use std::vec;

use volume::{MapFor, Medium, MediumError, Stage, Volume, VolumeError};

use super::disk::Disk;
use super::source::Source;
use super::tree;
use crate::Iso9660;

/// Returns an image in which the records of the files `big1` and `big2` are made the extents of
/// one file.
fn two_extents(first_bytes: usize) -> (Disk, [usize; 2]) {
    let source = Source::new();
    source.file("big1", vec![1; first_bytes]).file("big2", [2; 100]).file("other", [3; 5]);
    let mut disk = source.image(&["--norock"]);
    let len = disk.bytes.len();
    let records = [b"BIG1.;1", b"BIG2.;1"].map(|name| disk.find(name, 0..len) - 33);
    disk.put(records[1] + 33, b"BIG1.;1");
    disk.bytes[records[0] + 25] |= 0x80;
    (disk, records)
}

#[test]
fn extents_of_a_file_are_one() {
    let (disk, _) = two_extents(4096);
    let tree = tree::read(&disk);
    assert_eq!(tree.len(), 2);
    let mut expected = vec![1; 4096];
    expected.extend([2; 100]);
    let file = &tree[std::path::Path::new("big1")];
    assert!(file.bytes == expected);
    assert_eq!((file.attributes.changeable.size_bytes, file.attributes.blocks_512), (4196, 9));
    assert_eq!(tree[std::path::Path::new("other")].bytes, [3; 5]);
}

#[test]
fn extents_that_cannot_be_read_are_refused() {
    let read = |disk: &Disk| {
        let mut volume = disk.open();
        let file = volume.lookup(volume.root(), b"big1")?.expect("it exists");
        volume.map(file, 0, 10, MapFor::Find)
    };
    let (disk, records) = two_extents(4096);
    assert_eq!(read(&disk).map(|extent| extent.len_bytes), Ok(10));
    let (within_block, _) = two_extents(4095);
    assert!(matches!(read(&within_block), Err(VolumeError::Unsupported(_))));
    let changed = |at: usize, value: u8| {
        let mut disk = Disk::new(disk.bytes.clone());
        disk.bytes[at] = value;
        read(&disk)
    };
    assert!(matches!(changed(records[0] + 26, 1), Err(VolumeError::Unsupported(_))));
    assert!(matches!(changed(records[0] + 27, 1), Err(VolumeError::Unsupported(_))));
    assert!(matches!(changed(records[0] + 4, 0xFF), Err(VolumeError::Damaged(_))));
    // The next record is that of another file, or of a directory.
    assert!(matches!(changed(records[1] + 33, b'X'), Err(VolumeError::Damaged(_))));
    assert!(matches!(changed(records[1] + 25, 2), Err(VolumeError::Damaged(_))));
    // The file goes on in the record of another one.
    assert!(matches!(changed(records[1] + 25, 0x80), Err(VolumeError::Damaged(_))));
}

/// A disk in a file.
struct FileDisk(File, u64);

impl Medium for FileDisk {
    fn len_bytes(&self) -> u64 {
        self.1
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        self.0.read_exact_at(to, at).map_err(|_| MediumError::Failed)
    }

    fn write(&self, _stage: Stage, _at: u64, _from: &[u8]) -> Result<(), MediumError> {
        Err(MediumError::ReadOnly)
    }

    fn flush(&self) -> Result<(), MediumError> {
        Ok(())
    }

    fn discard(&self, _range: Range<u64>) {}
}

#[test]
#[ignore = "xorriso writes 5 GiB"]
fn file_of_five_gibibytes_is_read() {
    const LEN: u64 = 5 << 30;
    let marks = [0, 1 << 31, (4 << 30) - 2048 - 4, (4 << 30) - 2048, 4 << 30, LEN - 4];
    let source = Source::new();
    let large = File::create(source.path("large")).expect("it can be made");
    large.set_len(LEN).expect("the file system has sparse files");
    for mark in marks {
        large.write_all_at(&(mark as u32 ^ 0x5A5A_5A5A).to_le_bytes(), mark).expect("it has room");
    }
    source.file("small", "text");
    // The image is sparse, too.
    let path = source.top().with_file_name("image");
    let image = File::options().read(true).write(true).create_new(true).open(path);
    let image = image.expect("it can be made");
    let mut command = source.xorriso(&["-R", "-iso-level", "3"]);
    let mut xorriso = command.stdout(Stdio::piped()).spawn().expect("xorriso is installed");
    let mut output = xorriso.stdout.take().expect("it has a pipe");
    let (mut len, mut piece) = (0, vec![0; 1 << 16]);
    loop {
        let count = output.read(&mut piece).expect("the pipe can be read");
        if count == 0 {
            break;
        }
        if piece[..count].iter().any(|byte| *byte != 0) {
            image.write_all_at(&piece[..count], len).expect("it has room");
        }
        len += count as u64;
    }
    assert!(xorriso.wait().expect("it has been started").success());
    image.set_len(len).expect("it can be set");

    let disk = FileDisk(image.try_clone().expect("it is open"), len);
    let mut volume = Iso9660::open(disk).expect("the image is right");
    let root = volume.root();
    assert_eq!(tree::entries(&mut volume, root).unwrap().len(), 2);
    let file = volume.lookup(volume.root(), b"large").unwrap().expect("it exists");
    assert_eq!(volume.attributes(file).unwrap().changeable.size_bytes, LEN);
    for mark in marks {
        let extent = volume.map(file, mark, 4, MapFor::Find).unwrap();
        assert_eq!(extent.len_bytes, 4);
        let mut bytes = [0; 4];
        image.read_exact_at(&mut bytes, extent.place.expect("it is no hole")).unwrap();
        assert_eq!(u32::from_le_bytes(bytes), mark as u32 ^ 0x5A5A_5A5A, "at {mark}");
    }
    let (mut offset, mut extents) = (0, 0);
    while offset < LEN {
        let extent = volume.map(file, offset, u64::MAX, MapFor::Find).unwrap();
        assert!(extent.place.is_some());
        offset += extent.len_bytes;
        extents += 1;
    }
    assert_eq!((offset, extents), (LEN, 2));
}
