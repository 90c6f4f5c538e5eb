//! /dev: a tmpfs with a node for each device. There is only one, even if it is mounted several
//! times.

use alloc::sync::Arc;

use spin::Once;

use super::attributes::{FileKind, Mode};
use super::devices;
use super::error::FsError;
use super::kinds::{Kind, Source};
use super::namespace::lookup::Caller;
use super::namespace::mount::MountFlags;
use super::namespace::path::Path;
use super::namespace::{attach, create};
use super::new_inode::NewKind;
use super::super_block::SuperBlock;
use super::tmpfs::{self, Limits};

/// The limits of the file system: only nodes are expected in it.
const LIMITS: Limits = Limits { pages: 256, inodes: 16_384 };

/// Links that programs expect, and their targets.
const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

/// Directories for mounts.
const DIRECTORIES: [&str; 2] = ["pts", "shm"];

/// The kind of file system.
pub(super) const KIND: Kind =
    Kind { name: "devtmpfs", source: Source::Any, make: |request| find(request.options) };

/// The root of a mount tree that only the kernel uses, which keeps the file system alive.
static TREE: Once<Path> = Once::new();

/// Returns the file system. It has no options.
fn find(options: &[u8]) -> Result<Arc<SuperBlock>, FsError> {
    if !options.is_empty() {
        return Err(FsError::InvalidArgument);
    }
    Ok(TREE.try_call_once(make)?.mount().super_block().clone())
}

/// Mounts the file system, with all devices that are registered now, on `point`. Returns its root.
///
/// # Errors
/// [`FsError::NoMemory`], and the errors of [`attach::mount`].
pub fn mount_on(point: &Path) -> Result<Path, FsError> {
    attach::mount(find(b"")?, point, MountFlags::NO_SUID, b"devtmpfs")
}

/// Makes a tmpfs with all devices that are registered.
fn make() -> Result<Path, FsError> {
    let root = attach::new_tree(tmpfs::make("devtmpfs", LIMITS, mode(0o755))?)?;
    let caller = Caller::root(&root);
    let mut index = 0;
    while let Some(device) = devices::nth(index) {
        let kind = match device.kind {
            FileKind::BlockDevice => NewKind::BlockDevice(device.number),
            _ => NewKind::CharDevice(device.number),
        };
        if let Some(node) = device.node {
            create::make_node(&caller, node.name.as_bytes(), kind, node.mode)?;
        }
        index += 1;
    }
    for (name, text) in LINKS {
        create::make_symlink(&caller, text.as_bytes(), name.as_bytes())?;
    }
    for name in DIRECTORIES {
        create::make_directory(&caller, name.as_bytes(), mode(0o755))?;
    }
    Ok(root)
}

fn mode(bits: u16) -> Mode {
    Mode::from_bits_truncate(bits)
}
