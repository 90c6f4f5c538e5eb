//! Archives that tests build, and pseudo-random numbers.

use std::format;
use std::string::String;
use std::vec::Vec;

use crate::{Entries, Entry, InitramfsError};

pub const FILE: u32 = 0o100_644;
pub const DIRECTORY: u32 = 0o040_755;
pub const LINK: u32 = 0o120_777;

/// An entry to be written.
#[derive(Clone)]
pub struct File {
    pub magic: &'static str,
    /// The numbers of the header, except the length of the name; the length of the contents
    /// and the sum only if they are given here.
    pub inode: u32,
    pub mode: u32,
    pub link_count: u32,
    pub len_bytes: Option<u32>,
    pub name: Vec<u8>,
    pub name_bytes: Option<u32>,
    pub sum: Option<u32>,
    pub contents: Vec<u8>,
}

pub fn file(name: &str, mode: u32, contents: &[u8]) -> File {
    File {
        magic: "070701",
        inode: 7,
        mode,
        link_count: 1,
        len_bytes: None,
        name: name.as_bytes().to_vec(),
        name_bytes: None,
        sum: None,
        contents: contents.to_vec(),
    }
}

impl File {
    pub fn with_sum(mut self) -> Self {
        self.magic = "070702";
        self
    }

    /// Appends the entry, with its padding.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let sum: u32 = self.contents.iter().map(|byte| u32::from(*byte)).sum();
        let default_sum = if self.magic == "070702" { sum } else { 0 };
        let numbers = [
            self.inode,
            self.mode,
            1000,
            100,
            self.link_count,
            0x6000_0000,
            self.len_bytes.unwrap_or(self.contents.len() as u32),
            8,
            1,
            4,
            64,
            self.name_bytes.unwrap_or(self.name.len() as u32 + 1),
            self.sum.unwrap_or(default_sum),
        ];
        let digits: String = numbers.iter().map(|number| format!("{number:08X}")).collect();
        bytes.extend_from_slice(self.magic.as_bytes());
        bytes.extend_from_slice(digits.as_bytes());
        bytes.extend_from_slice(&self.name);
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend_from_slice(&self.contents);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
}

pub fn trailer() -> File {
    file("TRAILER!!!", 0, b"")
}

/// Returns an archive of the files, with its end.
pub fn archive(files: &[File]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for each in files.iter().chain([&trailer()]) {
        each.write(&mut bytes);
    }
    bytes
}

/// Returns a root directory with files of several kinds.
pub fn root() -> Vec<u8> {
    archive(&[
        file(".", DIRECTORY, b""),
        file("bin", DIRECTORY, b""),
        file("bin/sh", 0o100_755, b"#!\x7FELF and so on"),
        file("bin/ash", LINK, b"sh"),
        file("dev/console", 0o020_600, b""),
        file("etc/empty", FILE, b""),
    ])
}

/// Reads all entries, up to an error.
pub fn read(bytes: &[u8]) -> (Vec<Entry<'_>>, Option<InitramfsError>) {
    collect(Entries::new(bytes))
}

pub fn collect(entries: Entries<'_>) -> (Vec<Entry<'_>>, Option<InitramfsError>) {
    let mut found = Vec::new();
    let mut error = None;
    for entry in entries {
        assert_eq!(error, None, "nothing comes after an error");
        match entry {
            Ok(entry) => found.push(entry),
            Err(it) => error = Some(it),
        }
    }
    (found, error)
}

pub fn names(entries: &[Entry<'_>]) -> Vec<String> {
    entries.iter().map(|entry| String::from_utf8_lossy(entry.name).into_owned()).collect()
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
