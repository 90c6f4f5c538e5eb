//! devpts: the file system with the slaves of pseudo-terminals, on /dev/pts.
//!
//! It is a tmpfs with a node for each open master. There is only one, even if it is mounted several
//! times.
//!
//! Source: Linux, Documentation/filesystems/devpts.rst.

use alloc::sync::Arc;
use core::fmt::Write;
use core::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use path_walk::LastLink;
use spin::Once;

use crate::fs::attributes::{DeviceNumber, Mode};
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_file::OpenFile;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::kinds::{self, Kind, Source};
use crate::fs::namespace::lookup::{self, Caller};
use crate::fs::namespace::mount::MountFlags;
use crate::fs::namespace::path::Path;
use crate::fs::namespace::{attach, change, create, remove};
use crate::fs::new_inode::NewKind;
use crate::fs::super_block::SuperBlock;
use crate::fs::tmpfs::{self, Limits};
use crate::fs::{self, Files};

/// Linux's number of this kind of file system.
///
/// Source: Linux, include/uapi/linux/magic.h (DEVPTS_SUPER_MAGIC).
const MAGIC: u64 = 0x1CD1;

/// The device that makes a pseudo-terminal and opens its master.
///
/// Source: Linux, Documentation/admin-guide/devices.txt.
pub(super) const PTMX: DeviceNumber = DeviceNumber { major: 5, minor: 2 };

/// The major number of slaves; the minor number is the number of the pseudo-terminal.
pub(super) const SLAVE_MAJOR: u32 = 136;

/// The limits: a node for each pseudo-terminal, the root, and `ptmx`.
const LIMITS: Limits = Limits { pages: 1, inodes: 8192 };

/// The root of a mount tree that only the kernel uses, which keeps the file system alive.
static TREE: Once<Path> = Once::new();

/// The mode of new nodes: option `mode`.
static NODE_MODE: AtomicU16 = AtomicU16::new(0o600);

/// No group is set, so the group of the caller is used.
const NO_GROUP: u32 = u32::MAX;

/// The group of new nodes: option `gid`.
static NODE_GROUP: AtomicU32 = AtomicU32::new(NO_GROUP);

/// Mounts it on /dev/pts, if that directory exists.
///
/// # Errors
/// [`FsError::NoMemory`], and the errors of [`attach::mount`].
pub(super) fn start(_files: Files) -> Result<(), FsError> {
    kinds::register(Kind {
        name: "devpts",
        source: Source::Any,
        make: |request| with_options(request.options),
    })?;
    let caller = Caller::root(fs::root());
    let point = lookup::look_up_path(&caller, b"/dev/pts", LastLink::Follow)?;
    let flags = MountFlags::NO_SUID | MountFlags::NO_EXEC;
    attach::mount(with_options(b"")?, &point, flags, b"devpts").map(drop)
}

fn tree() -> Result<&'static Path, FsError> {
    TREE.try_call_once(|| {
        let mode = Mode::from_bits_truncate(0o755);
        let root = attach::new_tree(tmpfs::make_for_kernel("devpts", MAGIC, LIMITS, mode)?)?;
        // As on Linux, only root may open it; all others use /dev/ptmx.
        create::make_node_of_kernel(&root, b"ptmx", NewKind::CharDevice(PTMX), Mode::empty())?;
        Ok(root)
    })
}

/// Returns the file system, after setting these options.
fn with_options(options: &[u8]) -> Result<Arc<SuperBlock>, FsError> {
    let root = tree()?;
    let text = core::str::from_utf8(options).map_err(|_| FsError::InvalidArgument)?;
    for option in text.split(',').filter(|option| !option.is_empty() && *option != "newinstance") {
        let (name, value) = option.split_once('=').ok_or(FsError::InvalidArgument)?;
        match name {
            "mode" => NODE_MODE.store(parse_mode(value)?.bits(), Ordering::Relaxed),
            "gid" => {
                let gid: u32 = value.parse().map_err(|_| FsError::InvalidArgument)?;
                NODE_GROUP.store(gid, Ordering::Relaxed);
            }
            "ptmxmode" => {
                let caller = Caller::root(root);
                let ptmx = lookup::look_up_path(&caller, b"ptmx", LastLink::Keep)?;
                change::set_mode(&caller, &ptmx, parse_mode(value)?)?;
            }
            _ => return Err(FsError::InvalidArgument),
        }
    }
    Ok(root.mount().super_block().clone())
}

fn parse_mode(value: &str) -> Result<Mode, FsError> {
    let bits = u16::from_str_radix(value, 8).map_err(|_| FsError::InvalidArgument)?;
    Mode::from_bits(bits).ok_or(FsError::InvalidArgument)
}

/// The name of a slave.
struct Name(heapless::String<10>);

impl Name {
    fn of(number: u32) -> Self {
        let mut text = heapless::String::new();
        write!(text, "{number}").expect("a number of 32 bits has at most ten digits");
        Self(text)
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Makes the node of a slave. May wait.
///
/// # Errors
/// [`FsError::NoMemory`], [`FsError::NoSpace`].
pub(super) fn make_node(number: u32, (uid, gid): (u32, u32)) -> Result<(), FsError> {
    let root = tree()?;
    let device = NewKind::CharDevice(DeviceNumber { major: SLAVE_MAJOR, minor: number });
    let mode = Mode::from_bits_truncate(NODE_MODE.load(Ordering::Relaxed));
    let node = create::make_node_of_kernel(root, Name::of(number).bytes(), device, mode)?;
    let gid = Some(NODE_GROUP.load(Ordering::Relaxed)).filter(|it| *it != NO_GROUP).unwrap_or(gid);
    change::set_owner(&Caller::root(root), &node, Some(uid), Some(gid))
}

/// Removes the node of a slave. May wait.
pub(super) fn remove_node(number: u32) {
    let Some(root) = TREE.get() else {
        return;
    };
    // The node exists, unless there was no memory for it.
    let _ = remove::remove_node_of_kernel(root, Name::of(number).bytes());
}

/// Opens the slave of a master, even if devpts isn't mounted: TIOCGPTPEER. May wait.
///
/// # Errors
/// The errors of [`open::open`].
pub fn open_slave(number: u32, flags: OpenFlags) -> Result<Arc<OpenFile>, FsError> {
    open::open(&Caller::root(tree()?), Name::of(number).bytes(), flags, Mode::empty())
}
