//! The position of an open file.

use super::{Contents, OpenFile, Whence};
use crate::fs::error::FsError;

impl OpenFile {
    /// Moves the position; returns the new one.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`], [`FsError::InvalidArgument`] before the start,
    /// [`FsError::NoDevice`] if there is no such data or hole.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<u64, FsError> {
        match &self.contents {
            Contents::Place => return Err(FsError::NotOpenForThis),
            Contents::Special(ops) if ops.ignores_seeks() => return Ok(0),
            _ => self.check_position()?,
        }
        let _lock = self.position_lock.lock();
        let base = match whence {
            Whence::Start => 0,
            Whence::Position => self.position(),
            Whence::End => self.end()?,
            Whence::Data | Whence::Hole => {
                let found = self.data_or_hole(offset, whence)?;
                self.set_position(found);
                return Ok(found);
            }
        };
        let new = base.checked_add_signed(offset).ok_or(FsError::InvalidArgument)?;
        if new > i64::MAX as u64 {
            return Err(FsError::InvalidArgument);
        }
        self.set_position(new);
        Ok(new)
    }

    fn end(&self) -> Result<u64, FsError> {
        match &self.contents {
            Contents::Pages => Ok(self.inode().size_bytes()),
            Contents::Special(ops) => ops.end(),
            Contents::Directory | Contents::Place => Err(FsError::InvalidArgument),
        }
    }

    fn data_or_hole(&self, offset: i64, whence: Whence) -> Result<u64, FsError> {
        let Contents::Pages = self.contents else {
            return Err(FsError::InvalidArgument);
        };
        let (inode, size_bytes) = (self.inode(), self.inode().size_bytes());
        let offset = u64::try_from(offset).map_err(|_| FsError::NoDevice)?;
        if offset >= size_bytes {
            return Err(FsError::NoDevice);
        }
        let found = match whence {
            Whence::Data => inode.pages().next_data(offset).filter(|found| *found < size_bytes),
            _ => Some(inode.pages().next_hole(offset).min(size_bytes)),
        };
        found.ok_or(FsError::NoDevice)
    }
}
