//! Contents: reads, writes, holes, sizes, positions.

use alloc::vec;
use alloc::vec::Vec;

use address_space::{Access, Sharing};

use super::tree::{LIMITS, Tree, read, write};
use crate::fs::error::FsError;
use crate::fs::file::mapping;
use crate::fs::file::open_file::{Allocate, Whence};
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{Bytes, BytesMut, Sink, SliceSink, SliceSource, Source};
use crate::fs::page_cache::PAGE_BYTES;
use crate::mm::kernel::frames::{self, Purpose};
use crate::mm::user::backing::PageError;

const NEW: OpenFlags = OpenFlags::CREATE.union(OpenFlags::READ_WRITE);

/// A program's memory whose end can't be accessed.
struct Broken(usize);

impl Sink for Broken {
    fn room(&self) -> usize {
        1 << 20
    }

    fn put(&mut self, bytes: Bytes<'_>) -> usize {
        let copied = bytes.len().min(self.0);
        self.0 -= copied;
        copied
    }
}

impl Source for Broken {
    fn left(&self) -> usize {
        1 << 20
    }

    fn fill(&mut self, bytes: BytesMut<'_>) -> usize {
        let len = bytes.len().min(self.0);
        match bytes {
            BytesMut::Slice(slice) => slice[..len].fill(b'x'),
            BytesMut::Frame(frame) => frame.first(len).write(&vec![b'x'; len]),
        }
        self.0 -= len;
        len
    }
}

#[test_case]
fn pieces_of_any_size_are_read_as_written() {
    let used = frames::counts().used_for(Purpose::Files);
    let tree = Tree::new();
    let pattern: Vec<u8> = (0..50_000_u32).map(|index| (index * 7 % 251) as u8).collect();
    for piece in [1000, 4096, 4097, 50_000] {
        let file = tree.open("f", NEW | OpenFlags::TRUNCATE).expect("it is made");
        for bytes in pattern.chunks(piece) {
            assert_eq!(write(&file, bytes), Ok(bytes.len()));
        }
        assert_eq!(tree.read("f").as_ref(), Ok(&pattern));
        let mut bytes = vec![0; 5000];
        let mut sink = SliceSink::new(&mut bytes);
        assert_eq!(file.read_at(4000, &mut sink), Ok(5000));
        assert_eq!(bytes, pattern[4000..9000]);
        assert_eq!(tree.used().0, 13);
    }
    tree.unlink("f").expect("it is there");
    assert_eq!(tree.used().0, 0);
    tree.end();
    assert_eq!(frames::counts().used_for(Purpose::Files), used);
}

#[test_case]
fn file_of_5_gib_has_holes() {
    const END: u64 = 5 << 30;
    let tree = Tree::new();
    let file = tree.open("sparse", NEW).expect("it is made");
    assert_eq!(file.write_at(END - 1, &mut SliceSource::new(b"e")), Ok(1));
    assert_eq!(file.write_at(1 << 20, &mut SliceSource::new(b"middle")), Ok(6));
    let metadata = file.inode().metadata();
    assert_eq!((metadata.size_bytes, metadata.blocks), (END, 16));
    let mut bytes = [1; 8];
    assert_eq!(file.read_at(3 << 30, &mut SliceSink::new(&mut bytes)), Ok(8));
    assert_eq!(bytes, [0; 8]);
    // Reading a hole doesn't add a page.
    assert_eq!(tree.used().0, 2);
    assert_eq!(file.read_at(END - 3, &mut SliceSink::new(&mut bytes)), Ok(3));
    assert_eq!(bytes[..3], *b"\0\0e");
    let seek = |offset: u64, whence| file.seek(offset as i64, whence);
    assert_eq!(seek(0, Whence::Data), Ok(1 << 20));
    assert_eq!(seek((1 << 20) + 5000, Whence::Data), Ok(END - PAGE_BYTES));
    assert_eq!(seek(END, Whence::Data), Err(FsError::NoDevice));
    assert_eq!(seek(0, Whence::Hole), Ok(0));
    assert_eq!(seek(1 << 20, Whence::Hole), Ok((1 << 20) + PAGE_BYTES));
    assert_eq!(seek(END - 1, Whence::Hole), Ok(END));
    assert_eq!(seek(END, Whence::Hole), Err(FsError::NoDevice));
    // A truncated file has lost the bytes after its end, also when it grows again.
    assert_eq!(file.set_size((1 << 20) + 3), Ok(()));
    assert_eq!(file.set_size(END), Ok(()));
    assert_eq!(file.read_at(1 << 20, &mut SliceSink::new(&mut bytes)), Ok(8));
    assert_eq!(bytes, *b"mid\0\0\0\0\0");
    assert_eq!(tree.used().0, 1);
    drop(file);
    tree.end();
}

#[test_case]
fn positions_move_as_posix_has_it() {
    let tree = Tree::new();
    let file = tree.open("f", NEW).expect("it is made");
    assert_eq!(write(&file, b"0123456789"), Ok(10));
    assert_eq!(file.seek(-3, Whence::Position), Ok(7));
    let mut bytes = [0; 4];
    assert_eq!(read(&file, &mut bytes), Ok(3));
    assert_eq!(bytes[..3], *b"789");
    assert_eq!(read(&file, &mut bytes), Ok(0));
    assert_eq!(file.seek(-11, Whence::End), Err(FsError::InvalidArgument));
    assert_eq!(file.seek(5, Whence::End), Ok(15));
    assert_eq!(file.seek(i64::MAX, Whence::Position), Err(FsError::InvalidArgument));
    assert_eq!(write(&file, b"x"), Ok(1));
    assert_eq!(tree.read("f"), Ok(b"0123456789\0\0\0\0\0x".to_vec()));
    // Each append goes to the end, wherever the position was.
    let end = tree.open("f", OpenFlags::WRITE_ONLY | OpenFlags::APPEND).expect("it is there");
    assert_eq!(end.seek(0, Whence::Start), Ok(0));
    assert_eq!(write(&end, b"y"), Ok(1));
    assert_eq!(end.seek(0, Whence::Position), Ok(17));
    assert_eq!(end.write_at(0, &mut SliceSource::new(b"z")), Ok(1));
    assert_eq!(tree.stat("f").map(|it| it.size_bytes), Ok(18));
    assert_eq!(read(&end, &mut bytes), Err(FsError::NotOpenForThis));
    // The largest size.
    assert_eq!(file.seek(i64::MAX, Whence::Start), Ok(i64::MAX as u64));
    assert_eq!(write(&file, b"x"), Err(FsError::TooLarge));
    assert_eq!(file.set_size(1 << 63), Err(FsError::TooLarge));
    drop((file, end));
    tree.end();
}

#[test_case]
fn memory_that_cannot_be_accessed_ends_a_copy() {
    let tree = Tree::new();
    let file = tree.open("f", NEW).expect("it is made");
    assert_eq!(file.write(&mut Broken(5000)), Ok(5000));
    assert_eq!(file.write(&mut Broken(0)), Err(FsError::BadAddress));
    assert_eq!(file.inode().size_bytes(), 5000);
    assert_eq!(file.read_at(0, &mut Broken(4097)), Ok(4097));
    assert_eq!(file.read_at(0, &mut Broken(0)), Err(FsError::BadAddress));
    // Bytes that weren't copied are 0 when the file grows.
    assert_eq!(file.set_size(10_000), Ok(()));
    let bytes = tree.read("f").expect("it is there");
    assert!(bytes[..5000].iter().all(|byte| *byte == b'x'));
    assert!(bytes[5000..].iter().all(|byte| *byte == 0));
    drop(file);
    tree.end();
}

#[test_case]
fn full_file_system_says_how_much_was_written() {
    let tree = Tree::new();
    let file = tree.open("f", NEW).expect("it is made");
    let bytes = vec![7; (LIMITS.pages * PAGE_BYTES) as usize + 10];
    assert_eq!(write(&file, &bytes), Ok(bytes.len() - 10));
    assert_eq!(write(&file, b"x"), Err(FsError::NoSpace));
    assert_eq!(tree.used().0, LIMITS.pages);
    assert_eq!(file.allocate(Allocate::PunchHole, 100, 3 * PAGE_BYTES), Ok(()));
    assert_eq!(tree.used().0, LIMITS.pages - 2);
    let whole = tree.read("f").expect("it is there");
    assert!(whole[100..100 + 3 * PAGE_BYTES as usize].iter().all(|byte| *byte == 0));
    assert!(whole[..100].iter().all(|byte| *byte == 7));
    assert_eq!(whole[100 + 3 * PAGE_BYTES as usize], 7);
    assert_eq!(file.allocate(Allocate::KeepSize, 0, u64::MAX), Err(FsError::TooLarge));
    assert_eq!(file.allocate(Allocate::Grow, 0, 0), Err(FsError::InvalidArgument));
    assert_eq!(file.allocate(Allocate::KeepSize, PAGE_BYTES, 2 * PAGE_BYTES), Ok(()));
    assert_eq!(tree.used().0, LIMITS.pages);
    drop(file);
    tree.end();
}

#[test_case]
fn programs_and_writers_exclude_each_other() {
    let tree = Tree::new();
    tree.write("program", b"#!").expect("it is made");
    let writer = tree.open("program", OpenFlags::READ_WRITE).expect("it is there");
    let inode = writer.inode().clone();
    assert!(inode.deny_writing().is_err());
    drop(writer);
    let denied = inode.deny_writing().expect("nothing writes it");
    let more = inode.deny_writing().expect("it can run twice");
    assert_eq!(tree.open("program", OpenFlags::WRITE_ONLY).map(drop), Err(FsError::TextBusy));
    assert!(tree.open("program", OpenFlags::empty()).is_ok());
    drop((denied, more));
    assert!(tree.open("program", OpenFlags::WRITE_ONLY).is_ok());
    drop(inode);
    tree.end();
}

#[test_case]
fn reads_and_writes_set_the_times() {
    let tree = Tree::new();
    tree.write("f", b"x").expect("it is made");
    let before = tree.stat("f").expect("it is there");
    tree.read("f").expect("it is there");
    let read = tree.stat("f").expect("it is there");
    assert!(read.accessed_ns > before.modified_ns);
    tree.read("f").expect("it is there");
    assert_eq!(tree.stat("f").map(|it| it.accessed_ns), Ok(read.accessed_ns), "it is recent");
    tree.write("f", b"y").expect("it is there");
    let written = tree.stat("f").expect("it is there");
    assert!(written.modified_ns > read.accessed_ns && written.changed_ns == written.modified_ns);
    tree.link("f", "g").expect("it is made");
    let linked = tree.stat("f").expect("it is there");
    assert!(linked.changed_ns > written.changed_ns);
    assert_eq!(linked.modified_ns, written.modified_ns);
    assert!(tree.stat(".").is_ok_and(|root| root.modified_ns >= linked.changed_ns - 1_000_000));
    tree.end();
}

#[test_case]
fn mapped_files_share_the_pages() {
    let tree = Tree::new();
    tree.write("f", b"text").expect("it is made");
    let file = tree.open("f", OpenFlags::READ_WRITE).expect("it is there");
    let mapped = mapping::mapped(&file, Sharing::Shared).expect("it can be read");
    let page = mapped.page(0).expect("it is within the file");
    page.bytes(0..2).write(b"TE");
    assert_eq!(tree.read("f"), Ok(b"TExt".to_vec()));
    assert_eq!(file.write_at(2, &mut SliceSource::new(b"XT")), Ok(2));
    let mut bytes = [0; 5];
    page.bytes(0..5).read(&mut bytes);
    assert_eq!(&bytes, b"TEXT\0");
    // A page is available up to the end of the file.
    assert_eq!(mapped.page(1).map(drop), Err(PageError::Unavailable));
    assert_eq!(file.set_size(3 * PAGE_BYTES), Ok(()));
    assert!(mapped.page(2).is_ok());
    assert_eq!(file.set_size(0), Ok(()));
    assert_eq!(mapped.page(0).map(drop), Err(PageError::Unavailable));
    let reader = tree.open("f", OpenFlags::empty()).expect("it is there");
    let read_only = mapping::mapped(&reader, Sharing::Shared).expect("it can be read");
    let write = Access::READ | Access::WRITE;
    assert!(!read_only.allows(write, Sharing::Shared));
    assert!(read_only.allows(write, Sharing::Private));
    let writer = tree.open("f", OpenFlags::WRITE_ONLY).expect("it is there");
    assert_eq!(mapping::mapped(&writer, Sharing::Shared).map(drop), Err(FsError::PermissionDenied));
    drop((page, mapped, read_only, file, reader, writer));
    tree.end();
}
