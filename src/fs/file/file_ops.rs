//! The operations of a pipe, a device or another special file.

use core::any::Any;

use super::open_flags::OpenFlags;
use super::readiness::{PollQueue, Readiness};
use crate::fs::error::FsError;
use crate::fs::io::{Sink, Source};

/// The operations of a file whose contents aren't pages: a pipe, a device, a terminal, a counter.
/// One value serves one or several open files; dropping it ends its use.
pub trait FileOps: Send + Sync + Any {
    /// Reads into `to`, at `offset` if it [has a position](Self::has_position). Waits until there
    /// is something, unless `flags` are nonblocking. Returns how many bytes; 0 at the end.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`], [`FsError::Interrupted`], [`FsError::BadAddress`] and others.
    fn read(&self, flags: OpenFlags, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let _ = (flags, offset, to);
        Err(FsError::InvalidArgument)
    }

    /// Writes `from`, at `offset` if it [has a position](Self::has_position). Waits until there is
    /// room, unless `flags` are nonblocking. Returns how many bytes.
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

    /// Returns whether reads and writes are at a position, so that seeking has an effect.
    fn has_position(&self) -> bool {
        false
    }

    /// Returns whether a seek does nothing and is no error: it returns 0.
    fn ignores_seeks(&self) -> bool {
        false
    }

    /// Returns the position after a seek to `offset` within a file whose end isn't known.
    ///
    /// # Errors
    /// [`FsError::NotSeekable`].
    fn end(&self) -> Result<u64, FsError> {
        Err(FsError::NotSeekable)
    }

    /// Returns whether a mapping is of anonymous memory, as for /dev/zero.
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
