//! Single damages, one of each kind, and what is reported.

use std::string::ToString;
use std::vec::Vec;

use volume::{Kind, MapFor, NodeId, Volume, VolumeError};

use super::disk::Disk;
use super::source::Source;
use super::tree;

/// Returns an image with Rock Ridge and several kinds of files.
fn image() -> Disk {
    let source = Source::new();
    source.file("file", "text").file(&"n".repeat(250), "").link("link", "aaa/bbb");
    source.directory("dir/sub").file("dir/inner", "");
    source.image(&["-R"])
}

/// Returns the place of the record whose Rock Ridge name is `name`.
fn record(disk: &Disk, name: &str) -> usize {
    let mut field = Vec::from([b'N', b'M', 5 + name.len() as u8, 1, 0]);
    field.extend(name.as_bytes());
    let at = disk.find(&field, 0..disk.bytes.len());
    let sector = at / 2048 * 2048;
    let mut record = sector;
    while record + usize::from(disk.bytes[record]) <= at {
        record += usize::from(disk.bytes[record]);
    }
    record
}

/// Returns the place of the field `signature` of the record for `name`.
fn field(disk: &Disk, name: &str, signature: &[u8]) -> usize {
    let at = record(disk, name);
    disk.find(signature, at..at + usize::from(disk.bytes[at]))
}

fn damaged(what: &'static str) -> VolumeError {
    VolumeError::Damaged(what)
}

fn lookup(disk: &Disk, name: &[u8]) -> Result<Option<NodeId>, VolumeError> {
    let mut volume = disk.open();
    volume.lookup(volume.root(), name)
}

#[test]
fn circle_of_continuations_ends() {
    let mut disk = image();
    // The root directory itself has one, then the long name.
    let at = disk.bytes.windows(4).rposition(|bytes| bytes == b"CE\x1c\x01").unwrap();
    let (block, offset) = (disk.u32_at(at + 4), disk.u32_at(at + 12));
    let area = block as usize * 2048 + offset as usize;
    let continuation = disk.bytes[at..at + 28].to_vec();
    disk.put(area, &continuation);
    let error = damaged("the continuation of a directory record");
    assert_eq!(lookup(&disk, b"missing"), Err(error));
    // A long one.
    let mut disk = image();
    disk.put(at + 20, &[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(lookup(&disk, b"missing"), Err(error));
    // Areas with too many fields.
    let mut disk = image();
    let end = disk.bytes.len() as u32;
    disk.bytes.extend(b"XX\x04\x01".repeat(2048 / 4));
    disk.put(at + 4, &(end / 2048).to_le_bytes());
    disk.put(at + 12, &[0, 0, 0, 0]);
    disk.put(at + 20, &2048_u32.to_le_bytes());
    assert_eq!(lookup(&disk, b"missing"), Err(damaged("the fields of a directory record")));
    // One outside.
    let mut disk = image();
    disk.put(at + 4, &[0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(lookup(&disk, b"missing"), Err(damaged("an extent outside of the disk")));
}

#[test]
fn directory_is_not_its_own_descendant() {
    let error = Err(damaged("the parent of a directory"));
    for (name, target) in [("sub", "dir"), ("dir", "dir")] {
        let mut disk = image();
        let (from, to) = (record(&disk, name), record(&disk, target));
        let extent = disk.bytes[to + 2..to + 6].to_vec();
        disk.put(from + 2, &extent);
        if name == target {
            let root = 16 * 2048 + 156;
            let extent = disk.bytes[root + 2..root + 6].to_vec();
            disk.put(from + 2, &extent);
            assert_eq!(lookup(&disk, b"dir"), error);
        } else {
            let mut volume = disk.open();
            let directory = volume.lookup(volume.root(), b"dir").unwrap().unwrap();
            assert_eq!(volume.lookup(directory, b"sub"), error);
        }
    }
}

#[test]
fn directory_has_one_name() {
    let source = Source::new();
    source.file("0", "").directory("first").directory("second").directory("third");
    let mut disk = source.image(&["-R"]);
    let (from, to) = (record(&disk, "third"), record(&disk, "first"));
    let extent = disk.bytes[to + 2..to + 6].to_vec();
    disk.put(from + 2, &extent);
    assert!(matches!(lookup(&disk, b"first"), Ok(Some(_))));
    assert_eq!(lookup(&disk, b"third"), Err(damaged("a directory with two names")));
    assert!(matches!(lookup(&disk, b"second"), Ok(Some(_))));
}

#[test]
fn relocation_to_an_ancestor_is_refused() {
    let mut disk = image();
    let at = field(&disk, "inner", b"TF");
    let dir = record(&disk, "dir");
    let extent = disk.bytes[dir + 2..dir + 10].to_vec();
    disk.put(at, b"CL\x0c\x01");
    disk.put(at + 4, &extent);
    // The rest of the field that was there is one that is unknown.
    let rest = 26 - 12;
    disk.put(at + 12, &[b'X', b'X', rest, 1]);
    let mut volume = disk.open();
    let directory = volume.lookup(volume.root(), b"dir").unwrap().unwrap();
    let error = Err(damaged("the parent of a directory"));
    assert_eq!(volume.lookup(directory, b"inner"), error);
    let kinds: Vec<_> =
        tree::entries(&mut volume, directory).unwrap().into_iter().map(|entry| entry.2).collect();
    assert_eq!(kinds, [Kind::Directory, Kind::Directory]);
}

#[test]
fn extent_of_a_directory_is_checked() {
    for (offset, value) in [(2, 0x00), (4, 0xFF), (2, 17)] {
        let mut disk = image();
        let at = record(&disk, "dir");
        disk.bytes[at + offset] = value;
        assert!(matches!(lookup(&disk, b"dir"), Err(VolumeError::Damaged(_))));
    }
    // The size in its own record.
    for size in [0_u32, 33, 0xFFFF_F800] {
        let mut disk = image();
        let at = record(&disk, "dir");
        let own = disk.u32_at(at + 2) as usize * 2048;
        disk.put(own + 10, &size.to_le_bytes());
        assert_eq!(lookup(&disk, b"dir"), Err(damaged("the extent of a directory")));
    }
}

#[test]
fn extent_of_a_file_is_checked() {
    let mut disk = image();
    let at = record(&disk, "file");
    let end = disk.bytes.len() as u32 / 2048;
    for (block, len, is_right) in [(end - 1, 2048, true), (end - 1, 2049, false), (end, 1, false)] {
        disk.put(at + 2, &u32::to_le_bytes(block));
        disk.put(at + 10, &u32::to_le_bytes(len));
        let mut volume = disk.open();
        let file = volume.lookup(volume.root(), b"file").unwrap().unwrap();
        assert_eq!(volume.attributes(file).unwrap().changeable.size_bytes, u64::from(len));
        let extent = volume.map(file, 0, 4096, MapFor::Find);
        if is_right {
            assert_eq!(extent.map(|extent| extent.len_bytes), Ok(2048));
        } else {
            assert_eq!(extent, Err(damaged("the extent of a file")));
        }
    }
}

#[test]
fn lengths_of_records_are_checked() {
    for len in [1, 32, 33, 34] {
        let mut disk = image();
        let at = record(&disk, "file");
        disk.bytes[at] = len;
        assert!(lookup(&disk, b"missing").is_err(), "length {len}");
    }
    // 0 ends the sector.
    let mut disk = image();
    let at = record(&disk, "file");
    disk.bytes[at] = 0;
    assert_eq!(lookup(&disk, b"file"), Ok(None));
    disk.bytes[at] = 255;
    disk.bytes[at + 32] = 0;
    assert_eq!(lookup(&disk, b"file"), Err(damaged("the length of a directory record")));
}

#[test]
fn texts_of_links_are_checked() {
    let at = field(&image(), "link", b"SL");
    // The field's flags, the first component's flags and length, each with a wrong value.
    for (offset, value) in
        [(4, 1), (5, 16), (5, 32), (5, 6), (6, 200), (6, 2), (7, 0), (2, 5), (2, 4), (2, 200)]
    {
        let mut disk = image();
        disk.bytes[at + offset] = value;
        let error = lookup(&disk, b"link").expect_err("it is damaged").to_string();
        assert!(error.starts_with("the file system is damaged"), "{offset} {value}: {error}");
    }
    // Without a text.
    let mut disk = image();
    disk.bytes[at] = b'X';
    let mut volume = disk.open();
    let link = volume.lookup(volume.root(), b"link").unwrap().unwrap();
    let error = Err(damaged("a symbolic link without a text"));
    assert_eq!(volume.attributes(link).map(|_| ()), error);
    assert_eq!(volume.link_text(link, &mut Vec::new()), error);
}

#[test]
fn names_are_checked() {
    for name in [*b"/ile", *b"f\0le"] {
        let mut disk = image();
        let at = field(&disk, "file", b"NM");
        disk.put(at + 5, &name);
        assert_eq!(lookup(&disk, b"link"), Err(damaged("a name")));
    }
    // A name that goes on, without a next field.
    let mut disk = image();
    let at = field(&disk, "file", b"NM");
    disk.bytes[at + 4] = 1;
    assert_eq!(lookup(&disk, b"link"), Err(damaged("a name")));
}

#[test]
fn contents_in_other_forms_are_refused() {
    for signature in [b"ZF", b"SF"] {
        let mut disk = image();
        let at = field(&disk, "file", b"TF");
        disk.put(at, signature);
        let mut volume = disk.open();
        let file = volume.lookup(volume.root(), b"file").unwrap().unwrap();
        let extent = volume.map(file, 0, 1, MapFor::Find);
        assert!(matches!(extent, Err(VolumeError::Unsupported(_))));
    }
}

#[test]
fn kind_of_a_file_is_checked() {
    let mut disk = image();
    let at = field(&disk, "file", b"PX");
    disk.put(at + 4, &0o040_755_u32.to_le_bytes());
    assert_eq!(lookup(&disk, b"file"), Err(damaged("the kind of a file")));
}
