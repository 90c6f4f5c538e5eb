//! Open files that programs map into their memory.

use alloc::sync::Arc;
use core::fmt;

use address_space::{Access, Sharing};

use super::open_file::OpenFile;
use crate::fs;
use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::namespace::mount::MountFlags;
use crate::fs::page_cache::PAGE_BYTES;
use crate::mm::kernel::frames::SharedFrame;
use crate::mm::user::backing::{MappedObject, PageError};

/// An open file that is mapped: its pages are those of the page cache, so what programs write to
/// shared mappings is what others read from the file.
struct MappedFile(Arc<OpenFile>);

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
    Ok(Arc::try_new(MappedFile(file.clone()))?)
}

impl MappedFile {
    fn check_within(&self, index: u64) -> Result<(), PageError> {
        let pages = self.0.inode().size_bytes().div_ceil(PAGE_BYTES);
        if index < pages { Ok(()) } else { Err(PageError::Unavailable) }
    }
}

impl MappedObject for MappedFile {
    fn page(&self, index: u64) -> Result<SharedFrame, PageError> {
        self.check_within(index)?;
        let page = self.0.inode().pages().page_or_new(index).map_err(|error| match error {
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
        let flags = self.0.path().mount().flags();
        (!is_written || self.0.flags().can_write())
            && (!is_run || !flags.contains(MountFlags::NO_EXEC))
    }

    fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.path().text(fs::root()) {
            Ok(Some(text)) => write!(f, "{}", text.escape_ascii()),
            _ => f.write_str("(unreachable)"),
        }
    }
}
