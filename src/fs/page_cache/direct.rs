//! Transfers between a store and a program without the pages in memory: O_DIRECT.
//!
//! As on Linux, offsets and lengths have to be multiples of the device's sector. The bytes pass through
//! frames of the kernel, so the program's memory may begin anywhere.

use alloc::vec::Vec;
use core::ops::Range;

use super::PageCache;
use super::store::{PAGE_BYTES, PageStore};
use super::stored::Stored;
use crate::fs::error::FsError;
use crate::fs::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::mm::kernel::frames::{Purpose, SharedFrame, parts};
use crate::mm::user::reverse_map::PrivateCopies;

/// The most bytes that are transferred at a time.
const PIECE_BYTES: u64 = 512 * 1024;

/// Bytes of a store that are transferred at once, and frames for the pages that have them.
struct Piece {
    range: Range<u64>,
    frames: Vec<SharedFrame>,
}

impl Piece {
    /// Makes the first piece of `range`. The frames' contents are undefined.
    fn try_first_of(range: Range<u64>) -> Result<Self, FsError> {
        let range = range.start..range.end.min(range.start.saturating_add(PIECE_BYTES));
        let pages = range.start / PAGE_BYTES..range.end.div_ceil(PAGE_BYTES);
        let mut frames = Vec::new();
        frames.try_reserve_exact((pages.end - pages.start) as usize)?;
        for _ in pages {
            frames.push(SharedFrame::try_allocate(Purpose::Files).ok_or(FsError::NoMemory)?);
        }
        Ok(Self { range, frames })
    }

    /// Returns the number of bytes.
    fn len(&self) -> usize {
        (self.range.end - self.range.start) as usize
    }

    /// Calls `copy` with each part of the bytes, until it copies fewer. Returns the number of copied
    /// bytes.
    fn copy(&self, mut copy: impl FnMut(&SharedFrame, Range<usize>) -> usize) -> usize {
        let start = self.range.start % PAGE_BYTES;
        let mut done = 0;
        for (frame, part) in parts(&self.frames, start..start + self.len() as u64) {
            let part_len = part.len();
            let copied = copy(frame, part);
            done += copied;
            if copied < part_len {
                break;
            }
        }
        done
    }
}

fn check(store: &dyn PageStore, offset: u64, len: usize) -> Result<(), FsError> {
    let sector_bytes = store.sector_bytes();
    match offset.is_multiple_of(sector_bytes) && (len as u64).is_multiple_of(sector_bytes) {
        true => Ok(()),
        false => Err(FsError::InvalidArgument),
    }
}

impl PageCache {
    /// Writes what is dirty to the store, before that is accessed without the pages. May wait.
    fn write_changes(&self) -> Result<(), FsError> {
        if self.is_dirty() { self.write_back() } else { Ok(()) }
    }

    /// Reads at `offset` from the store, and returns the number of bytes, which is 0 behind the end;
    /// `None` if there is no store. May wait.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] unless whole sectors are read; [`FsError::BadAddress`],
    /// [`FsError::NoMemory`]; the error of the device.
    pub(in crate::fs) fn read_direct(
        &self,
        offset: u64,
        to: &mut dyn Sink,
    ) -> Option<Result<usize, FsError>> {
        let store = self.stored()?.store();
        Some(check(store, offset, to.room()).and_then(|()| {
            self.write_changes()?;
            read(store, offset, to)
        }))
    }

    /// Writes up to `len` bytes of `from`, which has at least as many, to the store at `offset` and after
    /// it. Returns the number of bytes, and the error that ended the write early; `None` if there is no
    /// store. May wait.
    ///
    /// # Errors
    /// As [`read_direct`](Self::read_direct), and [`FsError::NoSpace`].
    pub(in crate::fs) fn write_direct(
        &self,
        offset: u64,
        len: usize,
        from: &mut dyn Source,
    ) -> Option<(usize, Result<(), FsError>)> {
        let stored = self.stored()?;
        let checked = check(stored.store(), offset, len).and_then(|()| self.write_changes());
        if let Err(error) = checked {
            return Some((0, Err(error)));
        }
        let mut done = 0;
        let result = loop {
            let start = offset + done as u64;
            let end = offset.saturating_add(len as u64);
            if start >= end {
                break Ok(());
            }
            match self.write_piece(stored, start..end, from) {
                Ok(0) => break Err(FsError::BadAddress),
                Ok(written) => done += written,
                Err(error) => break Err(error),
            }
        };
        if result.is_err() {
            stored.end_write_early(offset + done as u64);
        }
        Some((done, result))
    }

    /// Writes the first piece of `range`, as far as the program's memory can be accessed. Returns the
    /// number of bytes.
    fn write_piece(
        &self,
        stored: &Stored,
        range: Range<u64>,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        // Filled before it is known where it goes: the program's memory may be a mapping of this file.
        let piece = Piece::try_first_of(range)?;
        let filled = piece.copy(|frame, part| from.fill(BytesMut::Frame(frame.bytes(part))));
        let whole = filled - filled % stored.store().sector_bytes() as usize;
        let range = piece.range.start..piece.range.start + whole as u64;
        if !range.is_empty() {
            let pages = range.start / PAGE_BYTES..range.end.div_ceil(PAGE_BYTES);
            stored.write_past(&self.pages, range, &piece.frames)?;
            self.watchers.unmap(pages, PrivateCopies::Kept);
        }
        Ok(whole)
    }
}

fn read(store: &dyn PageStore, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
    let mut done = 0;
    loop {
        let start = offset + done as u64;
        let end = start.saturating_add(to.room() as u64).min(store.size_bytes());
        if start >= end {
            return Ok(done);
        }
        let piece = Piece::try_first_of(start..end)?;
        // The last byte of a file may be within a sector.
        let whole = start..piece.range.end.next_multiple_of(store.sector_bytes());
        if let Err(error) = store.read(whole, &piece.frames) {
            return done_or(done, error);
        }
        let copied = piece.copy(|frame, part| to.put(Bytes::Frame(frame.bytes(part))));
        done += copied;
        if copied < piece.len() {
            return done_or(done, FsError::BadAddress);
        }
    }
}
