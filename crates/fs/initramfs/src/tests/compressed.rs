//! Valid gzip data, and each kind of damage.

use std::vec;
use std::vec::Vec;

use miniz_oxide::deflate::compress_to_vec;

use crate::{InitramfsError, Problem, Unpacked, gunzip};

const PLENTY: usize = 64 << 20;

/// Returns a gzip member; `header` follows the fixed part of its header.
pub fn gzip_with(flags: u8, header: &[u8], data: &[u8], level: u8) -> Vec<u8> {
    let mut bytes = vec![0x1F, 0x8B, 8, flags, 0, 0, 0, 0, 0, 3];
    bytes.extend_from_slice(header);
    bytes.extend(compress_to_vec(data, level));
    bytes.extend(crc32fast::hash(data).to_le_bytes());
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes
}

pub fn gzip(data: &[u8]) -> Vec<u8> {
    gzip_with(0, &[], data, 6)
}

fn text(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index / 7 % 64 + index % 5) as u8).collect()
}

fn problem(input: &[u8]) -> Option<(usize, Problem)> {
    gunzip(input, PLENTY).err().map(|InitramfsError { offset, problem }| (offset, problem))
}

#[test]
fn data_of_any_size_comes_back() {
    for len in [0, 1, 2, 4095, 4096, 4097, 65_536, 1_000_000] {
        for level in [0, 1, 6, 9] {
            let input = gzip_with(0, &[], &text(len), level);
            let input_bytes = input.len();
            let bytes = text(len);
            assert_eq!(gunzip(&input, len), Ok(Unpacked { bytes, input_bytes }));
        }
    }
}

#[test]
fn what_follows_is_left() {
    let mut input = gzip(&text(10_000));
    let input_bytes = input.len();
    for _ in 0..20 {
        input.extend([0, 1, 0xFF]);
        let unpacked = gunzip(&input, PLENTY).unwrap();
        assert_eq!((unpacked.bytes, unpacked.input_bytes), (text(10_000), input_bytes));
    }
}

#[test]
fn output_is_limited() {
    for len in [1, 100, 4096, 100_000] {
        let input = gzip(&text(len));
        assert!(gunzip(&input, len).is_ok());
        for limit in [0, len / 2, len - 1] {
            let error = gunzip(&input, limit).unwrap_err();
            assert_eq!(error.problem, Problem::TooLarge(limit));
        }
    }
    // 100 MiB of zeroes in 100 KiB.
    let bomb = gzip(&vec![0; 100 << 20]);
    assert!(bomb.len() < 200 << 10);
    assert_eq!(gunzip(&bomb, 1 << 20).unwrap_err().problem, Problem::TooLarge(1 << 20));
}

#[test]
fn all_of_the_header_is_read() {
    let data = text(100);
    let extra = b"\x05\0extra";
    let table: [(u8, &[u8]); 5] = [
        (4, extra),
        (8, b"name\0"),
        (16, b"a comment\0"),
        (4 | 8 | 16, b"\x05\0extraname\0comment\0"),
        (1, b""),
    ];
    for (flags, header) in table {
        let input = gzip_with(flags, header, &data, 6);
        assert_eq!(gunzip(&input, PLENTY).unwrap().bytes, data, "{flags}");
        // The same data, with a checksum of the header.
        let mut input = gzip_with(flags | 2, &[header, &[0, 0]].concat(), &data, 6);
        let at = 10 + header.len();
        let found = crc32fast::hash(&input[..at]) as u16;
        input[at..at + 2].copy_from_slice(&found.to_le_bytes());
        assert_eq!(gunzip(&input, PLENTY).unwrap().bytes, data, "{flags}");
        input[at] ^= 1;
        let expected = found ^ 1;
        assert_eq!(problem(&input), Some((at, Problem::BadHeaderChecksum { expected, found })));
    }
}

#[test]
fn damage_is_named() {
    let good = gzip(&text(100));
    let len = good.len();
    let with = |at: usize, byte: u8| {
        let mut input = good.clone();
        input[at] = byte;
        problem(&input)
    };
    assert_eq!(with(0, b'B'), Some((0, Problem::NoMagic([b'B', 0x8B, 8, 0, 0, 0]))));
    assert_eq!(with(2, 7), Some((2, Problem::UnknownMethod(7))));
    assert_eq!(with(3, 0x21), Some((3, Problem::UnknownFlags(0x20))));
    // The reserved type of a block.
    assert_eq!(with(10, 7).map(|it| it.1), Some(Problem::BadData));
    let found = crc32fast::hash(&text(100));
    let expected = found & !0xFF | u32::from(good[len - 8] ^ 1);
    assert_eq!(
        with(len - 8, good[len - 8] ^ 1),
        Some((len - 8, Problem::BadChecksum { expected, found }))
    );
    assert_eq!(with(len - 4, 99), Some((len - 4, Problem::BadLength { expected: 99, found: 100 })));
}

#[test]
fn every_cut_is_noticed() {
    let good = gzip_with(4 | 8 | 16, b"\x05\0extraname\0comment\0", &text(100), 6);
    for len in 0..good.len() {
        let error = gunzip(&good[..len], PLENTY).unwrap_err();
        match len {
            0 | 1 => assert!(matches!(error.problem, Problem::NoMagic(_))),
            _ => {
                assert!(matches!(error.problem, Problem::Truncated(1..)), "{len}: {error:?}");
                assert_eq!(error.offset, len);
            }
        }
    }
}
