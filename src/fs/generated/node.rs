//! A file of a generated file system.

use alloc::sync::Arc;

use super::text::Text;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::error::FsError;
use crate::fs::inode::LinkTarget;
use crate::fs::name;

/// A file, as its directory returns it for each walk.
pub struct Node {
    /// Its permission bits.
    pub mode: Mode,
    /// Its owner and its group.
    pub owner: (u32, u32),
    /// The node of the file.
    pub content: Content,
}

/// A file: a directory, a text or a link.
pub enum Content {
    /// A directory.
    Directory(Arc<dyn Directory>),
    /// A file with a text.
    File(Arc<dyn File>),
    /// A symbolic link.
    Link(Arc<dyn Link>),
}

/// Receives an entry of a directory: its name, its kind, and the cursor of the next entry. Returns
/// whether it accepts further entries.
pub type Found<'a> = &'a mut dyn FnMut(&[u8], FileKind, u64) -> bool;

/// A directory.
pub trait Directory: Send + Sync {
    /// Returns the file that has this name at present.
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::NoMemory`] and others.
    fn find(&self, name: &[u8]) -> Result<Node, FsError>;

    /// Calls `found` with the entries from `cursor` on, which is 2 at first, until `found` returns
    /// false.
    ///
    /// # Errors
    /// [`FsError::NotFound`] if the object of the directory no longer exists;
    /// [`FsError::NoMemory`].
    fn list(&self, cursor: u64, found: Found<'_>) -> Result<(), FsError>;
}

/// A file with a text.
pub trait File: Send + Sync {
    /// Checks that it may be opened, in addition to its mode.
    ///
    /// # Errors
    /// [`FsError::PermissionDenied`], [`FsError::NoProcess`].
    fn check_open(&self) -> Result<(), FsError> {
        Ok(())
    }

    /// Writes the text for the present state.
    ///
    /// # Errors
    /// [`FsError::NoMemory`]; [`FsError::NoProcess`] if the process of the file has ended.
    fn write_text(&self, text: &mut Text) -> Result<(), FsError>;

    /// Sets the value to `bytes`, which one write has passed.
    ///
    /// # Errors
    /// [`FsError::InvalidArgument`] if there is no value to set, or `bytes` isn't a valid value.
    fn set(&self, bytes: &[u8]) -> Result<(), FsError> {
        let _ = bytes;
        Err(FsError::InvalidArgument)
    }
}

/// A symbolic link.
pub trait Link: Send + Sync {
    /// Returns the present target.
    ///
    /// # Errors
    /// [`FsError::NotFound`], [`FsError::PermissionDenied`], [`FsError::NoMemory`].
    fn follow(&self) -> Result<LinkTarget, FsError>;
}

impl Content {
    /// Returns the kind of the file.
    pub fn kind(&self) -> FileKind {
        match self {
            Self::Directory(_) => FileKind::Directory,
            Self::File(_) => FileKind::Regular,
            Self::Link(_) => FileKind::Symlink,
        }
    }
}

/// Returns the number of the file `name` in the directory with the number `directory`, which is the
/// same for each walk.
pub fn number_of(directory: u64, name: &[u8]) -> u64 {
    /// The number of bits; enough that numbers hardly ever collide.
    const BITS: u32 = 48;
    name::hash(0, directory, name) >> (u64::BITS - BITS) | 1 << BITS
}
