//! Large files and holes, and where blocks are.

use std::vec;
use std::vec::Vec;

use volume::{Kind, MapFor, Volume, VolumeError};

use super::host;
use super::session::{NOW, Session};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

#[test]
fn largest_sizes_of_files() {
    // Those of Linux: all pointers for small blocks, and for large ones what 32 bits of sectors hold.
    let cases = [("1024", 17_247_252_480_u64), ("2048", 275_415_851_008)];
    for (block_bytes, size) in cases {
        let session = Session::make(2048, &["-t", "ext2", "-b", block_bytes]);
        assert_eq!(session.volume.properties().file_max_bytes, size);
    }
    let session = Session::make(2048, &["-t", "ext2", "-b", "4096"]);
    let size = session.volume.properties().file_max_bytes;
    assert!((2196 * GIB / 1024 * 1000 / 1000..2048 * GIB).contains(&size) || size < 2048 * GIB);
    assert!(size > 2044 * GIB);
    let session = Session::make(2048, &["-r", "0", "-b", "1024", "-O", "none"]);
    assert_eq!(session.volume.properties().file_max_bytes, (1 << 31) - 1);
}

#[test]
fn file_with_holes_of_gibibytes() {
    for block_bytes in ["1024", "2048", "4096"] {
        let mut session =
            Session::make(4096, &["-t", "ext2", "-b", block_bytes, "-O", "^large_file"]);
        let before = session.free();
        let file = session.create("sparse", Kind::Regular);
        let max = session.volume.properties().file_max_bytes;
        let places = [0, 11_000, 300_000, 70 * MIB, 3 * GIB + 5, 9 * GIB, 16 * GIB];
        for (number, place) in places.into_iter().enumerate() {
            session.write(file, place, &[number as u8 + 1; 9000]).unwrap();
        }
        // The last byte that a file can have.
        session.write(file, max - 1, b"z").unwrap();
        let attributes = session.attributes(file);
        assert_eq!(attributes.changeable.size_bytes, max);
        assert!(attributes.blocks_512 < 400);
        let beyond = session.volume.map(file, max, 1, MapFor::Write);
        assert_eq!(beyond, Err(VolumeError::TooLarge));
        let huge = session.volume.map(file, u64::MAX - 5, u64::MAX, MapFor::Find).unwrap();
        assert_eq!(huge.place, None);

        let mut session = session.reopen();
        for (number, place) in places.into_iter().enumerate() {
            assert_eq!(session.read(file, place, 9000), [number as u8 + 1; 9000]);
        }
        assert_eq!(session.read(file, max - 2, 2), [0, b'z']);
        assert_eq!(session.read(file, 2 * GIB, 100_000), vec![0; 100_000]);
        // Holes are passed in large pieces.
        let mut at = 0;
        let mut pieces = 0;
        while at < max {
            at += session.volume.map(file, at, max - at, MapFor::Find).unwrap().len_bytes;
            pieces += 1;
        }
        assert!(pieces < 5000, "{pieces} pieces");
        for size in [9 * GIB + 4000, 70 * MIB + 1, 5 * MIB, 12_000, 1] {
            session.truncate(file, size);
            session = session.reopen();
            assert_eq!(session.attributes(file).changeable.size_bytes, size);
        }
        assert_eq!(session.contents("sparse"), [1]);
        session.remove("sparse").unwrap();
        assert_eq!(session.free(), before);
        session.close();
    }
}

#[test]
fn large_file_has_its_feature() {
    let mut session = Session::make(2048, &["-t", "ext2", "-O", "^large_file"]);
    let file = session.create("f", Kind::Regular);
    session.set(file, |attributes| attributes.size_bytes = (1 << 31) - 1);
    let mut session = session.reopen();
    let has = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        host::debugfs(&mut bytes, &["features"]).contains("large_file")
    };
    assert!(!has(&session.disk.bytes()));
    session.set(file, |attributes| attributes.size_bytes = 1 << 31);
    assert!(has(&session.close()));
}

#[test]
fn other_programs_read_what_was_written() {
    for block_bytes in ["1024", "2048", "4096"] {
        let mut session = Session::make(8192, &["-t", "ext2", "-b", block_bytes]);
        let file = session.create("f", Kind::Regular);
        let bytes: Vec<u8> = (0..1_500_000_u32).map(|at| (at % 251) as u8).collect();
        for (number, part) in bytes.chunks(100_000).enumerate() {
            session.write(file, number as u64 * 100_000, part).unwrap();
        }
        let image = session.close();
        assert!(host::dump(&image, "/f") == bytes);
    }
}

/// A new file is in one piece but for its tables, also if it is written in small parts.
#[test]
fn files_are_contiguous() {
    for block_bytes in [1024_u64, 4096] {
        let option = std::format!("{block_bytes}");
        let mut session = Session::make(32_768, &["-t", "ext2", "-b", &option]);
        let file = session.create("f", Kind::Regular);
        let size = 6 * MIB;
        for part in 0..size / 50_000 {
            session.write(file, part * 50_000, &[1; 50_000]).unwrap();
        }
        let size = session.attributes(file).changeable.size_bytes;
        let (mut at, mut pieces) = (0, 0);
        while at < size {
            let extent = session.volume.map(file, at, size - at, MapFor::Find).unwrap();
            at += extent.len_bytes;
            pieces += 1;
        }
        let tables = size.div_ceil(block_bytes * block_bytes / 4);
        assert!(pieces <= tables + 3, "{pieces} pieces, {tables} tables");
        session.close();
    }
}

/// Room before a file doesn't take it apart.
#[test]
fn blocks_follow_the_last_one_of_the_file() {
    let mut session = Session::make(8192, &["-t", "ext2", "-b", "1024"]);
    let other = session.create("other", Kind::Regular);
    session.write(other, 0, &[1; 500_000]).unwrap();
    let file = session.create("f", Kind::Regular);
    session.write(file, 0, &[2; 4096]).unwrap();
    session.remove("other").unwrap();
    session.write(file, 4096, &[3; 8192]).unwrap();
    let extent = session.volume.map(file, 0, 12 << 10, MapFor::Find).unwrap();
    assert_eq!(extent.len_bytes, 12 << 10);
    session.write(file, 12 << 10, &[4; 100_000]).unwrap();
    let next = session.volume.map(file, 12 << 10, 100_000, MapFor::Find).unwrap();
    assert_eq!(next.len_bytes, 100_000);
    // After the table.
    assert_eq!(next.place.unwrap(), extent.place.unwrap() + (13 << 10));
    session.close();
}

#[test]
fn look_up_of_128_kib_reads_the_disk_a_few_times() {
    let mut session = Session::make(16_384, &["-t", "ext2", "-b", "1024"]);
    let file = session.create("f", Kind::Regular);
    session.write(file, 0, &vec![1; 4 << 20]).unwrap();
    for at in (0..4 << 20).step_by(128 << 10) {
        session.disk.limit_transfers(100);
        session.volume.map(file, at, 128 << 10, MapFor::Find).unwrap();
        // The inode, two tables, and the pointers.
        assert!(session.disk.transfers() <= 4);
    }
    session.disk.limit_transfers(u64::MAX);
    session.volume.truncate(file, 0).unwrap();
    let extent = session.volume.map(file, 0, 1 << 20, MapFor::Write).unwrap();
    assert_eq!((extent.len_bytes, extent.is_new), (12 << 10, true));
    let extent = session.volume.map(file, 12 << 10, 1 << 20, MapFor::Write).unwrap();
    assert_eq!((extent.len_bytes, extent.is_new), (256 << 10, true));
    session.volume.truncate(file, 0).unwrap();
    session.remove("f").unwrap();
    session.close();
}

#[test]
fn blocks_behind_the_size_are_freed() {
    let mut session = Session::make(2048, &["-t", "ext2", "-b", "1024"]);
    let file = session.create("f", Kind::Regular);
    let before = session.free();
    // A write that was not completed.
    session.volume.map(file, 0, 500_000, MapFor::Write).unwrap();
    session.volume.map(file, 40_000, 500_000, MapFor::Write).unwrap();
    let found = session.volume.map(file, 40_000, 1, MapFor::Find).unwrap();
    assert!(found.place.is_some() && !found.is_new);
    session.volume.truncate(file, 0).unwrap();
    assert_eq!(session.free(), before);
    assert_eq!(session.attributes(file).blocks_512, 0);
    // A larger size than the file has changes nothing.
    session.write(file, 0, &[1; 5000]).unwrap();
    session.volume.truncate(file, 1 << 20).unwrap();
    assert_eq!(session.attributes(file).changeable.size_bytes, 5000);
    let root = session.volume.root();
    session.volume.remove(root, b"f", file).unwrap();
    session.volume.forget(file, NOW).unwrap();
    session.close();
}

/// A table of tables that leads to itself stays when the file keeps other blocks of it.
#[test]
fn pointers_that_cannot_be_are_dropped() {
    let keeps = (12 + 256 + 10) * 1024;
    for number in [1, 2000, 5000, u32::MAX] {
        let mut session = Session::make(4096, &["-t", "ext2", "-b", "1024"]);
        let file = session.create("f", Kind::Regular);
        session.write(file, keeps - 1, b"x").unwrap();
        let inode = session.volume.node(file).unwrap();
        let table = u64::from(inode.pointer(13)) * 1024;
        let mut bytes = session.disk.bytes();
        // The table itself, or a block that isn't the volume's or is a structure.
        let pointer = if number == 2000 { inode.pointer(13) } else { number };
        bytes[table as usize + 40..][..4].copy_from_slice(&pointer.to_le_bytes());
        session.volume.close().unwrap();
        let mut session = Session::open(bytes);
        let result = session.volume.truncate(file, keeps);
        assert_eq!(result, Err(VolumeError::Damaged("the pointers of an inode")));
        assert_eq!(session.read(file, keeps - 1, 1), b"x");
        session.volume.commit().unwrap();
        host::mend(&mut session.disk.bytes());
        assert_eq!(session.volume.truncate(file, 0), Ok(()));
        session.remove("f").unwrap();
        session.volume.close().unwrap();
        host::mend(&mut session.disk.bytes());
    }
}
