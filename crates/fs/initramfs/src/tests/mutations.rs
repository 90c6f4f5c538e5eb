//! Damaged input: none makes the readers panic, and independent code checks what they
//! return.

use std::vec::Vec;

use super::archive::*;
use super::compressed::{gzip, gzip_with};
use crate::{Entries, Entry, Part, Parts, gunzip};

/// Reads the entry's header again, and compares.
fn check(entry: &Entry<'_>, bytes: &[u8]) {
    let number = |index: usize| {
        let digits = &bytes[entry.offset + 6 + 8 * index..][..8];
        u32::from_str_radix(core::str::from_utf8(digits).unwrap(), 16).unwrap()
    };
    assert_eq!(entry.offset % 4, 0);
    assert_eq!(&bytes[entry.offset..][..5], b"07070");
    let (name_bytes, len_bytes) = (number(11) as usize, number(6) as usize);
    assert_eq!(entry.contents.len(), len_bytes);
    if len_bytes > 0 {
        let at = (entry.offset + 110 + name_bytes).div_ceil(4) * 4;
        let place = entry.contents.as_ptr() as usize - bytes.as_ptr() as usize;
        assert_eq!(place, at);
        assert!(at + len_bytes <= bytes.len());
    }
    assert!(entry.name.len() < name_bytes && name_bytes <= 4096);
    let place = entry.name.as_ptr() as usize - bytes.as_ptr() as usize;
    assert_eq!(place, entry.offset + 110);
    assert!(!entry.name.contains(&0) && bytes[place + entry.name.len()] == 0);
    assert_eq!([entry.inode, entry.mode, entry.uid, entry.gid], [0, 1, 2, 3].map(number));
    if bytes[entry.offset + 5] == b'2' && entry.mode & 0o170_000 == 0o100_000 {
        let sum: u64 = entry.contents.iter().map(|byte| u64::from(*byte)).sum();
        assert_eq!(sum as u32, number(12));
    }
}

/// Checks all entries; returns how many there are.
fn check_all(entries: Entries<'_>, bytes: &[u8]) -> usize {
    let (entries, error) = collect(entries);
    for entry in &entries {
        check(entry, bytes);
    }
    for pair in entries.windows(2) {
        assert!(pair[1].offset >= pair[0].offset + 110);
    }
    if let Some(error) = error {
        assert!(error.offset <= bytes.len());
        assert!(
            entries.iter().all(|entry| entry.offset < error.offset || error.offset == bytes.len())
        );
        assert!(std::format!("{error}").starts_with("at byte "));
    }
    entries.len()
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..random.below(5) {
        let len = bytes.len().max(1);
        let at = random.below(len);
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..(at + random.below(200)).min(bytes.len()))),
            2 => {
                let piece: Vec<u8> =
                    bytes.iter().skip(at).take(random.below(200)).copied().collect();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            3 => bytes.resize(bytes.len() + random.below(9), 0),
            4 if !bytes.is_empty() => bytes[at] = b"0123456789ABCDEFabcdef"[random.below(22)],
            5 if !bytes.is_empty() => bytes[at] = random.next() as u8,
            _ if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
}

#[test]
fn no_damaged_archive_gives_a_wrong_entry() {
    let sums: Vec<File> = (0..4)
        .map(|index| file("dir/file", FILE, &[index; 37][..usize::from(index) * 9]).with_sum())
        .collect();
    let bases = [
        root(),
        archive(&sums),
        [root(), std::vec![0; 12], archive(&sums)].concat(),
        archive(&[file("a", FILE, b"a")]),
    ];
    let mut random = Random(1);
    let (mut read, mut rounds_with_all) = (0, 0);
    for round in 0..200_000 {
        let mut bytes = bases[round % bases.len()].clone();
        mutate(&mut bytes, &mut random);
        let count = check_all(Entries::new(&bytes), &bytes);
        read += count;
        rounds_with_all += usize::from(count == collect(Entries::new(&bases[round % 4])).0.len());
    }
    assert!(read > 300_000 && rounds_with_all > 50_000, "{read} {rounds_with_all}");
}

#[test]
fn no_damaged_compressed_input_gives_a_wrong_entry() {
    let plain = archive(&[file("a", FILE, b"aaaaaaaaaaaaaaaaaaaaaaaaaaaa"), file("b", LINK, b"a")]);
    let bases = [
        gzip(&plain),
        gzip_with(4 | 8 | 16, b"\x05\0extraname\0comment\0", &plain, 1),
        gzip_with(0, &[], &plain, 0),
        [plain.clone(), gzip(&plain), gzip(&root())].concat(),
    ];
    let mut random = Random(2);
    let (mut parts, mut read) = (0, 0);
    for round in 0..200_000 {
        let mut bytes = bases[round % bases.len()].clone();
        mutate(&mut bytes, &mut random);
        let limit = if random.below(4) == 0 { random.below(4000) } else { 1 << 16 };
        let mut unpacked = 0;
        for part in Parts::new(&bytes, limit) {
            match part {
                Ok(Part::InPlace(entries)) => read += check_all(entries, &bytes),
                Ok(Part::Unpacked { offset, bytes: part }) => {
                    assert!(offset < bytes.len());
                    unpacked += part.len();
                    read += check_all(Entries::new(&part), &part);
                }
                Err(error) => assert!(error.offset <= bytes.len()),
            }
            parts += 1;
        }
        assert!(unpacked <= limit);
    }
    assert!(parts > 200_000 && read > 100_000, "{parts} {read}");
}

#[test]
fn no_deflate_data_makes_the_reader_panic() {
    // Without the check of a header's checksum, damage reaches all of the decompressor.
    let header = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3];
    let text: Vec<u8> = (0..3000).map(|index| (index / 7 % 64 + index % 5) as u8).collect();
    let good = gzip(&text);
    let mut random = Random(3);
    for round in 0..50_000 {
        let mut bytes = if round % 2 == 0 {
            good[10..].to_vec()
        } else {
            (0..random.below(300)).map(|_| random.next() as u8).collect()
        };
        mutate(&mut bytes, &mut random);
        let input = [&header[..], &bytes].concat();
        if let Err(error) = gunzip(&input, 1 << 16) {
            assert!(error.offset <= input.len());
        }
    }
}
