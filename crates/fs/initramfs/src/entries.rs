//! The entries of consecutive archives.

use crate::entry::{Device, Entry, EntryKind};
use crate::error::{InitramfsError, Problem};

/// The most bytes of a path with its NUL, as on Linux.
pub const PATH_BYTES_MAX: u32 = 4096;

/// The name of the entry that ends an archive.
const TRAILER: &[u8] = b"TRAILER!!!";

/// The size of a header: a magic number, and 13 numbers of 8 digits.
const HEADER_BYTES: usize = 6 + 13 * 8;

/// Headers and contents start at multiples of this number of bytes.
const ALIGNMENT: usize = 4;

/// The entries of archives in the format newc of cpio, with checksums or without.
///
/// The iterator ends after an error. There may be zeroes between archives and between
/// entries; the end of an archive may be missing.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    position: usize,
    archive: u32,
    are_sums_checked: bool,
    has_failed: bool,
}

impl<'a> Entries<'a> {
    /// Returns the entries in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::from(bytes, 0)
    }

    /// Returns the entries from a position on. Offsets count from the start of `bytes`.
    pub(crate) fn from(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position, archive: 0, are_sums_checked: true, has_failed: false }
    }

    /// Returns the same entries, without checking the sums of their bytes.
    pub(crate) fn without_sums(&self) -> Self {
        Self { are_sums_checked: false, ..self.clone() }
    }

    /// Returns the same entries, but only those that end before `end`.
    pub(crate) fn until(&self, end: usize) -> Self {
        Self { bytes: &self.bytes[..end], ..self.clone() }
    }

    /// Reads the next entry. At the end of an archive it returns `None`.
    fn read(&mut self) -> Result<Option<Entry<'a>>, InitramfsError> {
        let offset = self.position;
        let fail = |offset, problem| Err(InitramfsError { offset, problem });
        let rest = &self.bytes[offset..];
        let has_sum = match rest.get(..6) {
            Some(b"070701") => false,
            Some(b"070702") => true,
            _ => return fail(offset, Problem::NoMagic(first_bytes(rest))),
        };
        if !offset.is_multiple_of(ALIGNMENT) {
            return fail(offset, Problem::Misaligned);
        }
        let header = self.slice(offset, HEADER_BYTES)?;
        let fields = read_numbers(&header[6..])
            .map_err(|(at, problem)| InitramfsError { offset: offset + 6 + at, problem })?;
        let [inode, mode, uid, gid, link_count, modified_s, len_bytes, ..] = fields;
        let [.., major, minor, represented_major, represented_minor, name_bytes, sum] = fields;

        if !(1..=PATH_BYTES_MAX).contains(&name_bytes) {
            return fail(offset, Problem::BadNameLength(name_bytes));
        }
        let name_offset = offset + HEADER_BYTES;
        let name = self.slice(name_offset, name_bytes as usize)?;
        let last = name_offset + name.len() - 1;
        if self.bytes[last] != 0 {
            return fail(last, Problem::NameWithoutNul(self.bytes[last]));
        }
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();

        let kind = EntryKind::from_mode(mode);
        if kind == Some(EntryKind::SymbolicLink) && len_bytes > PATH_BYTES_MAX {
            return fail(offset, Problem::LinkTooLong(len_bytes));
        }
        let contents_offset = (last + 1).next_multiple_of(ALIGNMENT);
        // Without contents, the padding after the name may be missing at the end.
        let contents = match len_bytes {
            0 => &[],
            _ => self.slice(contents_offset, len_bytes as usize)?,
        };
        if has_sum && self.are_sums_checked && kind == Some(EntryKind::Regular) {
            let add = |sum: u32, byte: &u8| sum.wrapping_add(u32::from(*byte));
            let found = contents.iter().fold(0, add);
            if found != sum {
                return fail(contents_offset, Problem::BadSum { expected: sum, found });
            }
        }
        // The padding after the contents may be missing too.
        let end = (contents_offset + contents.len()).next_multiple_of(ALIGNMENT);
        self.position = end.min(self.bytes.len());
        if name == TRAILER {
            self.archive += 1;
            return Ok(None);
        }
        Ok(Some(Entry {
            offset,
            name,
            mode,
            uid,
            gid,
            link_count,
            modified_s,
            inode,
            device: Device { major, minor },
            represented_device: Device { major: represented_major, minor: represented_minor },
            archive: self.archive,
            contents,
        }))
    }

    /// Returns bytes of the input, or the error with how many are missing.
    fn slice(&self, offset: usize, len_bytes: usize) -> Result<&'a [u8], InitramfsError> {
        let (end, len) = (offset + len_bytes, self.bytes.len());
        self.bytes
            .get(offset..end)
            .ok_or_else(|| InitramfsError { offset: len, problem: Problem::Truncated(end - len) })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, InitramfsError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_failed {
            self.position += count_zeroes(&self.bytes[self.position..]);
            if self.position == self.bytes.len() {
                return None;
            }
            let entry = self.read().transpose();
            self.has_failed = matches!(entry, Some(Err(_)));
            if entry.is_some() {
                return entry;
            }
        }
        None
    }
}

/// Returns how many zeroes the bytes start with.
pub(crate) fn count_zeroes(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len())
}

/// Returns the first bytes, with zeroes after the end.
fn first_bytes(bytes: &[u8]) -> [u8; 6] {
    core::array::from_fn(|index| bytes.get(index).copied().unwrap_or(0))
}

/// Reads numbers of 8 hexadecimal digits, or returns the place and the value of the first other
/// byte.
fn read_numbers(digits: &[u8]) -> Result<[u32; 13], (usize, Problem)> {
    let mut numbers = [0; 13];
    for (index, byte) in digits.iter().enumerate() {
        let digit = char::from(*byte).to_digit(16).ok_or((index, Problem::BadDigit(*byte)))?;
        let number = &mut numbers[index / 8];
        *number = *number << 4 | digit;
    }
    Ok(numbers)
}
