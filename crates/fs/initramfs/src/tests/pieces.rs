//! Inputs of several parts.

use std::string::String;
use std::vec;
use std::vec::Vec;

use super::archive::*;
use super::compressed::gzip;
use crate::{Entries, InitramfsError, Part, Parts, Problem};

const PLENTY: usize = 64 << 20;

/// Returns the names of all entries, a row for each part, and the errors.
fn read_all(input: &[u8]) -> (Vec<Vec<String>>, Vec<InitramfsError>) {
    let (mut parts, mut errors) = (Vec::new(), Vec::new());
    for part in Parts::new(input, PLENTY) {
        match part {
            Ok(Part::InPlace(entries)) => {
                let (entries, error) = collect(entries);
                for entry in &entries {
                    assert!(input.as_ptr_range().contains(&entry.name.as_ptr()));
                    assert!(input[entry.offset..].starts_with(b"07070"));
                }
                parts.push(names(&entries));
                errors.extend(error);
            }
            Ok(Part::Unpacked { offset, bytes }) => {
                assert!(input[offset..].starts_with(&[0x1F, 0x8B]));
                let (entries, error) = collect(Entries::new(&bytes));
                parts.push(names(&entries));
                errors.extend(error);
            }
            Err(error) => errors.push(error),
        }
    }
    (parts, errors)
}

fn one(name: &str) -> Vec<u8> {
    archive(&[file(name, FILE, name.as_bytes())])
}

#[test]
fn plain_and_compressed_archives_may_follow_each_other() {
    let input = [
        one("a"),
        vec![0; 512],
        one("b"),
        gzip(&[one("c"), one("d")].concat()),
        gzip(&one("e")),
        vec![0; 3],
        gzip(&one("f")),
    ]
    .concat();
    // The last plain archive has to start at a multiple of 4 bytes.
    let input = [input.clone(), vec![0; input.len().next_multiple_of(4) - input.len()]].concat();
    let input = [input, one("g"), vec![0; 100]].concat();
    let (parts, errors) = read_all(&input);
    let expected = [&["a", "b"][..], &["c", "d"], &["e"], &["f"], &["g"]];
    assert_eq!((parts.len(), errors), (expected.len(), vec![]));
    for (names, expected) in parts.iter().zip(expected) {
        assert_eq!(names, expected);
    }
}

#[test]
fn nothing_has_no_parts() {
    assert_eq!(read_all(b""), (vec![], vec![]));
    assert_eq!(read_all(&[0; 5]), (vec![], vec![]));
}

#[test]
fn damage_leaves_the_parts_before_it() {
    let mut broken = gzip(&one("b"));
    broken[12] ^= 0xFF;
    let start = one("a").len();
    let (parts, errors) = read_all(&[one("a"), broken, gzip(&one("c"))].concat());
    assert_eq!(parts, [["a"]]);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].offset >= start);

    let input = [one("a"), b"junk".to_vec(), gzip(&one("b"))].concat();
    let (parts, errors) = read_all(&input);
    assert_eq!(parts, [["a"]]);
    let problem = Problem::NoMagic([b'j', b'u', b'n', b'k', 0x1F, 0x8B]);
    assert_eq!(errors, [InitramfsError { offset: start, problem }]);
}

#[test]
fn compressed_garbage_is_an_error_of_its_part_alone() {
    let (parts, errors) = read_all(&[gzip(b"garbage"), gzip(&one("b"))].concat());
    assert_eq!(parts, [vec![], vec![String::from("b")]]);
    assert_eq!(errors, [InitramfsError { offset: 0, problem: Problem::NoMagic(*b"garbag") }]);
}

#[test]
fn wrong_sum_does_not_hide_the_next_part() {
    let mut bad = file("a", FILE, b"a").with_sum();
    bad.sum = Some(0);
    let (parts, errors) = read_all(&[archive(&[bad]), gzip(&one("b"))].concat());
    assert_eq!(parts, [vec![], vec![String::from("b")]]);
    assert!(matches!(errors[0].problem, Problem::BadSum { expected: 0, .. }));
}

#[test]
fn limit_is_for_all_parts_together() {
    let len = one("a").len();
    let input = [gzip(&one("a")), gzip(&one("b"))].concat();
    assert_eq!(Parts::new(&input, 2 * len).filter(Result::is_ok).count(), 2);
    let parts: Vec<_> = Parts::new(&input, 2 * len - 1).collect();
    assert_eq!(parts.len(), 2);
    assert!(parts[0].is_ok());
    assert_eq!(parts[1].as_ref().unwrap_err().problem, Problem::TooLarge(len - 1));
}
