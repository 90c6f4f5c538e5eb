//! Open files that programs map into their memory.

use alloc::sync::Arc;
use core::fmt;
use core::ops::Range;

use address_space::{Access, Sharing};

use super::open_file::OpenFile;
use super::open_flags::OpenFlags;
use crate::fs;
use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::inode::{Inode, WritingDenied};
use crate::fs::namespace::mount::MountFlags;
use crate::fs::namespace::path::Path;
use crate::fs::page_cache::{PAGE_BYTES, PageWatcher};
use crate::fs::seals::Seals;
use crate::mm::kernel::frames::SharedFrame;
use crate::mm::user::backing::{MappedObject, PageError};
use crate::mm::user::reverse_map::{PrivateCopies, ReverseMap};

/// An open file that is mapped. Its pages are those of the page cache, so reads of the file return
/// what programs have written to shared mappings.
struct MappedFile {
    file: Arc<OpenFile>,
    /// The address spaces that map it.
    mappers: Arc<ReverseMap>,
    /// Prevents seals against writes, if programs may write to the file by this mapping.
    written: Option<WritableMapping>,
    /// Prevents writes to the file of a program.
    _denied: Option<WritingDenied>,
}

/// Prevents seals against writes to the file, while it lives.
struct WritableMapping(Arc<Inode>);

impl WritableMapping {
    fn try_new(inode: &Arc<Inode>) -> Result<Self, FsError> {
        inode.sealing().begin_mapping()?;
        if let Some(stored) = inode.pages().stored() {
            stored.add_writable_mapping();
        }
        Ok(Self(inode.clone()))
    }
}

impl Drop for WritableMapping {
    fn drop(&mut self) {
        if let Some(stored) = self.0.pages().stored() {
            stored.remove_writable_mapping();
        }
        self.0.sealing().end_mapping();
    }
}

/// Returns `file` as an object that can be mapped.
///
/// # Errors
/// [`FsError::PermissionDenied`] if it isn't open for reading; [`FsError::NotPermitted`] if a
/// shared mapping could write it, and it is sealed against that; [`FsError::WrongDevice`] if its
/// contents aren't pages; [`FsError::NoMemory`].
pub fn mapped(file: &Arc<OpenFile>, sharing: Sharing) -> Result<Arc<dyn MappedObject>, FsError> {
    if !file.flags().can_read() {
        return Err(FsError::PermissionDenied);
    }
    if file.special().is_some() || file.inode().kind() != FileKind::Regular {
        return Err(FsError::WrongDevice);
    }
    let is_written = sharing == Sharing::Shared && file.flags().can_write();
    let written = is_written.then(|| WritableMapping::try_new(file.inode())).transpose()?;
    MappedFile::try_new(file.clone(), written, None)
}

/// Returns the program at `place` as an object that can be mapped. The file need not be readable,
/// only executable. While it is mapped, the file can't be opened for writing.
///
/// # Errors
/// [`FsError::TextBusy`] if it is open for writing; [`FsError::NoMemory`].
pub fn mapped_program(place: Path) -> Result<Arc<dyn MappedObject>, FsError> {
    let denied = place.inode().deny_writing()?;
    let file = OpenFile::try_new(place, OpenFlags::empty(), None)?;
    MappedFile::try_new(file, None, Some(denied))
}

impl PageWatcher for ReverseMap {
    fn pages_removed(&self, pages: Range<u64>, copies: PrivateCopies) {
        self.unmap(&pages, copies);
    }
}

impl MappedFile {
    fn try_new(
        file: Arc<OpenFile>,
        written: Option<WritableMapping>,
        denied: Option<WritingDenied>,
    ) -> Result<Arc<dyn MappedObject>, FsError> {
        let mappers = Arc::try_new(ReverseMap::new())?;
        let watcher: Arc<dyn PageWatcher> = mappers.clone();
        file.inode().pages().watch(Arc::downgrade(&watcher))?;
        Ok(Arc::try_new(Self { file, mappers, written, _denied: denied })?)
    }

    fn check_within(&self, index: u64) -> Result<(), PageError> {
        let pages = self.file.inode().size_bytes().div_ceil(PAGE_BYTES);
        if index < pages { Ok(()) } else { Err(PageError::Unavailable) }
    }
}

impl MappedObject for MappedFile {
    fn page(&self, index: u64) -> Result<SharedFrame, PageError> {
        self.check_within(index)?;
        let pages = self.file.inode().pages();
        let page = match self.written {
            Some(_) => pages.page_to_map(index),
            None => pages.page_or_new(index),
        };
        let page = page.map_err(|error| match error {
            FsError::NoMemory => PageError::NoMemory,
            _ => PageError::Unavailable,
        })?;
        // The file may have been truncated in the meantime. A page that was made after that stays
        // in the file, filled with zeros.
        self.check_within(index)?;
        Ok(page)
    }

    fn resident_pages(&self, indexes: Range<u64>, found: &mut dyn FnMut(Option<SharedFrame>)) {
        if self.written.is_some() && self.file.inode().pages().stored().is_some() {
            // Each page that a program may write has to be marked for that, which may wait.
            return;
        }
        // The size is read after the page, as in `has`.
        let is_within = |index| self.check_within(index).is_ok();
        self.file.inode().pages().find(indexes, |index, page| {
            found(page.filter(|_| is_within(index)));
        });
    }

    fn has(&self, index: u64, page: &SharedFrame) -> bool {
        let own = self.file.inode().pages().page(index);
        self.check_within(index).is_ok()
            && own.is_ok_and(|own| own.is_some_and(|own| own.start() == page.start()))
    }

    fn is_resident(&self, index: u64) -> bool {
        self.check_within(index).is_ok()
            && self.file.inode().pages().page(index).is_ok_and(|page| page.is_some())
    }

    fn sync(&self) -> Result<(), PageError> {
        self.file.sync().map_err(|_| PageError::Unavailable)
    }

    fn reverse_map(&self) -> Option<&ReverseMap> {
        Some(&self.mappers)
    }

    fn allows(&self, access: Access, sharing: Sharing) -> bool {
        let is_written = access.contains(Access::WRITE) && sharing == Sharing::Shared;
        let is_run = access.contains(Access::EXECUTE);
        let flags = self.file.path().mount().flags();
        let may_write = || {
            let seals = self.file.inode().sealing().seals();
            self.file.flags().can_write() && !seals.intersects(Seals::NO_WRITES)
        };
        (!is_written || may_write()) && (!is_run || !flags.contains(MountFlags::NO_EXEC))
    }

    fn file_number(&self) -> (u64, u64) {
        (self.file.inode().file_system().number(), self.file.inode().number())
    }

    fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file.path().text(fs::root()) {
            Ok(Some(text)) => text.utf8_chunks().try_for_each(|chunk| {
                // As on Linux, the name is a single line.
                let mut lines = chunk.valid().split('\n');
                f.write_str(lines.next().unwrap_or_default())?;
                lines.try_for_each(|line| write!(f, "\\012{line}"))?;
                f.write_str(if chunk.invalid().is_empty() { "" } else { "\u{FFFD}" })
            }),
            _ => f.write_str("(unreachable)"),
        }
    }
}
