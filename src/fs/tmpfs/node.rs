//! The operations of inodes of a tmpfs.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use super::directory::{self, Entries, Target};
use super::inodes::Tmpfs;
use crate::fs::attributes::Touch;
use crate::fs::directory_entry::{DirectoryEntry, RenameKind};
use crate::fs::error::FsError;
use crate::fs::file_system::FileSystem;
use crate::fs::inode::{Inode, InodeOps};
use crate::fs::name;
use crate::fs::new_inode::{NewInode, NewKind};
use crate::random;
use crate::sync::{Mutex, Rank};

/// The largest number of names of a file.
const NAMES_MAX: u32 = u32::MAX - 1;

/// Counts an inode, while it lives.
struct Counted(Arc<Tmpfs>);

impl Counted {
    fn try_new(fs: &Arc<Tmpfs>) -> Result<Self, FsError> {
        fs.inode_budget.take()?;
        Ok(Self(fs.clone()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.inode_budget.put_back(1);
    }
}

/// Makes an inode that isn't in the table yet.
pub(super) fn make(
    fs: &Arc<Tmpfs>,
    file_system: &Arc<FileSystem>,
    new: &NewInode<'_>,
) -> Result<Arc<Inode>, FsError> {
    let number = fs.next_number.fetch_add(1, Ordering::Relaxed);
    let inode = Inode::try_new(file_system, number, new, ops(fs, new.kind)?)?;
    inode.attributes().set_size_bytes(match new.kind {
        NewKind::Symlink(text) => text.len() as u64,
        NewKind::Directory => directory::size_bytes(0),
        _ => 0,
    });
    Ok(inode)
}

/// Makes the operations of an inode of `kind`.
fn ops(fs: &Arc<Tmpfs>, kind: NewKind<'_>) -> Result<Box<dyn InodeOps>, FsError> {
    let counted = Counted::try_new(fs)?;
    Ok(match kind {
        NewKind::Directory => {
            let entries = Mutex::new(Rank::DirectoryEntries, Entries::new(random::number()));
            Box::try_new(Directory { fs: counted, entries })?
        }
        NewKind::Symlink(text) => {
            Box::try_new(Symlink { _fs: counted, text: name::try_boxed(text)? })?
        }
        _ => Box::try_new(Other { _fs: counted })?,
    })
}

/// A file, a device, a FIFO or a socket.
struct Other {
    _fs: Counted,
}

impl InodeOps for Other {}

struct Symlink {
    _fs: Counted,
    text: Box<[u8]>,
}

impl InodeOps for Symlink {
    fn link_text(&self) -> Option<&[u8]> {
        Some(&self.text)
    }
}

struct Directory {
    fs: Counted,
    /// Protects the entries; held to find, change or list some.
    entries: Mutex<Entries>,
}

impl Directory {
    fn fs(&self) -> &Arc<Tmpfs> {
        &self.fs.0
    }

    /// Returns the entries of `inode`, a directory of the same file system.
    fn of(inode: &Inode) -> Result<&Self, FsError> {
        let ops: &dyn core::any::Any = inode.ops();
        ops.downcast_ref().ok_or(FsError::NotADirectory)
    }

    /// Adds a name, and records the new size and time.
    fn add_entry(&self, directory: &Inode, name: &[u8], inode: &Inode) -> Result<(), FsError> {
        let mut entries = self.entries.lock();
        entries.add(name, Target { inode: inode.number(), kind: inode.kind() })?;
        directory.attributes().set_size_bytes(directory::size_bytes(entries.len()));
        directory.touch(Touch::Modified);
        Ok(())
    }

    /// Removes a name, and records the new size and time.
    fn remove_entry(&self, directory: &Inode, name: &[u8]) {
        let mut entries = self.entries.lock();
        entries.remove(name);
        directory.attributes().set_size_bytes(directory::size_bytes(entries.len()));
        directory.touch(Touch::Modified);
    }

    fn replace_entry(&self, directory: &Inode, name: &[u8], inode: &Inode) {
        let target = Target { inode: inode.number(), kind: inode.kind() };
        self.entries.lock().replace(name, target);
        directory.touch(Touch::Modified);
    }

    fn is_empty(&self) -> bool {
        self.entries.lock().len() == 0
    }

    /// Records that `inode` has lost a name; after the last one, removes it from the table.
    fn drop_name(&self, inode: &Inode) {
        let attributes = inode.attributes();
        let links = match inode.is_directory() {
            true => 0,
            false => attributes.links().saturating_sub(1),
        };
        attributes.set_links(links);
        inode.touch(Touch::Changed);
        if links == 0 {
            self.fs().forget(inode.number());
        }
    }
}

/// Changes a directory's number of names: each directory in it adds one, by its `..`.
fn add_links(directory: &Inode, change: i32) {
    let links = directory.attributes().links();
    directory.attributes().set_links(links.saturating_add_signed(change));
}

impl InodeOps for Directory {
    fn lookup(&self, _directory: &Inode, name: &[u8]) -> Result<Option<Arc<Inode>>, FsError> {
        let target = self.entries.lock().find(name);
        Ok(target.and_then(|target| self.fs().find(target.inode)))
    }

    fn create(
        &self,
        directory: &Inode,
        name: Option<&[u8]>,
        new: NewInode<'_>,
    ) -> Result<Arc<Inode>, FsError> {
        let inode = make(self.fs(), directory.file_system(), &new)?;
        let Some(name) = name else {
            inode.attributes().set_links(0);
            return Ok(inode);
        };
        self.fs().keep(inode.clone())?;
        if let Err(error) = self.add_entry(directory, name, &inode) {
            self.fs().forget(inode.number());
            return Err(error);
        }
        if inode.is_directory() {
            inode.attributes().set_links(2);
            add_links(directory, 1);
        }
        Ok(inode)
    }

    fn link(&self, directory: &Inode, name: &[u8], inode: &Arc<Inode>) -> Result<(), FsError> {
        // Other directories may change this number at the same time.
        let _lock = inode.lock().write_as(Rank::ThirdInode);
        let links = inode.attributes().links();
        if links == 0 && !inode.is_linkable() {
            return Err(FsError::NotFound);
        }
        if links >= NAMES_MAX {
            return Err(FsError::TooManyNames);
        }
        if links == 0 {
            self.fs().keep(inode.clone())?;
        }
        if let Err(error) = self.add_entry(directory, name, inode) {
            if links == 0 {
                self.fs().forget(inode.number());
            }
            return Err(error);
        }
        inode.attributes().set_links(links + 1);
        inode.touch(Touch::Changed);
        Ok(())
    }

    fn remove(&self, directory: &Inode, name: &[u8], inode: &Inode) -> Result<(), FsError> {
        if inode.is_directory() {
            if !Self::of(inode)?.is_empty() {
                return Err(FsError::NotEmpty);
            }
            self.remove_entry(directory, name);
            add_links(directory, -1);
            self.drop_name(inode);
        } else {
            let _lock = inode.lock().write_as(Rank::ThirdInode);
            self.remove_entry(directory, name);
            self.drop_name(inode);
        }
        Ok(())
    }

    fn rename(
        &self,
        (from, from_name, moved): (&Inode, &[u8], &Inode),
        (to, to_name, replaced): (&Inode, &[u8], Option<&Inode>),
        kind: RenameKind,
    ) -> Result<(), FsError> {
        let to_directory = Self::of(to)?;
        match (kind, replaced) {
            (RenameKind::Exchange, Some(other)) => {
                to_directory.replace_entry(to, to_name, moved);
                self.replace_entry(from, from_name, other);
                let goes = i32::from(moved.is_directory()) - i32::from(other.is_directory());
                add_links(to, goes);
                add_links(from, -goes);
                other.touch(Touch::Changed);
            }
            (_, Some(replaced)) => {
                if replaced.is_directory() && !Self::of(replaced)?.is_empty() {
                    return Err(FsError::NotEmpty);
                }
                to_directory.replace_entry(to, to_name, moved);
                self.remove_entry(from, from_name);
                if replaced.is_directory() {
                    // One entry is added, and one is removed.
                    add_links(from, -1);
                    self.drop_name(replaced);
                } else {
                    let _lock = replaced.lock().write_as(Rank::ThirdInode);
                    self.drop_name(replaced);
                }
            }
            (_, None) => {
                to_directory.add_entry(to, to_name, moved)?;
                self.remove_entry(from, from_name);
                if moved.is_directory() {
                    add_links(to, 1);
                    add_links(from, -1);
                }
            }
        }
        moved.touch(Touch::Changed);
        Ok(())
    }

    fn read_directory(
        &self,
        _directory: &Inode,
        cursor: u64,
        found: &mut dyn FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<(), FsError> {
        self.entries.lock().for_each_from(cursor, |cursor, name, Target { inode, kind }| {
            found(DirectoryEntry { name, inode, kind, next: cursor + 1 })
        });
        Ok(())
    }
}
