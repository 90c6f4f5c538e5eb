//! Damaged information structures.
//!
//! This file tests the structure as a whole. Tests for tags of all kinds are in
//! crates/firmware/boot-information and run on the host; those for impossible addresses are
//! in src/boot.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use boot_information::{BootInformation, Problem};
use farjump::boot;
use farjump::testing::machine;

farjump::test_kernel!(test_main);

/// A structure of 32-bit words, aligned as a loader aligns it.
#[repr(align(8))]
struct Aligned<const BYTES: usize>([u8; BYTES]);

fn structure<const WORDS: usize, const BYTES: usize>(words: [u32; WORDS]) -> Aligned<BYTES> {
    let mut bytes = [0; BYTES];
    for (chunk, word) in bytes.chunks_exact_mut(4).zip(words) {
        chunk.copy_from_slice(&word.to_le_bytes());
    }
    Aligned(bytes)
}

fn read<const BYTES: usize>(structure: &Aligned<BYTES>) -> BootInformation<'_> {
    boot::read(&structure.0)
}

/// Returns whether nothing was read, not even a problem.
fn is_empty(information: &BootInformation) -> bool {
    information.memory.is_empty()
        && information.loader_name.is_empty()
        && information.problems.is_empty()
}

#[test_case]
fn this_boot_has_everything() {
    let information = machine().boot.information;
    assert!(information.loader_name.bytes().starts_with(b"GRUB"));
    assert!(information.memory.available_bytes() > 100 << 20);
    assert!(information.problems.is_empty(), "{:?}", information.problems);
}

#[test_case]
fn impossible_sizes_are_ignored() {
    assert!(is_empty(&read(&structure::<4, 16>([u32::MAX, 0, 0, 8]))));
    assert!(is_empty(&read(&structure::<4, 16>([8, 0, 0, 8]))));
}

#[test_case]
fn truncated_structure_is_ignored() {
    // A memory map that is longer than the rest of the structure; no end tag.
    assert!(is_empty(&read(&structure::<6, 24>([24, 0, 6, 64, 24, 0]))));
    assert!(is_empty(&read(&structure::<4, 16>([16, 0, 1, 8]))));
}

#[test_case]
fn missing_memory_map_is_reported() {
    let structure = structure::<4, 16>([16, 0, 0, 8]);
    let information = read(&structure);
    assert_eq!(*information.problems, [Problem::NoMemoryMap]);
}
