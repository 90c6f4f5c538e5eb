//! A tmpfs for a test, and short functions for operations on it.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use path_walk::LastLink;

use crate::fs::attributes::{Metadata, Mode};
use crate::fs::credentials::Credentials;
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{SliceSink, SliceSource};
use crate::fs::namespace::lookup::{self, Caller};
use crate::fs::namespace::path::Path;
use crate::fs::namespace::{attach, create, dentry_cache, remove, rename};
use crate::fs::super_block::SuperBlock;
use crate::fs::tmpfs::{self, Limits};

/// The limits of a test's tmpfs.
pub(super) const LIMITS: Limits = Limits { pages: 2048, inodes: 4096 };

pub(super) fn mode(bits: u16) -> Mode {
    Mode::from_bits_truncate(bits)
}

/// A tree with a tmpfs of its own.
pub(super) struct Tree {
    pub root: Path,
    super_block: Arc<SuperBlock>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let super_block = tmpfs::make("tmpfs", LIMITS, mode(0o755)).expect("there is memory");
        let root = attach::new_tree(super_block.clone()).expect("there is memory");
        Self { root, super_block }
    }

    /// Ends the tree.
    ///
    /// # Panics
    /// If a page, or an inode other than the root's, is left.
    pub(super) fn end(self) {
        drop(self.root);
        let usage = self.super_block.usage();
        assert_eq!(usage.free_blocks, LIMITS.pages, "pages are left");
        // The superblock has the root as long as it lives, and the root's inode has the file system.
        assert_eq!(usage.free_inodes, LIMITS.inodes - 1, "inodes are left");
        assert_eq!(Arc::strong_count(self.super_block.file_system()), 2, "an inode is left");
        assert_eq!(Arc::strong_count(&self.super_block), 1, "a mount is left");
    }

    /// Returns the numbers of used pages and inodes.
    pub(super) fn used(&self) -> (u64, u64) {
        let usage = self.super_block.usage();
        (usage.blocks - usage.free_blocks, usage.inodes - usage.free_inodes)
    }

    pub(super) fn caller(&self) -> Caller<'_> {
        Caller::root(&self.root)
    }

    pub(super) fn caller_of<'a>(&'a self, credentials: &'a Credentials) -> Caller<'a> {
        Caller { credentials, ..self.caller() }
    }

    pub(super) fn find(&self, path: &str) -> Result<Path, FsError> {
        lookup::look_up_path(&self.caller(), path.as_bytes(), LastLink::Follow)
    }

    pub(super) fn stat(&self, path: &str) -> Result<Metadata, FsError> {
        let caller = self.caller();
        let path = lookup::look_up_path(&caller, path.as_bytes(), LastLink::Keep)?;
        Ok(path.inode().metadata())
    }

    pub(super) fn open(&self, path: &str, flags: OpenFlags) -> Result<Arc<OpenFile>, FsError> {
        open::open(&self.caller(), path.as_bytes(), flags, mode(0o644))
    }

    /// Writes a whole file.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), FsError> {
        let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE_ONLY;
        write(&*self.open(path, flags)?, bytes).map(drop)
    }

    /// Reads a whole file.
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, FsError> {
        let file = self.open(path, OpenFlags::empty())?;
        let mut bytes = vec![0; file.inode().size_bytes() as usize + 1];
        let len = read(&file, &mut bytes)?;
        bytes.truncate(len);
        Ok(bytes)
    }

    pub(super) fn mkdir(&self, path: &str) -> Result<(), FsError> {
        create::make_directory(&self.caller(), path.as_bytes(), mode(0o755)).map(drop)
    }

    pub(super) fn symlink(&self, text: &str, path: &str) -> Result<(), FsError> {
        create::make_symlink(&self.caller(), text.as_bytes(), path.as_bytes()).map(drop)
    }

    pub(super) fn link(&self, from: &str, to: &str) -> Result<(), FsError> {
        let caller = self.caller();
        create::make_link(&caller, from.as_bytes(), LastLink::Keep, &caller, to.as_bytes())
    }

    pub(super) fn unlink(&self, path: &str) -> Result<(), FsError> {
        remove::remove_file(&self.caller(), path.as_bytes())
    }

    pub(super) fn rmdir(&self, path: &str) -> Result<(), FsError> {
        remove::remove_directory(&self.caller(), path.as_bytes())
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.rename_as(from, to, rename::Target::Replace)
    }

    pub(super) fn rename_as(
        &self,
        from: &str,
        to: &str,
        target: rename::Target,
    ) -> Result<(), FsError> {
        let caller = self.caller();
        rename::rename(&caller, from.as_bytes(), &caller, to.as_bytes(), target)
    }

    /// Returns the names in a directory, in the order in which it lists them.
    pub(super) fn list(&self, path: &str) -> Result<Vec<Vec<u8>>, FsError> {
        let file = self.open(path, OpenFlags::DIRECTORY)?;
        let mut names = Vec::new();
        file.read_directory(|entry| {
            names.push(entry.name.to_vec());
            true
        })?;
        Ok(names)
    }
}

pub(super) fn write(file: &OpenFile, bytes: &[u8]) -> Result<usize, FsError> {
    file.write(&mut SliceSource::new(bytes))
}

pub(super) fn read(file: &OpenFile, bytes: &mut [u8]) -> Result<usize, FsError> {
    file.read(&mut SliceSink::new(bytes))
}

/// Drops all unused names from the cache.
pub(super) fn forget_names() {
    dentry_cache::drop_unused();
}
