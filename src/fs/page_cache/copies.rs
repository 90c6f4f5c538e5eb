//! Reads and writes: copies between the pages of a file and other memory.

use core::ops::Range;

use volume::Stage;

use super::PageCache;
use super::pages::{BATCH, Batch};
use super::store::PAGE_BYTES;
use crate::fs::error::FsError;
use crate::fs::io::{Bytes, BytesMut, Sink, Source, done_or};
use crate::mm::kernel::frames::{Purpose, SharedFrame};

impl PageCache {
    /// Copies up to `len` bytes from `offset` on to `to`, which has room for them. Returns the
    /// number of copied bytes.
    ///
    /// # Errors
    /// [`FsError::BadAddress`] if none could be copied; [`FsError::NoMemory`].
    pub(in crate::fs) fn read(
        &self,
        offset: u64,
        len: usize,
        to: &mut dyn Sink,
    ) -> Result<usize, FsError> {
        let mut done = 0;
        while done < len {
            let at = offset + done as u64;
            let first = at / PAGE_BYTES;
            let last = (offset + (len - 1) as u64) / PAGE_BYTES;
            let count = (last - first + 1).min(BATCH as u64);
            let mut batch = Batch::new();
            self.pages.get_batch(first..first + count, &mut batch)?;
            let mut start = (at % PAGE_BYTES) as usize;
            for (index, page) in (first..).zip(&mut batch) {
                let end = (PAGE_BYTES as usize).min(start + len - done);
                if page.is_none()
                    && let Some(stored) = self.stored()
                {
                    match stored.page(&self.pages, index, last - index + 1) {
                        Ok(found) => *page = Some(found),
                        Err(error) => return done_or(done, error),
                    }
                }
                let bytes = match page {
                    Some(page) => Bytes::Frame(page.bytes(start..end)),
                    None => Bytes::Zeros(end - start),
                };
                let copied = to.put(bytes);
                done += copied;
                if copied < end - start {
                    return done_or(done, FsError::BadAddress);
                }
                start = 0;
            }
        }
        Ok(done)
    }

    /// Copies up to `len` bytes of `from`, which has that many, to `offset` and after it. Returns
    /// the number of copied bytes, and the error that ended the copy early.
    pub(in crate::fs) fn write(
        &self,
        offset: u64,
        len: usize,
        from: &mut dyn Source,
    ) -> (usize, Result<(), FsError>) {
        let stored = self.stored();
        if let Some(stored) = stored {
            stored.begin_write(&self.pages, offset, len as u64);
        }
        let (done, result) = self.write_in_stage(Stage::Last, offset, len, from);
        if result.is_err()
            && let Some(stored) = stored
        {
            stored.end_write_early(offset + done as u64);
        }
        (done, result)
    }

    /// As [`write`](Self::write), but what is written belongs to a stage, room is only made page by
    /// page, and nothing is written back because too much is dirty.
    #[inline]
    pub(in crate::fs) fn write_in_stage(
        &self,
        stage: Stage,
        offset: u64,
        len: usize,
        from: &mut dyn Source,
    ) -> (usize, Result<(), FsError>) {
        let stored = self.stored();
        let mut done = 0;
        let result = loop {
            if done == len {
                break Ok(());
            }
            let at = offset + done as u64;
            let start = (at % PAGE_BYTES) as usize;
            let end = (PAGE_BYTES as usize).min(start + len - done);
            let index = at / PAGE_BYTES;
            let written = match stored {
                Some(stored) => stored.write_page(&self.pages, index, start..end, from, stage),
                None => self.write_page(index, start..end, from),
            };
            match written {
                Ok(copied) => {
                    done += copied;
                    if copied < end - start {
                        break Err(FsError::BadAddress);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        (done, result)
    }

    /// Writes bytes of a page that is only in memory. Returns the number of copied bytes.
    fn write_page(
        &self,
        index: u64,
        range: Range<usize>,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        if let Some(page) = self.page(index)? {
            return Ok(from.fill(BytesMut::Frame(page.bytes(range))));
        }
        self.charge()?;
        let Some(new) = SharedFrame::try_allocate(Purpose::Files) else {
            self.discharge(1);
            return Err(FsError::NoMemory);
        };
        // The page is filled before other threads can access it, so only its other bytes have to be
        // cleared.
        let copied = from.fill(BytesMut::Frame(new.bytes(range.clone())));
        new.bytes(0..range.start).zero();
        new.bytes(range.start + copied..PAGE_BYTES as usize).zero();
        let (page, unused) = self.add(index, new)?;
        if let Some(new) = unused {
            // A mapping has added a page in the meantime.
            let range = range.start..range.start + copied;
            page.bytes(range.clone()).copy_from(new.bytes(range));
        }
        Ok(copied)
    }
}
