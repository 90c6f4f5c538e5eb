//! The bytes of a pipe.
//!
//! As on Linux, the bytes are in pages. A write fills new pages, unless it fits into the rest of
//! the last page. So a write of up to [`PIPE_BUF_BYTES`](super::PIPE_BUF_BYTES) bytes is either
//! stored in one page or waits; it is never interleaved with bytes of other writes.

use alloc::collections::VecDeque;

use crate::fs::error::FsError;
use crate::fs::io::{Bytes, BytesMut, Sink, Source};
use crate::fs::page_cache::PAGE_BYTES;
use crate::mm::kernel::frames::{Purpose, SharedFrame};

/// The initial number of pages of a pipe.
const PAGES: usize = 16;

/// The largest number of pages of a pipe.
const PAGES_MAX: usize = 256;

/// Bytes in a page of a pipe.
struct Piece {
    page: SharedFrame,
    start: usize,
    len: usize,
}

impl Piece {
    /// Returns the number of bytes that fit into the page after its contents.
    fn room(&self) -> usize {
        PAGE_BYTES as usize - self.start - self.len
    }
}

/// The bytes of a pipe, in their order.
pub(super) struct Buffer {
    pieces: VecDeque<Piece>,
    /// The limit of the number of pages.
    pages_max: usize,
    /// A page that was read completely, kept for the next write.
    spare: Option<SharedFrame>,
}

impl Buffer {
    /// Returns a buffer without bytes.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new() -> Result<Self, FsError> {
        let mut pieces = VecDeque::new();
        pieces.try_reserve_exact(PAGES)?;
        Ok(Self { pieces, pages_max: PAGES, spare: None })
    }

    /// Returns whether there are no bytes.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Returns the number of bytes.
    pub(super) fn len_bytes(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len).sum()
    }

    /// Removes all bytes.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        self.spare = None;
    }

    /// Moves bytes to `to`, as many as it has room for, and adds their number to `done`.
    ///
    /// # Errors
    /// [`FsError::BadAddress`].
    pub(super) fn take(&mut self, to: &mut dyn Sink, done: &mut usize) -> Result<(), FsError> {
        let mut room = to.room();
        while room > 0
            && let Some(piece) = self.pieces.front_mut()
        {
            let len = piece.len.min(room);
            let bytes = piece.page.bytes(piece.start..piece.start + len);
            let copied = to.put(Bytes::Frame(bytes));
            piece.start += copied;
            piece.len -= copied;
            *done += copied;
            room -= copied;
            if copied < len {
                return Err(FsError::BadAddress);
            }
            if piece.len == 0 {
                self.drop_first();
            }
        }
        Ok(())
    }

    /// Copies bytes after the first `skipped` ones to `to`, without removing them; returns their
    /// number.
    pub(super) fn peek(&self, mut skipped: usize, to: &mut [u8]) -> usize {
        let mut done = 0;
        for piece in &self.pieces {
            let start = piece.start + skipped.min(piece.len);
            let len = (piece.start + piece.len - start).min(to.len() - done);
            skipped -= start - piece.start;
            piece.page.bytes(start..start + len).read(&mut to[done..done + len]);
            done += len;
        }
        done
    }

    /// Inserts bytes, at most a page, before all others. The number of pages may exceed the limit
    /// by one for a time.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn put_back(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        let page = self.take_page()?;
        page.bytes(0..bytes.len()).write(bytes);
        self.pieces.try_reserve(1)?;
        self.pieces.push_front(Piece { page, start: 0, len: bytes.len() });
        Ok(())
    }

    /// Returns the number of bytes for which there is room if each page is full.
    pub(super) fn capacity_bytes(&self) -> usize {
        self.pages_max * PAGE_BYTES as usize
    }

    /// Sets that number, rounded up to a power of two of pages.
    ///
    /// # Errors
    /// [`FsError::NotPermitted`] above 1 MiB, [`FsError::Busy`] if more pages are used,
    /// [`FsError::NoMemory`].
    pub(super) fn set_capacity_bytes(&mut self, capacity_bytes: usize) -> Result<(), FsError> {
        let pages = capacity_bytes.div_ceil(PAGE_BYTES as usize).max(1);
        if pages > PAGES_MAX {
            return Err(FsError::NotPermitted);
        }
        let pages = pages.next_power_of_two();
        let used = self.pieces.len();
        if pages < used {
            return Err(FsError::Busy);
        }
        self.pieces.try_reserve_exact(pages - used)?;
        self.pages_max = pages;
        Ok(())
    }

    /// Returns whether no further page may be added.
    pub(super) fn is_full(&self) -> bool {
        self.pieces.len() >= self.pages_max
    }

    /// Copies as much of `from` as fits, and adds the number of bytes to `done`. As on Linux, a
    /// page that can't be filled completely is dropped.
    pub(super) fn fill(&mut self, from: &mut dyn Source, done: &mut usize) -> Result<(), FsError> {
        let mut whole = from.left();
        while whole > 0 {
            let len = whole.min(PAGE_BYTES as usize);
            let is_full = self.is_full();
            let copied = match self.pieces.back_mut().filter(|last| whole <= last.room()) {
                Some(last) => {
                    let start = last.start + last.len;
                    let copied = from.fill(BytesMut::Frame(last.page.bytes(start..start + len)));
                    last.len += if copied == len { len } else { 0 };
                    copied
                }
                None if is_full => return Ok(()),
                None => {
                    let page = self.take_page()?;
                    let copied = from.fill(BytesMut::Frame(page.bytes(0..len)));
                    if copied == len {
                        // The queue has room for all pages.
                        self.pieces.push_back(Piece { page, start: 0, len: copied });
                    }
                    copied
                }
            };
            if copied < len {
                return Err(FsError::BadAddress);
            }
            *done += len;
            whole -= len;
        }
        Ok(())
    }

    /// Returns a page for new bytes.
    fn take_page(&mut self) -> Result<SharedFrame, FsError> {
        if let Some(page) = self.spare.take() {
            return Ok(page);
        }
        SharedFrame::try_allocate(Purpose::Files).ok_or(FsError::NoMemory)
    }

    /// Removes the first page, all of whose bytes were read.
    fn drop_first(&mut self) {
        if let Some(piece) = self.pieces.pop_front() {
            self.spare.get_or_insert(piece.page);
        }
    }
}
