//! Functions are found in the image as C libraries find them.

use std::string::String;
use std::vec::Vec;

use crate::*;

const FUNCTIONS: [Function<'static>; 3] = [
    Function { name: "__vdso_one", offset: 0, len_bytes: 5 },
    Function { name: "__vdso_two", offset: 5, len_bytes: 7 },
    Function { name: "__vdso_three", offset: 12, len_bytes: 4 },
];

fn u16_at(image: &[u8], at: usize) -> usize {
    u16::from_le_bytes(image[at..at + 2].try_into().unwrap()).into()
}

fn u32_at(image: &[u8], at: usize) -> usize {
    u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize
}

fn u64_at(image: &[u8], at: usize) -> usize {
    u64::from_le_bytes(image[at..at + 8].try_into().unwrap()) as usize
}

fn string_at(image: &[u8], at: usize) -> String {
    let bytes: Vec<u8> = image[at..].iter().copied().take_while(|byte| *byte != 0).collect();
    String::from_utf8(bytes).unwrap()
}

/// The hash of the System V ABI, as it is written there.
fn abi_hash(name: &str) -> usize {
    let mut hash: u64 = 0;
    for byte in name.bytes() {
        hash = (hash << 4) + u64::from(byte);
        let high = hash & 0xF000_0000;
        if high != 0 {
            hash ^= high >> 24;
        }
        hash &= !high;
    }
    hash as usize
}

/// Returns the value of an entry of the dynamic section.
fn dynamic(image: &[u8], tag: usize) -> usize {
    let program_headers = u64_at(image, 32);
    let header = (0..u16_at(image, 56))
        .map(|index| program_headers + index * u16_at(image, 54))
        .find(|at| u32_at(image, *at) == 2)
        .unwrap();
    let mut at = u64_at(image, header + 8);
    while u64_at(image, at) != 0 {
        if u64_at(image, at) == tag {
            return u64_at(image, at + 8);
        }
        at += 16;
    }
    panic!("no entry {tag:#x}");
}

/// Returns the address of a function, found by its hash.
fn find(image: &[u8], name: &str) -> Option<usize> {
    let [hash, strings, symbols] = [4, 5, 6].map(|tag| dynamic(image, tag));
    let buckets = u32_at(image, hash);
    let mut index = u32_at(image, hash + 8 + 4 * (abi_hash(name) % buckets));
    while index != 0 {
        let symbol = symbols + 24 * index;
        if string_at(image, strings + u32_at(image, symbol)) == name {
            assert_eq!(version_of(image, index), "LINUX_2.6");
            assert_eq!(image[symbol + 4], 0x12);
            return Some(u64_at(image, symbol + 8));
        }
        index = u32_at(image, hash + 8 + 4 * (buckets + index));
    }
    None
}

/// Returns the name of the version of a symbol.
fn version_of(image: &[u8], symbol: usize) -> String {
    let [versions, mut definition, count, strings] =
        [0x6FFF_FFF0, 0x6FFF_FFFC, 0x6FFF_FFFD, 5].map(|tag| dynamic(image, tag));
    let version = u16_at(image, versions + 2 * symbol);
    for _ in 0..count {
        if u16_at(image, definition + 4) == version {
            let name_at = definition + u32_at(image, definition + 12);
            let name = string_at(image, strings + u32_at(image, name_at));
            assert_eq!(u32_at(image, definition + 8), abi_hash(&name));
            return name;
        }
        definition += u32_at(image, definition + 16);
    }
    panic!("no version {version}");
}

#[test]
fn functions_are_found_by_hash_and_version() {
    let image = build(&[0xCC; 16], &FUNCTIONS).unwrap();
    for function in FUNCTIONS {
        assert_eq!(find(&image, function.name), Some(CODE_OFFSET + function.offset));
    }
    assert_eq!(find(&image, "__vdso_four"), None);
    let strings = dynamic(&image, 5);
    assert_eq!(string_at(&image, strings + dynamic(&image, 14)), "linux-vdso.so.1");
    assert!(image[CODE_OFFSET..][..16].iter().all(|byte| *byte == 0xCC));
}

/// A section header: its name, `sh_type`, `sh_flags`, `sh_addr`, `sh_offset` and `sh_size`.
type Section = (String, usize, usize, usize, usize, usize);

fn section(image: &[u8], index: usize) -> Section {
    let header = |index| u64_at(image, 40) + index * u16_at(image, 58);
    let [at, names] = [index, u16_at(image, 62)].map(header);
    let name = string_at(image, u64_at(image, names + 24) + u32_at(image, at));
    let [flags, address, offset, len_bytes] = [8, 16, 24, 32].map(|part| u64_at(image, at + part));
    (name, u32_at(image, at + 4), flags, address, offset, len_bytes)
}

#[test]
fn functions_are_found_by_section_headers() {
    let image = build(&[0xCC; 16], &FUNCTIONS).unwrap();
    let sections: Vec<Section> =
        (0..u16_at(&image, 60)).map(|index| section(&image, index)).collect();
    let by_name = |name: &str| sections.iter().find(|section| section.0 == name).unwrap();
    for (name, tag) in [
        (".hash", 4),
        (".dynsym", 6),
        (".dynstr", 5),
        (".gnu.version", 0x6FFF_FFF0),
        (".gnu.version_d", 0x6FFF_FFFC),
    ] {
        let (_, _, flags, address, offset, _) = by_name(name);
        assert_eq!((*flags, *address, *offset), (2, dynamic(&image, tag), *address), "{name}");
    }
    assert_eq!(by_name(".dynstr").5, dynamic(&image, 10));
    assert_eq!(by_name(".text"), &(".text".into(), 1, 6, CODE_OFFSET, CODE_OFFSET, 16));

    let (symbols, strings) = (by_name(".dynsym"), by_name(".dynstr"));
    assert_eq!((symbols.1, strings.1, symbols.5), (11, 3, 4 * 24));
    for (index, function) in FUNCTIONS.iter().enumerate() {
        let symbol = symbols.4 + 24 * (index + 1);
        let name = string_at(&image, strings.4 + u32_at(&image, symbol));
        assert_eq!(name, function.name);
        assert_eq!(sections[u16_at(&image, symbol + 6)].0, ".text");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let outside = Function { name: "f", offset: 10, len_bytes: 7 };
    assert_eq!(build(&[0; 16], &[outside]), Err(ImageError::OutsideOfCode));
    let huge = Function { name: "f", offset: usize::MAX, len_bytes: 7 };
    assert_eq!(build(&[0; 16], &[huge]), Err(ImageError::OutsideOfCode));
    assert_eq!(build(&[0; 2049], &[]), Err(ImageError::CodeTooLarge));
    let many = [Function { name: "f", offset: 0, len_bytes: 0 }; 80];
    assert_eq!(build(&[], &many), Err(ImageError::TooManyFunctions));
    assert!(build(&[0; 2048], &[]).is_ok());
}

#[test]
fn clock_data_is_where_the_code_reads_it() {
    let data = ClockData {
        is_usable: true,
        base_tsc: 1,
        base_ns: 2,
        mantissa: 3,
        shift: 4,
        real_time_start_ns: -5,
    };
    let bytes = data.to_bytes(6);
    assert_eq!(u32_at(&bytes, offset::SEQUENCE), 6);
    assert_eq!(u32_at(&bytes, offset::IS_USABLE), 1);
    assert_eq!(u64_at(&bytes, offset::BASE_TSC), 1);
    assert_eq!(u64_at(&bytes, offset::BASE_NS), 2);
    assert_eq!(u64_at(&bytes, offset::MANTISSA), 3);
    assert_eq!(u32_at(&bytes, offset::SHIFT), 4);
    assert_eq!(u64_at(&bytes, offset::REAL_TIME_START_NS) as i64, -5);
}
