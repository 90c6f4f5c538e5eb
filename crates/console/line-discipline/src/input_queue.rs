//! The bytes that were received and not yet read, with the ends of their lines.

use alloc::boxed::Box;

use crate::buffer::{CreateError, buffer};
use crate::control_character::DISABLED;

/// The most bytes that wait to be read, as on Linux.
pub const INPUT_BYTES: usize = 4096;

/// A ring of bytes. The indices grow without limit; a byte's place is its index modulo the
/// ring's length. In canonical mode the bytes from `line_head` on can still be edited.
#[derive(Debug)]
pub(crate) struct InputQueue {
    bytes: Box<[u8]>,
    /// One bit for each byte: whether it ends a line.
    ends: [u64; INPUT_BYTES / 64],
    head: usize,
    line_head: usize,
    tail: usize,
}

impl InputQueue {
    /// Returns an empty queue.
    pub(crate) fn try_new() -> Result<Self, CreateError> {
        Ok(Self {
            bytes: buffer(INPUT_BYTES)?,
            ends: [0; INPUT_BYTES / 64],
            head: 0,
            line_head: 0,
            tail: 0,
        })
    }

    /// Returns how many bytes there are, with the edited line.
    pub(crate) fn len(&self) -> usize {
        self.head.wrapping_sub(self.tail)
    }

    /// Returns whether a whole line, or a part that was completed by an EOF, can be read.
    pub(crate) fn has_line(&self) -> bool {
        self.line_head != self.tail
    }

    /// Returns how many bytes canonical reads would return: complete lines without EOFs.
    pub(crate) fn line_bytes(&self) -> usize {
        let bytes = self.line_head.wrapping_sub(self.tail);
        let eofs = (0..bytes).filter(|at| self.is_eof(self.tail.wrapping_add(*at))).count();
        bytes - eofs
    }

    /// Returns how many bytes the edited line has.
    pub(crate) fn edited_len(&self) -> usize {
        self.head.wrapping_sub(self.line_head)
    }

    /// Returns the byte at `position` of the edited line.
    pub(crate) fn edited(&self, position: usize) -> u8 {
        self.bytes[place(self.line_head.wrapping_add(position))]
    }

    /// Shortens the edited line to `length` bytes.
    pub(crate) fn shorten(&mut self, length: usize) {
        if length < self.edited_len() {
            self.head = self.line_head.wrapping_add(length);
        }
    }

    /// Appends a byte, unless the queue is full.
    pub(crate) fn push(&mut self, byte: u8) {
        if self.len() < INPUT_BYTES {
            self.bytes[place(self.head)] = byte;
            self.head = self.head.wrapping_add(1);
        }
    }

    /// Appends the byte that ends the edited line.
    pub(crate) fn end_line(&mut self, byte: u8) {
        if self.len() < INPUT_BYTES {
            self.set_end(self.head, true);
            self.push(byte);
            self.line_head = self.head;
        }
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        self.tail = self.head;
        self.line_head = self.head;
        self.ends = [0; INPUT_BYTES / 64];
    }

    /// Removes the marks of lines' ends, but not the bytes. With `as_line`, all bytes form
    /// one line, which the last byte ends.
    pub(crate) fn forget_lines(&mut self, as_line: bool) {
        self.ends = [0; INPUT_BYTES / 64];
        self.line_head = self.tail;
        if as_line && self.len() != 0 {
            self.set_end(self.head.wrapping_sub(1), true);
            self.line_head = self.head;
        }
    }

    /// Takes bytes, regardless of lines. Returns how many.
    pub(crate) fn take(&mut self, destination: &mut [u8]) -> usize {
        let length = destination.len().min(self.len());
        for byte in &mut destination[..length] {
            *byte = self.bytes[place(self.tail)];
            self.tail = self.tail.wrapping_add(1);
        }
        length
    }

    /// Takes bytes of at most one line, with the NL or other character that ends it. An EOF
    /// that ends it is removed but not returned, even if the bytes before it fill
    /// `destination`. Returns the number of bytes.
    pub(crate) fn take_line(&mut self, destination: &mut [u8]) -> usize {
        let mut length = 0;
        while self.has_line() {
            let at = self.tail;
            let is_eof = self.is_eof(at);
            if length == destination.len() && !is_eof {
                break;
            }
            let is_end = self.is_end(at);
            self.set_end(at, false);
            self.tail = at.wrapping_add(1);
            if !is_eof {
                destination[length] = self.bytes[place(at)];
                length += 1;
            }
            if is_end {
                break;
            }
        }
        length
    }

    fn is_eof(&self, index: usize) -> bool {
        self.is_end(index) && self.bytes[place(index)] == DISABLED
    }

    fn is_end(&self, index: usize) -> bool {
        let at = place(index);
        self.ends[at / 64] & (1 << (at % 64)) != 0
    }

    fn set_end(&mut self, index: usize, end: bool) {
        let at = place(index);
        let bit = 1 << (at % 64);
        if end {
            self.ends[at / 64] |= bit;
        } else {
            self.ends[at / 64] &= !bit;
        }
    }
}

fn place(index: usize) -> usize {
    index % INPUT_BYTES
}
