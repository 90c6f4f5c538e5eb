//! Tests of archives that are unpacked into a tree.

use alloc::format;
use alloc::vec::Vec;

use super::tree::{Tree, mode};
use crate::fs::attributes::{DeviceNumber, FileKind};
use crate::fs::error::FsError;
use crate::fs::initramfs;

/// A file of an archive: number, mode, number of names, device, name, contents.
type File<'a> = (u32, u32, u32, (u32, u32), &'a str, &'a [u8]);

const MODIFIED_S: u32 = 1_700_000_000;

fn archive(files: &[File<'_>]) -> Vec<u8> {
    let end: File<'_> = (0, 0, 1, (0, 0), "TRAILER!!!", b"");
    let mut bytes = Vec::new();
    for (number, mode, links, device, name, contents) in files.iter().chain([&end]) {
        let fields = [
            *number,
            *mode,
            5,
            6,
            *links,
            MODIFIED_S,
            contents.len() as u32,
            0,
            0,
            device.0,
            device.1,
            name.len() as u32 + 1,
            0,
        ];
        bytes.extend_from_slice(b"070701");
        fields.iter().for_each(|field| bytes.extend(format!("{field:08x}").bytes()));
        bytes.extend(name.bytes().chain([0]));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend_from_slice(contents);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

#[test_case]
fn all_kinds_of_files_are_unpacked() {
    let tree = Tree::new();
    let long = [7; 10_000];
    let bytes = archive(&[
        (1, 0o40755, 2, (0, 0), ".", b""),
        (2, 0o41777, 2, (0, 0), "tmp", b""),
        (3, 0o104755, 1, (0, 0), "tmp/program", &long),
        (4, 0o120777, 1, (0, 0), "link", b"tmp/program"),
        (5, 0o20620, 1, (4, 64), "ttyS0", b""),
        (6, 0o60660, 1, (8, 1), "sda1", b""),
        (7, 0o10600, 1, (0, 0), "fifo", b""),
        (8, 0o140700, 1, (0, 0), "socket", b""),
        // The last name of a file has its contents.
        (9, 0o100640, 2, (0, 0), "first", b""),
        (9, 0o100640, 2, (0, 0), "tmp/second", b"text"),
        // Later files replace earlier ones, except directories.
        (10, 0o100600, 1, (0, 0), "/twice", b"one"),
        (11, 0o100600, 1, (0, 0), "twice", b"two!"),
        (12, 0o40700, 1, (0, 0), "tmp/", b""),
        (13, 0o100644, 1, (0, 0), "missing/file", b""),
    ]);
    let in_place = initramfs::unpack(&bytes, &tree.root, usize::MAX);
    assert!(in_place.is_empty());
    let stat = |path| tree.stat(path).expect(path);
    let tmp = stat("tmp");
    assert_eq!((tmp.kind, tmp.mode, tmp.uid, tmp.gid), (FileKind::Directory, mode(0o700), 5, 6));
    assert_eq!(tmp.modified_ns, i64::from(MODIFIED_S) * 1_000_000_000);
    let program = stat("tmp/program");
    assert_eq!((program.mode, program.size_bytes), (mode(0o4755), 10_000));
    assert_eq!(program.modified_ns, tmp.modified_ns);
    assert_eq!(tree.read("link").as_deref(), Ok(&long[..]));
    let device = |major, minor| DeviceNumber { major, minor };
    let tty = stat("ttyS0");
    assert_eq!((tty.kind, tty.represents), (FileKind::CharDevice, device(4, 64)));
    assert_eq!((stat("sda1").kind, stat("sda1").represents), (FileKind::BlockDevice, device(8, 1)));
    assert_eq!(stat("fifo").kind, FileKind::Fifo);
    assert_eq!(stat("socket").kind, FileKind::Socket);
    assert_eq!(stat("first").inode, stat("tmp/second").inode);
    assert_eq!(stat("first").links, 2);
    assert_eq!(tree.read("first"), Ok(b"text".to_vec()));
    assert_eq!(tree.read("twice"), Ok(b"two!".to_vec()));
    assert_eq!(tree.stat("missing").map(drop), Err(FsError::NotFound));
    tree.end();
}

#[test_case]
fn damage_keeps_what_came_before() {
    let tree = Tree::new();
    let mut bytes = archive(&[
        (1, 0o100644, 1, (0, 0), "good", b"text"),
        (2, 0o100644, 1, (0, 0), "cut", &[1; 100]),
    ]);
    bytes.truncate(bytes.len() - 200);
    let in_place = initramfs::unpack(&bytes, &tree.root, usize::MAX);
    assert!(in_place.is_empty());
    assert_eq!(tree.read("good"), Ok(b"text".to_vec()));
    assert_eq!(tree.read("cut"), Err(FsError::NotFound));
    // A file for which there isn't enough room.
    let long = alloc::vec![1; (super::tree::LIMITS.pages as usize + 1) * 4096];
    let bytes =
        archive(&[(1, 0o100644, 1, (0, 0), "long", &long), (2, 0o100644, 1, (0, 0), "after", b"")]);
    let in_place = initramfs::unpack(&bytes, &tree.root, usize::MAX);
    assert!(in_place.is_empty());
    assert_eq!(tree.read("after"), Ok(Vec::new()));
    tree.end();
}
