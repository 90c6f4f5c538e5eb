//! Open files without a place in the directory tree: pipes, counters, sets of files.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering};

use spin::Once;

use super::file_ops::FileOps;
use super::open_file::OpenFile;
use super::open_flags::OpenFlags;
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::file_system::{FileSystem, Maker};
use crate::fs::inode::{Inode, InodeOps};
use crate::fs::namespace::attach;
use crate::fs::namespace::dentry::Dentry;
use crate::fs::namespace::path::Path;
use crate::fs::new_inode::{NewInode, NewKind};
use crate::fs::pipe;
use crate::fs::super_block::SuperBlock;

/// The mounts to which such files appear to belong: that of pipes, and that of all others. Each is
/// made with its first file.
static PIPES: Once<Path> = Once::new();
static OTHERS: Once<Path> = Once::new();

/// The number of the next inode; the root has number 1.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(2);

/// Linux's numbers of these kinds of file systems.
///
/// Source: Linux, include/uapi/linux/magic.h (PIPEFS_MAGIC, ANON_INODE_FS_MAGIC).
const PIPEFS_MAGIC: u64 = 0x5049_5045;
const ANON_INODE_FS_MAGIC: u64 = 0x0904_1934;

/// The inodes have no operations.
struct NoOps;

impl InodeOps for NoOps {
    /// As on Linux, only a pipe can be opened again by its link in procfs.
    fn open(&self, _inode: &Inode) -> Result<Option<Arc<dyn FileOps>>, FsError> {
        Err(FsError::NoDevice)
    }
}

fn root(title: Title) -> Result<&'static Path, FsError> {
    let (mount, kind, magic) = match title {
        Title::Pipe => (&PIPES, "pipefs", PIPEFS_MAGIC),
        Title::Kind(_) => (&OTHERS, "anon_inodefs", ANON_INODE_FS_MAGIC),
    };
    mount.try_call_once(|| {
        let file_system = FileSystem::try_new(kind, None, Maker::Kernel)?;
        let root = Inode::try_new(&file_system, 1, &new(NewKind::Directory, (0, 0)), ops()?)?;
        attach::new_tree(SuperBlock::try_new_in_memory(file_system, root, magic)?)
    })
}

fn ops() -> Result<Box<dyn InodeOps>, FsError> {
    Ok(Box::try_new(NoOps)?)
}

fn new(kind: NewKind<'static>, (uid, gid): (u32, u32)) -> NewInode<'static> {
    NewInode { kind, mode: Mode::from_bits_truncate(0o600), uid, gid }
}

/// The name of a file without a place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Title {
    /// `pipe:[NUMBER]`
    Pipe,
    /// `anon_inode:[KIND]`
    Kind(&'static str),
}

/// Makes the inode of a file without a place in the tree, and its path.
///
/// # Errors
/// [`FsError::NoMemory`].
fn place(kind: NewKind<'static>, title: Title, owner: (u32, u32)) -> Result<Path, FsError> {
    let root = root(title)?;
    let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
    let inode = Inode::try_new(root.inode().file_system(), number, &new(kind, owner), ops()?)?;
    let mut name = heapless::String::<64>::new();
    let written = match title {
        Title::Pipe => write!(name, "pipe:[{number}]"),
        Title::Kind(kind) => write!(name, "anon_inode:[{kind}]"),
    };
    written.map_err(|_| FsError::NameTooLong)?;
    let dentry = Dentry::try_new(None, name.as_bytes(), Some(inode))?;
    Ok(Path::new(root.mount().clone(), dentry))
}

/// Makes an open file whose operations are `ops`, named `anon_inode:[KIND]`.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn open(
    kind: &'static str,
    flags: OpenFlags,
    ops: Arc<dyn FileOps>,
) -> Result<Arc<OpenFile>, FsError> {
    OpenFile::try_new(place(NewKind::Regular, Title::Kind(kind), (0, 0))?, flags, Some(ops))
}

/// Makes a pipe that belongs to a user and a group; returns its read end and its write end. Of
/// `flags`, only [`OpenFlags::NONBLOCK`] is used.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn pipe(
    flags: OpenFlags,
    owner: (u32, u32),
) -> Result<(Arc<OpenFile>, Arc<OpenFile>), FsError> {
    let flags = flags & OpenFlags::NONBLOCK;
    let place = place(NewKind::Fifo, Title::Pipe, owner)?;
    let (reader, writer) = pipe::ends(place.inode().fifo())?;
    let reader = OpenFile::try_new(place.clone(), flags, Some(reader))?;
    let writer = OpenFile::try_new(place, flags | OpenFlags::WRITE_ONLY, Some(writer))?;
    Ok((reader, writer))
}
