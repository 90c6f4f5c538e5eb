//! Open files that programs map into their memory.

use alloc::sync::Arc;
use core::fmt;

use address_space::{Access, Sharing};

use super::open_file::OpenFile;
use super::open_flags::OpenFlags;
use crate::fs;
use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::inode::WritingDenied;
use crate::fs::namespace::mount::MountFlags;
use crate::fs::namespace::path::Path;
use crate::fs::page_cache::PAGE_BYTES;
use crate::mm::kernel::frames::SharedFrame;
use crate::mm::user::backing::{MappedObject, PageError};

/// An open file that is mapped: its pages are those of the page cache, so what programs write to
/// shared mappings is what others read from the file.
struct MappedFile {
    file: Arc<OpenFile>,
    /// Keeps the file of a program from being written.
    _denied: Option<WritingDenied>,
}

/// Returns `file` as an object that can be mapped.
///
/// # Errors
/// [`FsError::PermissionDenied`] if it isn't open for reading; [`FsError::WrongDevice`] if its
/// contents aren't pages; [`FsError::NoMemory`].
pub fn mapped(file: &Arc<OpenFile>) -> Result<Arc<dyn MappedObject>, FsError> {
    if !file.flags().can_read() {
        return Err(FsError::PermissionDenied);
    }
    if file.special().is_some() || file.inode().kind() != FileKind::Regular {
        return Err(FsError::WrongDevice);
    }
    Ok(Arc::try_new(MappedFile { file: file.clone(), _denied: None })?)
}

/// Returns the program in the file at `place` as an object that can be mapped: that it can be executed
/// is enough. As long as it is mapped, the file can't be opened for writing.
///
/// # Errors
/// [`FsError::TextBusy`] if it is open for writing; [`FsError::NoMemory`].
pub fn mapped_program(place: Path) -> Result<Arc<dyn MappedObject>, FsError> {
    let denied = place.inode().deny_writing()?;
    let file = OpenFile::try_new(place, OpenFlags::empty(), None)?;
    Ok(Arc::try_new(MappedFile { file, _denied: Some(denied) })?)
}

impl MappedFile {
    fn check_within(&self, index: u64) -> Result<(), PageError> {
        let pages = self.file.inode().size_bytes().div_ceil(PAGE_BYTES);
        if index < pages { Ok(()) } else { Err(PageError::Unavailable) }
    }
}

impl MappedObject for MappedFile {
    fn page(&self, index: u64) -> Result<SharedFrame, PageError> {
        self.check_within(index)?;
        let page = self.file.inode().pages().page_or_new(index).map_err(|error| match error {
            FsError::NoMemory => PageError::NoMemory,
            _ => PageError::Unavailable,
        })?;
        // It may have been cut off meanwhile. A page that came after that stays, and has zeros.
        self.check_within(index)?;
        Ok(page)
    }

    fn allows(&self, access: Access, sharing: Sharing) -> bool {
        let is_written = access.contains(Access::WRITE) && sharing == Sharing::Shared;
        let is_run = access.contains(Access::EXECUTE);
        let flags = self.file.path().mount().flags();
        (!is_written || self.file.flags().can_write())
            && (!is_run || !flags.contains(MountFlags::NO_EXEC))
    }

    fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file.path().text(fs::root()) {
            Ok(Some(text)) => write!(f, "{}", text.escape_ascii()),
            _ => f.write_str("(unreachable)"),
        }
    }
}
