//! The operations of a pipe, a device or another special file.

use core::any::Any;

use super::open_flags::OpenFlags;
use super::readiness::{PollQueue, Readiness};
use crate::fs::error::FsError;
use crate::fs::io::{Sink, Source};

/// The operations of a file whose contents aren't pages: a pipe, a device, a terminal, a counter. A
/// value has one or several open files; it is dropped with the last one.
pub trait FileOps: Send + Sync + Any {
    /// Reads into `to`, at `offset` if it [has a position](Self::has_position). Waits until there
    /// is something to read, unless `flags` are nonblocking. Returns the number of bytes; 0 at the
    /// end.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`] and others.
    fn read(&self, flags: OpenFlags, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let _ = (flags, offset, to);
        Err(FsError::InvalidArgument)
    }

    /// Writes `from`, at `offset` if it [has a position](Self::has_position). Waits until there is
    /// room, unless `flags` are nonblocking. Returns the number of bytes.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`],
    /// [`FsError::BrokenPipe`] and others.
    fn write(
        &self,
        flags: OpenFlags,
        offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let _ = (flags, offset, from);
        Err(FsError::InvalidArgument)
    }

    /// Returns whether reads and writes are at a position, so that seeking has an effect. It never
    /// changes.
    fn has_position(&self) -> bool {
        false
    }

    /// Makes all data that has been written go to the medium: fsync(2). May wait.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] if there is no medium, or the error of the device.
    fn sync(&self) -> Result<(), FsError> {
        Err(FsError::InvalidArgument)
    }

    /// Returns whether a seek has no effect and returns 0, instead of an error.
    fn ignores_seeks(&self) -> bool {
        false
    }

    /// Returns the end of the file, from which seeks are counted.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`].
    fn end(&self) -> Result<u64, FsError> {
        Err(FsError::NotSeekable)
    }

    /// Returns whether mappings of the file are anonymous memory, as for /dev/zero.
    fn maps_anonymous_memory(&self) -> bool {
        false
    }

    /// Returns the operations that are possible without waiting.
    fn readiness(&self) -> Readiness {
        Readiness::IN | Readiness::OUT
    }

    /// Returns the queue that is notified when the readiness changes; `None` if it never does.
    fn poll_queue(&self) -> Option<&PollQueue> {
        None
    }
}

/// Returns `ops` as a `T`, if it is one.
pub fn downcast<T: FileOps>(ops: &dyn FileOps) -> Option<&T> {
    let any: &dyn Any = ops;
    any.downcast_ref()
}
