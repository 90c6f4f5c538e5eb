//! Descriptors of processes: pidfd_open(2).

use alloc::sync::Arc;

use super::process::Process;
use super::table;
use crate::fs::error::FsError;
use crate::fs::file::anonymous;
use crate::fs::file::file_ops::{self, FileOps};
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::file::readiness::{PollQueue, Readiness};

/// The process that a descriptor refers to.
struct PidFd(Arc<Process>);

impl FileOps for PidFd {
    /// The descriptor can be read when the process has ended.
    fn readiness(&self) -> Readiness {
        match self.0.end_event.has_come() {
            true => Readiness::IN,
            false => Readiness::empty(),
        }
    }

    fn poll_queue(&self) -> Option<&PollQueue> {
        Some(self.0.end_event.poll_queue())
    }
}

/// Makes an open file that refers to a process. Of `flags`, only [`OpenFlags::NONBLOCK`] is used.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn open(process: &Arc<Process>, flags: OpenFlags) -> Result<Arc<OpenFile>, FsError> {
    let flags = flags & OpenFlags::NONBLOCK | OpenFlags::READ_WRITE;
    anonymous::open("pidfd", flags, Arc::try_new(PidFd(process.clone()))?)
}

/// Returns whether the process hasn't been waited for yet; after a wait, another process may have
/// its number. May wait.
pub fn is_there(process: &Arc<Process>) -> bool {
    table::find(process.pid()).is_some_and(|other| Arc::ptr_eq(&other, process))
}

/// Returns the process that an open file refers to, if it is a pidfd.
pub fn process_of(file: &OpenFile) -> Option<&Arc<Process>> {
    file.special().and_then(|ops| file_ops::downcast::<PidFd>(&**ops)).map(|pidfd| &pidfd.0)
}
