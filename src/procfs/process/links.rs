//! `exe`, `cwd`, `root`: links to places, which lead there whatever their paths are.

use alloc::boxed::Box;
use alloc::sync::Arc;

use crate::fs::error::FsError;
use crate::fs::inode::LinkTarget;
use crate::fs::namespace::path::Path;
use crate::process::process::Process;
use crate::procfs::target::Target;

/// Returns the link to the place that `find` returns of the process, which has not ended.
fn link(target: &Target, find: impl FnOnce(&Process) -> Path) -> Result<LinkTarget, FsError> {
    let process = alive(target)?;
    place(find(&process))
}

/// Returns the process, if it has not ended, and the caller may see where its files are.
pub(super) fn alive(target: &Target) -> Result<Arc<Process>, FsError> {
    let process = target.process().map_err(|_| FsError::NotFound)?;
    target.check_access()?;
    match process.memory() {
        Some(_) => Ok(process),
        None => Err(FsError::NotFound),
    }
}

/// Returns the link to a place.
pub(super) fn place(path: Path) -> Result<LinkTarget, FsError> {
    Ok(LinkTarget::Place(Box::try_new(path)?))
}

pub(super) fn exe(target: &Target) -> Result<LinkTarget, FsError> {
    link(target, |process| process.program().file)
}

pub(super) fn cwd(target: &Target) -> Result<LinkTarget, FsError> {
    link(target, |process| process.surroundings().directory)
}

pub(super) fn root(target: &Target) -> Result<LinkTarget, FsError> {
    link(target, |process| process.surroundings().root)
}

/// Returns the process whose mounts are shown, which has not ended.
pub(super) fn of_mounts(target: &Target) -> Result<Arc<Process>, FsError> {
    let process = target.process()?;
    match process.memory() {
        Some(_) => Ok(process),
        None => Err(FsError::InvalidArgument),
    }
}
