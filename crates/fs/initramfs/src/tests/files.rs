//! Valid archives, and each kind of damage.

use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::archive::*;
use crate::{Device, Entries, EntryKind, InitramfsError, Problem};

fn error(offset: usize, problem: Problem) -> Option<InitramfsError> {
    Some(InitramfsError { offset, problem })
}

#[test]
fn entries_have_all_that_the_header_says() {
    let bytes = archive(&[file("a/b", FILE, b"hello")]);
    let (entries, error) = read(&bytes);
    assert_eq!(error, None);
    let entry = entries[0];
    assert_eq!(entries.len(), 1);
    assert_eq!(entry.name, b"a/b");
    assert_eq!(entry.contents, b"hello");
    assert_eq!((entry.mode, entry.uid, entry.gid), (FILE, 1000, 100));
    assert_eq!((entry.inode, entry.link_count, entry.modified_s), (7, 1, 0x6000_0000));
    assert_eq!(entry.device, Device { major: 8, minor: 1 });
    assert_eq!(entry.represented_device, Device { major: 4, minor: 64 });
    assert_eq!((entry.offset, entry.archive), (0, 0));
}

#[test]
fn contents_are_slices_of_the_input() {
    let bytes = archive(&[file("a", FILE, b"hello")]);
    let (entries, _) = read(&bytes);
    assert!(bytes.as_ptr_range().contains(&entries[0].contents.as_ptr()));
    assert_eq!(entries[0].contents.as_ptr(), bytes[112..].as_ptr());
}

#[test]
fn kinds_are_told_by_the_mode() {
    let table = [
        (0o010_600, Some(EntryKind::Fifo)),
        (0o020_600, Some(EntryKind::CharacterDevice)),
        (0o041_777, Some(EntryKind::Directory)),
        (0o060_600, Some(EntryKind::BlockDevice)),
        (0o104_755, Some(EntryKind::Regular)),
        (0o120_777, Some(EntryKind::SymbolicLink)),
        (0o140_755, Some(EntryKind::Socket)),
        (0o000_644, None),
        (0o150_644, None),
    ];
    for (mode, kind) in table {
        let bytes = archive(&[file("a", mode, b"")]);
        assert_eq!(read(&bytes).0[0].kind(), kind, "{mode:o}");
    }
}

#[test]
fn names_of_one_file_have_one_key() {
    let linked = |name: &str, mode, inode, contents: &[u8]| {
        let mut file = file(name, mode, contents);
        (file.inode, file.link_count) = (inode, 2);
        file
    };
    let one = [linked("a", FILE, 1, b""), linked("b", FILE, 1, b"contents"), file("c", FILE, b"")];
    let other = [
        linked("d", FILE, 2, b""),
        linked("e", 0o010_600, 1, b""),
        linked("f", DIRECTORY, 1, b""),
        linked("g", LINK, 1, b"a"),
    ];
    let bytes = [archive(&one), archive(&other), archive(&one)].concat();
    let (entries, _) = read(&bytes);
    let keys: Vec<_> = entries.iter().map(|entry| entry.link_key()).collect();
    assert!(keys[0].is_some());
    assert_eq!(keys[0], keys[1]);
    for index in [2, 5, 6] {
        assert_eq!(keys[index], None);
    }
    assert_eq!(keys[7], keys[8]);
    // Another inode, another kind, another archive.
    for (index, other) in [(0, 3), (0, 4), (0, 7)] {
        assert_ne!(keys[index], keys[other]);
    }
    assert_eq!(entries[1].contents, b"contents");
}

#[test]
fn archives_may_follow_each_other_with_zeroes_between() {
    for zeroes in [0, 4, 512, 1 << 20] {
        let bytes = [root(), vec![0; zeroes], archive(&[file("init", FILE, b"x")])].concat();
        let (entries, error) = read(&bytes);
        assert_eq!(error, None);
        assert_eq!(entries.len(), 7);
        assert_eq!(entries[6].name, b"init");
        assert_eq!((entries[5].archive, entries[6].archive), (0, 1));
    }
}

#[test]
fn zeroes_may_stand_between_entries_and_the_end_may_be_missing() {
    let mut bytes = vec![0; 8];
    file("a", FILE, b"1").write(&mut bytes);
    bytes.resize(bytes.len() + 100, 0);
    file("b", FILE, b"2").write(&mut bytes);
    let (entries, error) = read(&bytes);
    assert_eq!((names(&entries), error), (vec!["a".to_string(), "b".to_string()], None));
}

#[test]
fn padding_at_the_end_may_be_missing() {
    let mut bytes = Vec::new();
    file("a", FILE, b"12345").write(&mut bytes);
    bytes.truncate(bytes.len() - 3);
    assert_eq!(read(&bytes).0[0].contents, b"12345");
    let mut bytes = archive(&[]);
    bytes.truncate(110 + 11);
    assert_eq!(read(&bytes), (vec![], None));
    assert_eq!(read(b""), (vec![], None));
    assert_eq!(read(&[0; 1000]), (vec![], None));
}

#[test]
fn header_has_to_be_aligned() {
    let bytes = [vec![0; 2], root()].concat();
    assert_eq!(read(&bytes), (vec![], error(2, Problem::Misaligned)));
}

#[test]
fn other_bytes_are_named() {
    let end = root().len();
    let with = |rest: &[u8]| [root(), rest.to_vec()].concat();
    let bytes = with(b"garbage");
    let (entries, found) = read(&bytes);
    assert_eq!((entries.len(), found), (6, error(end, Problem::NoMagic(*b"garbag"))));
    let bytes = with(b"07");
    assert_eq!(read(&bytes).1, error(end, Problem::NoMagic(*b"07\0\0\0\0")));
    let text = read(&bytes).1.unwrap().to_string();
    assert_eq!(
        text,
        std::format!("at byte {end}: \"07\\x00\\x00\\x00\\x00\", neither a cpio archive nor gzip")
    );
    let old = read(b"070707000000").1.unwrap().to_string();
    assert!(old.starts_with("at byte 0: a cpio archive of the old format"), "{old}");
}

#[test]
fn damage_is_named_and_entries_before_it_are_good() {
    let start = root().len() - 124;
    let with = |file: File| {
        let mut bytes = root();
        bytes.truncate(start);
        file.write(&mut bytes);
        let (entries, error) = read(&bytes);
        assert_eq!(entries.len(), if error.is_none() { 7 } else { 6 });
        error
    };
    let good = || file("name", FILE, b"contents");
    assert_eq!(with(good()), None);
    assert_eq!(with(good().with_sum()), None);
    let mut bad = good();
    bad.name_bytes = Some(0);
    assert_eq!(with(bad), error(start, Problem::BadNameLength(0)));
    let mut bad = good();
    bad.name_bytes = Some(4097);
    assert_eq!(with(bad), error(start, Problem::BadNameLength(4097)));
    let mut bad = good();
    bad.name_bytes = Some(4);
    assert_eq!(with(bad), error(start + 113, Problem::NameWithoutNul(b'e')));
    let mut bad = good();
    bad.len_bytes = Some(9);
    assert_eq!(with(bad), error(start + 124, Problem::Truncated(1)));
    let mut bad = good();
    bad.len_bytes = Some(u32::MAX);
    assert_eq!(with(bad), error(start + 124, Problem::Truncated(u32::MAX as usize - 8)));
    let mut bad = good().with_sum();
    bad.sum = Some(1);
    let found = b"contents".iter().map(|byte| u32::from(*byte)).sum();
    assert_eq!(with(bad), error(start + 116, Problem::BadSum { expected: 1, found }));
    assert_eq!(with(file("link", LINK, &[b'x'; 4097])), error(start, Problem::LinkTooLong(4097)));
}

#[test]
fn each_digit_has_to_be_one() {
    let good = archive(&[file("a", FILE, b"")]);
    for at in 6..110 {
        for byte in [b'g', b'x', b' ', b'+', b'-', 0, 0xFF] {
            let mut bytes = good.clone();
            bytes[at] = byte;
            assert_eq!(read(&bytes), (vec![], error(at, Problem::BadDigit(byte))));
        }
    }
    let lower: Vec<u8> = good.iter().map(u8::to_ascii_lowercase).collect();
    assert!(read(&lower[..110 + 2]).1.is_none());
}

#[test]
fn every_cut_is_noticed() {
    let bytes = root();
    let (whole, _) = read(&bytes);
    let mut ends: Vec<usize> = whole.iter().skip(1).map(|entry| entry.offset).collect();
    ends.extend([bytes.len() - 124, bytes.len()]);
    for len in 1..bytes.len() {
        let (entries, error) = read(&bytes[..len]);
        assert_eq!(entries, whole[..entries.len()]);
        match error.map(|error| error.problem) {
            Some(problem) => {
                assert!(matches!(problem, Problem::Truncated(1..) | Problem::NoMagic(_)));
            }
            // Only padding is missing.
            None => assert!(ends.iter().any(|end| (end - 3..=*end).contains(&len)), "{len}"),
        }
    }
}

#[test]
fn sums_count_for_files_alone() {
    let mut link = file("a", LINK, b"target").with_sum();
    link.sum = Some(0);
    let bytes = archive(&[link, file("b", FILE, b"b").with_sum()]);
    let (entries, error) = read(&bytes);
    assert_eq!((entries.len(), error), (2, None));
    let wrong = archive(&[file("b", FILE, b"b").with_sum()].map(|mut file| {
        file.sum = Some(5);
        file
    }));
    assert!(Entries::new(&wrong).without_sums().all(|entry| entry.is_ok()));
}

#[test]
fn names_need_not_be_text() {
    let mut odd = file("", FILE, b"");
    odd.name = vec![0xFF, b'/', 0x80];
    let mut with_nul = file("", FILE, b"");
    with_nul.name = b"a\0b".to_vec();
    let bytes = archive(&[odd, with_nul]);
    let (entries, _) = read(&bytes);
    assert_eq!(entries[0].name, [0xFF, b'/', 0x80]);
    assert_eq!(entries[1].name, b"a");
}
