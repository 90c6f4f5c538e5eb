//! Reads and writes of an open file.

use super::{Contents, OpenFile};
use crate::fs::attributes::{FileKind, Touch};
use crate::fs::error::FsError;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::regular::{self, WriteAt};
use crate::fs::io::{Sink, Source};

impl OpenFile {
    fn check_read(&self) -> Result<(), FsError> {
        if self.flags().can_read() { Ok(()) } else { Err(FsError::NotOpenForThis) }
    }

    pub(super) fn check_write(&self) -> Result<(), FsError> {
        if self.flags().can_write() { Ok(()) } else { Err(FsError::NotOpenForThis) }
    }

    /// Reads at the position, and advances it.
    ///
    /// # Errors
    /// [`FsError::NotOpenForThis`], [`FsError::IsADirectory`], [`FsError::BadAddress`], and those
    /// of the object that serves the file.
    pub fn read(&self, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.read_with(OpenFlags::empty(), to)
    }

    /// Reads as if the file was also open with the `extra` flags.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_with(&self, extra: OpenFlags, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.check_read()?;
        if let Contents::Special(ops) = &self.contents
            && !self.has_position
        {
            let read = ops.read(self.flags() | extra, 0, to)?;
            self.touch_fifo(Touch::Accessed, read);
            return Ok(read);
        }
        let _lock = self.position_lock.lock();
        let read = self.read_unchecked(self.position(), to)?;
        self.set_position(self.position().saturating_add(read as u64));
        Ok(read)
    }

    /// Reads at `offset`; the position doesn't change.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`FsError::NotSeekable`].
    pub fn read_at(&self, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        self.check_position()?;
        self.check_read()?;
        self.read_unchecked(offset, to)
    }

    /// Checks that it has a position.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`].
    pub fn check_position(&self) -> Result<(), FsError> {
        if self.has_position { Ok(()) } else { Err(FsError::NotSeekable) }
    }

    fn read_unchecked(&self, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        match &self.contents {
            Contents::Pages => {
                let flags = self.flags();
                let read = match flags.contains(OpenFlags::DIRECT) {
                    true => regular::read_direct(self.inode(), offset, to)?,
                    false => regular::read(self.inode(), offset, to)?,
                };
                if !flags.contains(OpenFlags::NO_ACCESS_TIME) {
                    self.touch_accessed();
                }
                Ok(read)
            }
            Contents::Special(ops) => ops.read(self.flags(), offset, to),
            Contents::Directory => Err(FsError::IsADirectory),
            Contents::Place => Err(FsError::NotOpenForThis),
        }
    }

    /// Updates the times of a pipe or FIFO after a transfer. For devices, the times of their nodes
    /// are updated.
    fn touch_fifo(&self, touch: Touch, bytes: usize) {
        if bytes > 0 && self.inode().kind() == FileKind::Fifo {
            self.inode().touch(touch);
        }
    }

    pub(super) fn touch_accessed(&self) {
        if self.path.mount().check_writable().is_ok() {
            self.inode().touch(Touch::Accessed);
        }
    }

    /// Writes at the position, or at the end if the file is open for appending, and advances the
    /// position.
    ///
    /// # Errors
    /// [`FsError::NotOpenForThis`], [`FsError::NoSpace`], [`FsError::TooLarge`],
    /// [`FsError::BadAddress`], and the errors of the object that serves the file.
    pub fn write(&self, from: &mut dyn Source) -> Result<usize, FsError> {
        self.write_with(OpenFlags::empty(), from)
    }

    /// Writes as if the file was also open with the `extra` flags.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_with(&self, extra: OpenFlags, from: &mut dyn Source) -> Result<usize, FsError> {
        self.check_write()?;
        if let Contents::Special(ops) = &self.contents
            && !self.has_position
        {
            let written = ops.write(self.flags() | extra, 0, from)?;
            self.touch_fifo(Touch::Modified, written);
            return Ok(written);
        }
        let _lock = self.position_lock.lock();
        let (start, written) = self.write_unchecked(extra, self.position(), from)?;
        self.set_position(start.saturating_add(written as u64));
        Ok(written)
    }

    /// Writes at `offset`, or at the end if the file is open for appending; the position doesn't
    /// change.
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`FsError::NotSeekable`].
    pub fn write_at(&self, offset: u64, from: &mut dyn Source) -> Result<usize, FsError> {
        self.write_at_with(OpenFlags::empty(), offset, from)
    }

    /// Writes at `offset` as if the file was also open with the `extra` flags.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    pub fn write_at_with(
        &self,
        extra: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        self.check_position()?;
        self.check_write()?;
        Ok(self.write_unchecked(extra, offset, from)?.1)
    }

    fn write_unchecked(
        &self,
        extra: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<(u64, usize), FsError> {
        let flags = self.flags() | extra;
        match &self.contents {
            Contents::Pages => {
                let at = match flags.contains(OpenFlags::APPEND) {
                    true => WriteAt::End,
                    false => WriteAt::Offset(offset),
                };
                let written =
                    regular::write(self.inode(), at, flags.contains(OpenFlags::DIRECT), from);
                if flags.intersects(OpenFlags::SYNC) && written.is_ok() {
                    self.sync()?;
                }
                written
            }
            Contents::Special(ops) => Ok((offset, ops.write(flags, offset, from)?)),
            Contents::Directory => Err(FsError::IsADirectory),
            Contents::Place => Err(FsError::NotOpenForThis),
        }
    }
}
