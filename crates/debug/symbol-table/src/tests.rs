//! Lookups compared with naive searches, and damaged tables.

extern crate std;

use super::lines::Row;
use super::*;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;
use std::{format, vec};

const BASE: u64 = 0xFFFF_FFFF_8000_0000;

/// Functions as (start, length, name), lines as (start, file, line).
fn table(functions: &[(u32, u32, String)], files: &[&str], lines: &[(u32, u32, u32)]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut keep = |name: &str| {
        let place = text.len() as u32;
        text.extend((name.len() as u16).to_le_bytes());
        text.extend(name.bytes());
        place
    };
    let mut words = vec![MAGIC, BASE as u32, (BASE >> 32) as u32];
    let (groups, rows) = packed(lines);
    words.extend([functions.len() as u32, files.len() as u32, groups.len() as u32 / 2]);
    words.extend([rows.len() as u32, 0]);
    for (start, length, name) in functions {
        words.extend([*start, *length, keep(name)]);
    }
    words.extend(files.iter().map(|file| keep(file)));
    words.extend(groups);
    words[7] = text.len() as u32;
    words.into_iter().flat_map(u32::to_le_bytes).chain(rows).chain(text).collect()
}

/// The number of lines in a group of the test's tables.
const GROUP_LINES: usize = 4;

/// Returns the groups of lines as words, and the lines as bytes.
fn packed(lines: &[(u32, u32, u32)]) -> (Vec<u32>, Vec<u8>) {
    let (mut groups, mut bytes) = (Vec::new(), Vec::new());
    let push = |bytes: &mut Vec<u8>, mut number: u32| {
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    };
    for group in lines.chunks(GROUP_LINES) {
        groups.extend([group[0].0, bytes.len() as u32]);
        let mut last = (group[0].0, 0, 0);
        for &(start, file, line) in group {
            push(&mut bytes, start - last.0);
            let step = line as i32 - last.2 as i32;
            let zigzag = (step << 1 ^ step >> 31) as u32;
            push(&mut bytes, zigzag << 1 | u32::from(file != last.1));
            if file != last.1 {
                push(&mut bytes, file);
            }
            last = (start, file, line);
        }
    }
    (groups, bytes)
}

#[test]
fn rows_end_where_the_bytes_are_damaged() {
    let rows = |bytes: &[u8]| Rows::new(0x100, bytes).collect::<Vec<_>>();
    let row = |address, file, line| Row { address, file, line };
    assert_eq!(rows(&[0, 29, 3, 0x80, 1, 8]), [row(0x100, 3, 7), row(0x180, 3, 9)]);
    assert_eq!(rows(&[5, 0x10, 0, 6]), [row(0x105, 0, 4), row(0x105, 0, 2)]);
    // Before line 0, cut, too long, too large, beyond the last address.
    for damaged in [
        &[0, 2][..],
        &[0x80],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0],
        &[0xFF, 0xFF, 0xFF, 0xFF, 0x10, 0],
        &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0],
    ] {
        assert_eq!(rows(damaged), []);
    }
}

#[test]
fn functions_and_lines_are_found_by_address() {
    let functions = [(0x10, 0x20, "a::b".into()), (0x40, 8, "c".into())];
    let bytes = table(&functions, &["x.rs", "y.rs"], &[(0x10, 1, 7), (0x18, 0, 9), (0x30, 0, 0)]);
    let table = SymbolTable::try_new(&bytes).unwrap();
    let name = |offset| table.function_at(BASE + offset).map(|function| function.name);
    assert_eq!([name(0xF), name(0x10), name(0x2F)], [None, Some("a::b"), Some("a::b")]);
    assert_eq!([name(0x30), name(0x47), name(0x48)], [None, Some("c"), None]);
    let line = |offset| table.line_at(BASE + offset).map(|line| (line.file, line.line));
    assert_eq!([line(0xF), line(0x10), line(0x17)], [None, Some(("y.rs", 7)), Some(("y.rs", 7))]);
    assert_eq!([line(0x18), line(0x30)], [Some(("x.rs", 9)), None]);
    assert_eq!(table.function_at(0), None);
    assert_eq!(table.line_at(BASE - 1), None);
    assert_eq!(table.find("::").count(), 1);
}

proptest! {
    #[test]
    fn lookups_are_those_of_a_search(gaps in prop::collection::vec((1_u32..50, 1_u32..50), 0..60)) {
        let mut end = 0;
        let functions: Vec<(u32, u32, String)> = gaps
            .iter()
            .map(|(gap, length)| {
                let start = end + gap;
                end = start + length;
                (start, *length, format!("f{start}"))
            })
            .collect();
        let lines: Vec<_> = functions
            .iter()
            .map(|&(start, length, _)| (start, start % 3, length * 1000))
            .collect();
        let files = ["0", "1", "2"];
        let bytes = table(&functions, &files, &lines);
        let table = SymbolTable::try_new(&bytes).unwrap();
        for offset in 0..end + 5 {
            let expected = functions.iter().find(|(start, length, _)| (*start..start + length).contains(&offset));
            let found = table.function_at(BASE + u64::from(offset));
            prop_assert_eq!(found.map(|f| f.name), expected.map(|(.., name)| name.as_str()));
            let line = lines.iter().rfind(|(start, ..)| *start <= offset);
            let line = line.map(|&(_, file, line)| Line { file: files[file as usize], line });
            prop_assert_eq!(table.line_at(BASE + u64::from(offset)), line);
        }
    }

    #[test]
    fn broken_tables_do_no_harm(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        counts in prop::array::uniform5(prop_oneof![0_u32..9, any::<u32>()]),
        address: u64,
    ) {
        let head: Vec<u8> = [MAGIC, 0, 0].into_iter().chain(counts).flat_map(u32::to_le_bytes).collect();
        bytes.splice(0..0, head);
        if let Some(table) = SymbolTable::try_new(&bytes) {
            for address in [address, address % 300, 0] {
                table.function_at(address);
                table.line_at(address);
            }
            prop_assert!(table.find("x").count() <= table.functions());
        }
    }
}
