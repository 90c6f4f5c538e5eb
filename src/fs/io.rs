//! The destinations of read bytes, and the sources of written bytes.
//!
//! A file passes pieces of its contents, as they are in memory, to a [`Sink`], and passes pieces to
//! a [`Source`] to be filled. The memory of a program can be either, and so can slices of the
//! kernel. A piece that is copied only in part ends the operation, because the rest of the
//! program's memory can't be accessed.

use alloc::vec::Vec;

use super::error::FsError;
use crate::mm::kernel::frames::FrameBytes;

/// Returns the result of a transfer that `error` has ended after `done` bytes. As in POSIX, the
/// number of bytes is returned if there are any; the next call finds the error.
///
/// # Errors
/// `error` if there are no bytes.
pub fn done_or(done: usize, error: FsError) -> Result<usize, FsError> {
    if done > 0 { Ok(done) } else { Err(error) }
}

/// Returns the next `len` bytes of `from`, which has that many.
///
/// # Errors
/// [`FsError::BadAddress`], [`FsError::NoMemory`].
pub fn take(from: &mut dyn Source, len: usize) -> Result<Vec<u8>, FsError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len)?;
    bytes.resize(len, 0);
    match from.fill(BytesMut::Slice(&mut bytes)) {
        filled if filled == len => Ok(bytes),
        _ => Err(FsError::BadAddress),
    }
}

/// Copies `bytes` to `to`, as much as it has room for; returns the number of copied bytes.
///
/// # Errors
/// [`FsError::BadAddress`] if none can be copied.
pub fn give(to: &mut dyn Sink, bytes: &[u8]) -> Result<usize, FsError> {
    let len = bytes.len().min(to.room());
    match to.put(Bytes::Slice(&bytes[..len])) {
        0 if len > 0 => Err(FsError::BadAddress),
        copied => Ok(copied),
    }
}

/// Bytes to be copied to a [`Sink`].
#[derive(Clone, Copy, Debug)]
pub enum Bytes<'a> {
    /// Bytes of the kernel.
    Slice(&'a [u8]),
    /// Bytes of a page.
    Frame(FrameBytes<'a>),
    /// This number of zeros, for a hole.
    Zeros(usize),
}

/// Bytes to be filled by a [`Source`].
#[derive(Debug)]
pub enum BytesMut<'a> {
    /// Bytes of the kernel.
    Slice(&'a mut [u8]),
    /// Bytes of a page.
    Frame(FrameBytes<'a>),
}

/// The destination of the bytes of a read.
pub trait Sink {
    /// Returns the number of bytes for which there is still room.
    fn room(&self) -> usize;

    /// Copies `bytes`, at most [`room`](Self::room) of them; returns the number of copied bytes,
    /// which is less if memory can't be accessed.
    fn put(&mut self, bytes: Bytes<'_>) -> usize;
}

/// The source of the bytes of a write.
pub trait Source {
    /// Returns the number of bytes that are left.
    fn left(&self) -> usize;

    /// Fills `bytes`, which are at most [`left`](Self::left); returns the number of copied bytes,
    /// which is less if memory can't be accessed.
    fn fill(&mut self, bytes: BytesMut<'_>) -> usize;
}

impl Bytes<'_> {
    /// Returns the number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Frame(bytes) => bytes.len(),
            Self::Zeros(len) => *len,
        }
    }

    /// Returns whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the bytes to `to`, which has the same length.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn copy_to(self, to: &mut [u8]) {
        match self {
            Self::Slice(bytes) => to.copy_from_slice(bytes),
            Self::Frame(bytes) => bytes.read(to),
            Self::Zeros(_) => to.fill(0),
        }
    }
}

impl BytesMut<'_> {
    /// Returns the number of bytes.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Frame(bytes) => bytes.len(),
        }
    }

    /// Returns whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies `from`, which has the same length, to the bytes.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn copy_from(self, from: &[u8]) {
        match self {
            Self::Slice(bytes) => bytes.copy_from_slice(from),
            Self::Frame(bytes) => bytes.write(from),
        }
    }
}

/// A slice of the kernel as a sink.
#[derive(Debug)]
pub struct SliceSink<'a> {
    rest: &'a mut [u8],
}

impl<'a> SliceSink<'a> {
    /// Makes a sink that fills `slice` from its start.
    pub fn new(slice: &'a mut [u8]) -> Self {
        Self { rest: slice }
    }
}

impl Sink for SliceSink<'_> {
    fn room(&self) -> usize {
        self.rest.len()
    }

    fn put(&mut self, bytes: Bytes<'_>) -> usize {
        let len = bytes.len();
        let (now, later) = core::mem::take(&mut self.rest).split_at_mut(len);
        bytes.copy_to(now);
        self.rest = later;
        len
    }
}

/// A slice of the kernel as a source.
#[derive(Debug)]
pub struct SliceSource<'a> {
    rest: &'a [u8],
}

impl<'a> SliceSource<'a> {
    /// Makes a source of the bytes of `slice`.
    pub fn new(slice: &'a [u8]) -> Self {
        Self { rest: slice }
    }
}

impl Source for SliceSource<'_> {
    fn left(&self) -> usize {
        self.rest.len()
    }

    fn fill(&mut self, bytes: BytesMut<'_>) -> usize {
        let len = bytes.len();
        let (now, later) = self.rest.split_at(len);
        bytes.copy_from(now);
        self.rest = later;
        len
    }
}
