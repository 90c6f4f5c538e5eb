//! The parts of the input: archives in place, and gzip data.

use alloc::vec::Vec;

use crate::entries::{Entries, count_zeroes};
use crate::error::{InitramfsError, Problem};
use crate::gzip::{gunzip, is_gzip};

/// A part of the input.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Archives that aren't compressed. Offsets of entries and errors count from the start of
    /// the input.
    InPlace(Entries<'a>),
    /// Archives that were compressed: [`Entries::new`] reads `bytes`.
    Unpacked {
        /// The offset of the compressed data in the input.
        offset: usize,
        /// The unpacked archives.
        bytes: Vec<u8>,
    },
}

/// The parts of the input. The iterator ends after an error.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    input: &'a [u8],
    position: usize,
    limit: usize,
}

impl<'a> Parts<'a> {
    /// Returns the parts of `input`. All unpacked data together may have at most `limit` bytes.
    pub fn new(input: &'a [u8], limit: usize) -> Self {
        Self { input, position: 0, limit }
    }

    /// Returns the end of the plain archives that start at `entries`: the start of gzip
    /// data, or the input's end. Damaged bytes belong to the plain archives.
    fn end_in_place(&self, entries: &Entries<'a>) -> usize {
        let error = entries.without_sums().find_map(Result::err);
        error
            .filter(|error| matches!(error.problem, Problem::NoMagic(_)))
            .map(|error| error.offset)
            .filter(|end| is_gzip(&self.input[*end..]))
            .unwrap_or(self.input.len())
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, InitramfsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.position += count_zeroes(&self.input[self.position..]);
        let offset = self.position;
        let rest = &self.input[offset..];
        if rest.is_empty() {
            return None;
        }
        if !is_gzip(rest) {
            let entries = Entries::from(self.input, offset);
            self.position = self.end_in_place(&entries);
            return Some(Ok(Part::InPlace(entries.until(self.position))));
        }
        match gunzip(rest, self.limit) {
            Ok(unpacked) => {
                self.position += unpacked.input_bytes;
                self.limit -= unpacked.bytes.len();
                Some(Ok(Part::Unpacked { offset, bytes: unpacked.bytes }))
            }
            Err(error) => {
                self.position = self.input.len();
                Some(Err(InitramfsError { offset: offset + error.offset, ..error }))
            }
        }
    }
}
