//! Functions and source lines by address. The table needs no parsing and no heap, so a
//! failure report can use it.
//!
//! `tools/symbols` makes the table from a kernel's ELF file. All numbers are
//! little-endian 32-bit words; addresses are relative to the table's base:
//!
//! | part | content |
//! | --- | --- |
//! | head | [`MAGIC`]; base (2 words, low first); the numbers of functions, files and groups of lines; bytes of lines; bytes of text |
//! | functions | address, length, position of the name in the text; by rising address |
//! | files | position of the name |
//! | groups | of lines: the first one's address, position of the group in the lines; by rising address |
//! | lines | each as its difference to the one before it: see [`lines`] |
//! | text | names, each preceded by its length in bytes (16 bits) |
//!
//! Lookups are binary searches, of lines by group. With a damaged table they return nothing or
//! wrong names, but never panic.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod lines;

#[cfg(test)]
mod tests;

use lines::Rows;

/// The first word of a table.
pub const MAGIC: u32 = u32::from_le_bytes(*b"FjSz");

const WORD_BYTES: usize = 4;
const HEAD_WORDS: usize = 8;
const FUNCTION_WORDS: usize = 3;
const FILE_WORDS: usize = 1;
const GROUP_WORDS: usize = 2;

/// A table in memory.
#[derive(Clone, Copy, Debug)]
pub struct SymbolTable<'a> {
    base: u64,
    functions: Words<'a>,
    files: Words<'a>,
    groups: Words<'a>,
    lines: &'a [u8],
    text: &'a [u8],
}

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its demangled name.
    pub name: &'a str,
    /// Its first address.
    pub start: u64,
    /// Its length in bytes.
    pub len_bytes: u32,
}

/// A line of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The file's path.
    pub file: &'a str,
    /// The line's number, from 1.
    pub line: u32,
}

/// An array of rows, which are words.
#[derive(Clone, Copy, Debug)]
struct Words<'a> {
    bytes: &'a [u8],
    row_words: usize,
}

impl Words<'_> {
    fn rows(&self) -> usize {
        self.bytes.len() / WORD_BYTES / self.row_words
    }

    fn get(&self, row: usize, word: usize) -> Option<u32> {
        let start = (row * self.row_words + word) * WORD_BYTES;
        let bytes = self.bytes.get(start..start + WORD_BYTES)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Returns the last row whose first word is at most `address`.
    fn last_at_or_before(&self, address: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.rows());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle, 0)? <= address {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }
}

impl<'a> SymbolTable<'a> {
    /// Returns the table at the start of `bytes`. `None` if there is none, or it is
    /// truncated.
    pub fn try_new(bytes: &'a [u8]) -> Option<Self> {
        let head = Words { bytes: bytes.get(..HEAD_WORDS * WORD_BYTES)?, row_words: 1 };
        let word = |index| head.get(index, 0);
        if word(0)? != MAGIC {
            return None;
        }
        let mut rest = &bytes[HEAD_WORDS * WORD_BYTES..];
        let mut take = |rows: u32, row_words: usize| {
            let len_bytes = (rows as usize).checked_mul(row_words * WORD_BYTES)?;
            let (part, after) = rest.split_at_checked(len_bytes)?;
            rest = after;
            Some(Words { bytes: part, row_words })
        };
        let functions = take(word(3)?, FUNCTION_WORDS)?;
        let files = take(word(4)?, FILE_WORDS)?;
        let groups = take(word(5)?, GROUP_WORDS)?;
        let (lines, text) = rest.split_at_checked(word(6)? as usize)?;
        Some(Self {
            base: u64::from(word(1)?) | u64::from(word(2)?) << 32,
            functions,
            files,
            groups,
            lines,
            text: text.get(..word(7)? as usize)?,
        })
    }

    /// Returns the number of functions.
    pub fn functions(&self) -> usize {
        self.functions.rows()
    }

    /// Returns the function that contains `address`.
    pub fn function_at(&self, address: u64) -> Option<Function<'a>> {
        let offset = self.offset(address)?;
        let row = self.functions.last_at_or_before(offset)?;
        self.function(row).filter(|function| address - function.start < function.len_bytes.into())
    }

    /// Returns the source line of the instruction at `address`.
    pub fn line_at(&self, address: u64) -> Option<Line<'a>> {
        let offset = self.offset(address)?;
        let group = self.groups.last_at_or_before(offset)?;
        let start = self.groups.get(group, 1)? as usize;
        let end = self.groups.get(group + 1, 1).map_or(self.lines.len(), |end| end as usize);
        let rows = Rows::new(self.groups.get(group, 0)?, self.lines.get(start..end)?);
        let row = rows.take_while(|row| row.address <= offset).last()?;
        let file = self.text(self.files.get(row.file as usize, 0)?)?;
        (row.line != 0).then_some(Line { file, line: row.line })
    }

    /// Returns the functions whose name contains `part`, by rising address.
    pub fn find(&self, part: &str) -> impl Iterator<Item = Function<'a>> {
        (0..self.functions())
            .filter_map(|row| self.function(row))
            .filter(move |function| function.name.contains(part))
    }

    fn offset(&self, address: u64) -> Option<u32> {
        u32::try_from(address.checked_sub(self.base)?).ok()
    }

    fn function(&self, row: usize) -> Option<Function<'a>> {
        Some(Function {
            start: self.base.checked_add(self.functions.get(row, 0)?.into())?,
            len_bytes: self.functions.get(row, 1)?,
            name: self.text(self.functions.get(row, 2)?)?,
        })
    }

    fn text(&self, place: u32) -> Option<&'a str> {
        let text = self.text.get(place as usize..)?;
        let (length, text) = text.split_first_chunk::<2>()?;
        core::str::from_utf8(text.get(..u16::from_le_bytes(*length).into())?).ok()
    }
}
