//! Where bytes that are read go, and where bytes that are written come from.
//!
//! A file passes pieces of its contents, as they lie in memory, to a [`Sink`], and has pieces
//! filled by a [`Source`]. The memory of a program is one of each, and so are slices of the kernel.
//! A piece that isn't copied whole ends the operation: the program's memory can't be accessed
//! there.

use alloc::vec::Vec;

use super::error::FsError;
use crate::mm::kernel::frames::FrameBytes;

/// Returns the result of a transfer that `error` has ended after `done` bytes: as in POSIX, the
/// bytes count, and the error is the next call's to find.
///
/// # Errors
/// `error` if there are no bytes.
pub fn done_or(done: usize, error: FsError) -> Result<usize, FsError> {
    if done > 0 { Ok(done) } else { Err(error) }
}

/// Returns the next `len` bytes of `from`, which has as many.
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

/// Copies as much of `bytes` to `to` as that takes; returns how many.
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
    /// Of the kernel.
    Slice(&'a [u8]),
    /// Of a page.
    Frame(FrameBytes<'a>),
    /// So many zeros, for a hole.
    Zeros(usize),
}

/// Bytes to be filled by a [`Source`].
#[derive(Debug)]
pub enum BytesMut<'a> {
    /// Of the kernel.
    Slice(&'a mut [u8]),
    /// Of a page.
    Frame(FrameBytes<'a>),
}

/// Where bytes that are read go.
pub trait Sink {
    /// Returns how many bytes it still takes.
    fn room(&self) -> usize;

    /// Copies `bytes`, at most the room, and returns how many were copied: fewer if memory can't be
    /// accessed.
    fn put(&mut self, bytes: Bytes<'_>) -> usize;
}

/// The source of the bytes of a write.
pub trait Source {
    /// Returns how many bytes are left.
    fn left(&self) -> usize;

    /// Fills `bytes`, at most [`left`](Self::left) ones, and returns how many were copied: fewer if
    /// memory can't be accessed.
    fn fill(&mut self, bytes: BytesMut<'_>) -> usize;
}

impl Bytes<'_> {
    /// Returns how many bytes they are.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Frame(bytes) => bytes.len(),
            Self::Zeros(len) => *len,
        }
    }

    /// Returns whether they are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies them to `to`, which has as many.
    ///
    /// # Panics
    /// If it hasn't.
    pub fn copy_to(self, to: &mut [u8]) {
        match self {
            Self::Slice(bytes) => to.copy_from_slice(bytes),
            Self::Frame(bytes) => bytes.read(to),
            Self::Zeros(_) => to.fill(0),
        }
    }
}

impl BytesMut<'_> {
    /// Returns how many bytes they are.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Frame(bytes) => bytes.len(),
        }
    }

    /// Returns whether they are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies `from` to them, which has as many.
    ///
    /// # Panics
    /// If it hasn't.
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
