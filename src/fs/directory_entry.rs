//! The entries of directories: as they are read, and how they are moved.

use super::attributes::FileKind;

/// An entry of a directory, as reading the directory returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryEntry<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// The number of its inode.
    pub inode: u64,
    /// The kind of the file.
    pub kind: FileKind,
    /// The cursor of the next entry.
    pub next: u64,
}

/// The effect of a move on a name that exists at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameKind {
    /// The name at the target, if there is one, is replaced.
    Replace,
    /// Both names are exchanged.
    Exchange,
}
