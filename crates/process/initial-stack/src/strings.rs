//! The bytes of all strings, one after the other, each with its NUL.

use alloc::vec::Vec;

use crate::error::{PushError, StackError};

/// The most bytes of one string, with its NUL: Linux's MAX_ARG_STRLEN.
pub const STRING_BYTES_MAX: usize = 32 * 4096;

/// The limit of all strings where the stack is small: Linux's ARG_MAX.
const LIMIT_MIN: u64 = 128 * 1024;

/// The largest limit of all strings: three quarters of the usual stack limit, 8 MiB.
const LIMIT_MAX: u64 = 6 * 1024 * 1024;

/// The size of a pointer, in bytes.
pub(crate) const POINTER_BYTES: usize = 8;

/// The number of bytes of a string that are read first. Most strings are short, and bytes
/// read beyond their end are wasted.
const CHUNK_BYTES_MIN: usize = 64;

/// The most bytes of a string that are read at once.
const CHUNK_BYTES_MAX: usize = 4096;

/// Returns how many bytes all strings and the pointers to them may have together: a quarter
/// of the stack's limit (RLIMIT_STACK), but at least 128 KiB and at most 6 MiB.
///
/// Source: Linux, fs/exec.c, bprm_stack_limits.
pub fn string_limit(stack_bytes_max: u64) -> usize {
    (stack_bytes_max / 4).clamp(LIMIT_MIN, LIMIT_MAX) as usize
}

/// Strings, up to a limit.
#[derive(Debug)]
pub(crate) struct Strings {
    /// The strings, and room for the next one.
    bytes: Vec<u8>,
    /// The number of `bytes` in use for strings.
    used: usize,
    count: usize,
    /// The most bytes of strings and of pointers to them, together.
    limit: usize,
}

impl Strings {
    pub const fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), used: 0, count: 0, limit }
    }

    /// Returns how many strings there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns how many bytes the strings have, with their NULs.
    pub fn len_bytes(&self) -> usize {
        self.used
    }

    /// Adds a string, up to its first NUL.
    pub fn push(&mut self, string: &[u8]) -> Result<(), StackError> {
        let end = string.iter().position(|byte| *byte == 0).unwrap_or(string.len());
        self.append(&string[..end], self.room(1))?;
        self.count += 1;
        Ok(())
    }

    /// Adds the program's path, which needs no pointer, and `zeroes` zero bytes. Returns
    /// all bytes.
    pub fn finish(mut self, path: &[u8], zeroes: usize) -> Result<Vec<u8>, StackError> {
        let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
        self.append(&path[..end], self.room(0))?;
        self.make_room(zeroes)?;
        self.bytes[self.used..self.used + zeroes].fill(0);
        self.bytes.truncate(self.used + zeroes);
        Ok(self.bytes)
    }

    /// Adds a string that `read(offset, space)` copies in pieces, from an offset in the string
    /// into `space`. `read` returns how many bytes it copied. It may copy fewer than there is
    /// space for, and may copy bytes after the string's NUL.
    pub fn push_from<E>(
        &mut self,
        read: impl FnMut(usize, &mut [u8]) -> Result<usize, E>,
    ) -> Result<(), PushError<E>> {
        let start = self.used;
        let result = self.read(start, read);
        match result {
            Ok(()) => self.count += 1,
            Err(_) => self.used = start,
        }
        result
    }

    fn read<E>(
        &mut self,
        start: usize,
        mut read: impl FnMut(usize, &mut [u8]) -> Result<usize, E>,
    ) -> Result<(), PushError<E>> {
        let end = start + self.room(1).min(STRING_BYTES_MAX);
        let mut chunk = CHUNK_BYTES_MIN;
        loop {
            let len_bytes = chunk.min(end - self.used);
            if len_bytes == 0 {
                return Err(StackError::TooBig.into());
            }
            self.make_room(len_bytes)?;
            let space = &mut self.bytes[self.used..self.used + len_bytes];
            let copied = read(self.used - start, space).map_err(PushError::Read)?.min(len_bytes);
            if copied == 0 {
                return Err(StackError::Unterminated.into());
            }
            if let Some(nul) = space[..copied].iter().position(|byte| *byte == 0) {
                self.used += nul + 1;
                return Ok(());
            }
            self.used += copied;
            chunk = (2 * chunk).min(CHUNK_BYTES_MAX);
        }
    }

    /// Adds a string without a NUL, and a NUL, if there is room.
    fn append(&mut self, string: &[u8], room: usize) -> Result<(), StackError> {
        let len_bytes = string.len() + 1;
        if len_bytes > room.min(STRING_BYTES_MAX) {
            return Err(StackError::TooBig);
        }
        self.make_room(len_bytes)?;
        let (text, nul) = self.bytes[self.used..self.used + len_bytes].split_at_mut(string.len());
        text.copy_from_slice(string);
        nul.fill(0);
        self.used += len_bytes;
        Ok(())
    }

    /// Returns how many bytes the next `added` strings may have together.
    fn room(&self, added: usize) -> usize {
        let pointers = POINTER_BYTES * (self.count + added);
        self.limit.saturating_sub(self.used).saturating_sub(pointers)
    }

    /// Makes `bytes` at least `len_bytes` longer than its used part. If it grows, its length
    /// at least doubles, so that each byte is moved once on average.
    fn make_room(&mut self, len_bytes: usize) -> Result<(), StackError> {
        let needed = self.used + len_bytes;
        if needed > self.bytes.len() {
            let additional = needed - self.bytes.len();
            self.bytes.try_reserve(additional).map_err(|_| StackError::OutOfMemory)?;
            self.bytes.resize(self.bytes.capacity(), 0);
        }
        Ok(())
    }
}
