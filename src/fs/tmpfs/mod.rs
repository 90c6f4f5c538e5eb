//! tmpfs: a file system in memory.
//!
//! | module | what |
//! | --- | --- |
//! | [`directory`] | a directory's entries, by name and in the order in which they were made |
//! | [`inodes`] | the table of all inodes |
//! | [`node`] | the operations of inodes |
//! | [`options`] | the options of mount(2) |
//!
//! The contents of files are only in the page cache. Directories refer to inodes by their numbers;
//! the file system has the table of all inodes. So no directory owns another one, and dropping a
//! deep tree needs no deep recursion.

mod directory;
mod inodes;
mod node;
mod options;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::AtomicU64;

use page_tree::PageTree;

use super::attributes::Mode;
use super::error::FsError;
use super::file_system::{FileSystem, Maker};
use super::inode::Inode;
use super::new_inode::{NewInode, NewKind};
use super::page_cache::PageBudget;
use super::super_block::{SuperBlock, SuperBlockOps, Usage};
use crate::mm::kernel::frames;
use crate::sync::{Rank, SpinMutex};
use inodes::Tmpfs;

pub use options::KIND;

/// Linux's number of this kind of file system.
///
/// Source: Linux, include/uapi/linux/magic.h (TMPFS_MAGIC).
const MAGIC: u64 = 0x0102_1994;

/// The number of the root's inode.
const ROOT: u64 = 1;

/// The limits of a tmpfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest number of pages of all files.
    pub pages: u64,
    /// The largest number of inodes.
    pub inodes: u64,
}

/// No limit of pages or inodes.
const UNLIMITED: u64 = u64::MAX;

impl Limits {
    /// Returns Linux's defaults: half of the memory, and one inode for each of these pages.
    pub fn default_of_machine() -> Self {
        let half = frames::managed() as u64 / 2;
        Self { pages: half, inodes: half }
    }
}

/// Makes a tmpfs whose root has `mode`; `kind` is the name that /proc/mounts shows.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn make(kind: &'static str, limits: Limits, mode: Mode) -> Result<Arc<SuperBlock>, FsError> {
    make_any(kind, MAGIC, Maker::Program, limits, mode)
}

/// Makes a tmpfs that programs see as another kind of file system, by the number `magic`, and in
/// which only the kernel makes files.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn make_for_kernel(
    kind: &'static str,
    magic: u64,
    limits: Limits,
    mode: Mode,
) -> Result<Arc<SuperBlock>, FsError> {
    make_any(kind, magic, Maker::Kernel, limits, mode)
}

fn make_any(
    kind: &'static str,
    magic: u64,
    maker: Maker,
    limits: Limits,
    mode: Mode,
) -> Result<Arc<SuperBlock>, FsError> {
    let page_budget = Arc::try_new(PageBudget::new(limits.pages))?;
    let file_system = FileSystem::try_new(kind, Some(page_budget.clone()), maker)?;
    let fs = Arc::try_new(Tmpfs {
        inodes: SpinMutex::new(Rank::Files, PageTree::new()),
        next_number: AtomicU64::new(ROOT),
        inode_budget: PageBudget::new(limits.inodes),
        page_budget,
    })?;
    let new = NewInode { kind: NewKind::Directory, mode, uid: 0, gid: 0 };
    let root = node::make(&fs, &file_system, &new)?;
    root.attributes().set_links(2);
    fs.keep(root)?;
    SuperBlock::try_new(file_system, Box::try_new(Root { fs, magic })?)
}

/// The file system's operations for its superblock.
struct Root {
    fs: Arc<Tmpfs>,
    magic: u64,
}

impl SuperBlockOps for Root {
    fn root(&self) -> Arc<Inode> {
        self.fs.find(ROOT).expect("the root is there until the file system is shut down")
    }

    fn usage(&self) -> Usage {
        let (pages, inodes) = (&self.fs.page_budget, &self.fs.inode_budget);
        // As on Linux, a limit that isn't set is shown as 0.
        let of = |budget: &PageBudget| match budget.limit() {
            UNLIMITED => (0, 0),
            limit => (limit, limit.saturating_sub(budget.used())),
        };
        let (blocks, free_blocks) = of(pages);
        let (inodes, free_inodes) = of(inodes);
        let (available_blocks, magic) = (free_blocks, self.magic);
        Usage {
            blocks,
            free_blocks,
            available_blocks,
            inodes,
            free_inodes,
            magic,
            ..Usage::default()
        }
    }

    fn shut_down(&self) {
        // Dropped without the lock. No inode owns another one.
        let all = core::mem::take(&mut *self.fs.inodes.lock());
        drop(all);
    }
}
