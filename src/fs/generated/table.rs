//! Directories with fixed entries.

use alloc::sync::Arc;

use super::inode::FIRST_CURSOR;
use super::node::{Content, Directory, File, Found, Link, Node};
use super::text::Text;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::error::FsError;
use crate::fs::inode::LinkTarget;

/// The object that the files of a directory describe, such as a process.
pub trait Subject: Clone + Send + Sync + 'static {
    /// Returns the owner and the group of the files.
    ///
    /// # Errors
    /// [`FsError::NotFound`] if the subject no longer exists.
    fn owner(&self) -> Result<(u32, u32), FsError>;
}

/// The whole machine, whose files belong to root.
impl Subject for () {
    fn owner(&self) -> Result<(u32, u32), FsError> {
        Ok((0, 0))
    }
}

/// Writes the text of a file that describes the subject.
type WriteText<S> = fn(&S, &mut Text) -> Result<(), FsError>;

/// The kind of an entry.
pub enum What<S: 'static> {
    /// A text.
    Text(WriteText<S>),
    /// A text, and a check before it is opened.
    Guarded(WriteText<S>, fn(&S) -> Result<(), FsError>),
    /// A text, and the function that a write calls.
    Settable(WriteText<S>, fn(&S, &[u8]) -> Result<(), FsError>),
    /// A symbolic link.
    Link(fn(&S) -> Result<LinkTarget, FsError>),
    /// A directory.
    Directory(fn(&S) -> Result<Arc<dyn Directory>, FsError>),
    /// A directory with these entries, which describes the same subject.
    Table(&'static [Row<S>]),
}

/// An entry of a directory.
pub struct Row<S: 'static> {
    /// Its name.
    pub name: &'static str,
    /// Its permission bits.
    pub mode: u16,
    /// The kind of the entry.
    pub what: What<S>,
}

/// A directory that describes `S` and has the entries of a table.
pub struct TableDirectory<S: 'static> {
    /// The object that the files describe.
    pub subject: S,
    /// The entries.
    pub rows: &'static [Row<S>],
    /// Further entries.
    pub more: &'static [Row<S>],
}

/// A file or a link of a table.
struct Entry<S: 'static> {
    subject: S,
    row: &'static Row<S>,
}

impl<S: Subject> Row<S> {
    fn kind(&self) -> FileKind {
        match self.what {
            What::Text(_) | What::Guarded(..) | What::Settable(..) => FileKind::Regular,
            What::Link(_) => FileKind::Symlink,
            What::Directory(_) | What::Table(_) => FileKind::Directory,
        }
    }

    fn node(&'static self, subject: &S) -> Result<Node, FsError> {
        let entry = || Arc::try_new(Entry { subject: subject.clone(), row: self });
        let content = match self.what {
            What::Text(_) | What::Guarded(..) | What::Settable(..) => Content::File(entry()?),
            What::Link(_) => Content::Link(entry()?),
            What::Directory(make) => Content::Directory(make(subject)?),
            What::Table(rows) => {
                let directory = TableDirectory { subject: subject.clone(), rows, more: &[] };
                Content::Directory(Arc::try_new(directory)?)
            }
        };
        let mode = Mode::from_bits_truncate(self.mode);
        Ok(Node { mode, owner: subject.owner()?, content })
    }
}

impl<S: Subject> TableDirectory<S> {
    /// Returns the cursor after the last entry.
    pub fn end(&self) -> u64 {
        FIRST_CURSOR + self.all().count() as u64
    }

    fn all(&self) -> impl Iterator<Item = &'static Row<S>> {
        self.rows.iter().chain(self.more)
    }
}

impl<S: Subject> Directory for TableDirectory<S> {
    fn find(&self, name: &[u8]) -> Result<Node, FsError> {
        let row = self.all().find(|row| row.name.as_bytes() == name);
        row.ok_or(FsError::NotFound)?.node(&self.subject)
    }

    fn list(&self, cursor: u64, found: Found<'_>) -> Result<(), FsError> {
        // Nothing is listed if the subject no longer exists.
        self.subject.owner()?;
        let first = usize::try_from(cursor.saturating_sub(FIRST_CURSOR)).unwrap_or(usize::MAX);
        for (index, row) in self.all().enumerate().skip(first) {
            let next = FIRST_CURSOR + index as u64 + 1;
            if !found(row.name.as_bytes(), row.kind(), next) {
                break;
            }
        }
        Ok(())
    }
}

impl<S: Subject> File for Entry<S> {
    fn check_open(&self) -> Result<(), FsError> {
        match self.row.what {
            What::Guarded(_, check) => check(&self.subject),
            _ => Ok(()),
        }
    }

    fn write_text(&self, text: &mut Text) -> Result<(), FsError> {
        match self.row.what {
            What::Text(write) | What::Guarded(write, _) | What::Settable(write, _) => {
                write(&self.subject, text)
            }
            _ => Err(FsError::InvalidArgument),
        }
    }

    fn set(&self, bytes: &[u8]) -> Result<(), FsError> {
        match self.row.what {
            What::Settable(_, set) => set(&self.subject, bytes),
            _ => Err(FsError::InvalidArgument),
        }
    }
}

impl<S: Subject> Link for Entry<S> {
    fn follow(&self) -> Result<LinkTarget, FsError> {
        match self.row.what {
            What::Link(follow) => follow(&self.subject),
            _ => Err(FsError::InvalidArgument),
        }
    }
}
