//! Files: paths, mounts, file systems, open files.
//!
//! | module | what |
//! | --- | --- |
//! | [`namespace`] | directory entries, mounts, paths, and the operations that change them |
//! | [`file`] | open files: reads, writes, waiting for several |
//! | [`inode`], [`attributes`] | a file, without its names |
//! | [`new_inode`], [`directory_entry`] | what a new file is to be; the entries of directories |
//! | [`file_system`] | the common state of all inodes of a file system |
//! | [`super_block`] | a mounted file system |
//! | [`page_cache`] | the pages of a file in memory |
//! | [`tmpfs`] | the file system in memory, which is also the root |
//! | [`volumes`] | file systems on disks |
//! | [`generated`] | files whose contents are generated when they are read |
//! | [`kinds`] | the kinds of file systems that can be mounted |
//! | [`devfs`], [`devices`], [`char_devices`], [`block_files`] | devices, and their nodes |
//! | [`device_cache`] | the pages of block devices in memory |
//! | [`initramfs`] | the first files, from the loader's modules |
//! | [`disk_root`] | the root file system on a disk |
//! | [`pipe`] | pipes and FIFOs |
//! | [`locks`], [`seals`] | advisory locks of a file, and its seals |
//! | [`credentials`], [`size_limit`] | the credentials of an operation, and the largest size of files |
//! | [`io`] | sources and sinks of bytes |
//! | [`error`] | the errors of operations |
//! | [`time`], [`clock_timer`], [`timer_file`] | the time of day; timers, and timers as files |
//!
//! The objects, from an open file to its bytes:
//!
//! ```text
//! OpenFile ── position, flags
//!    │
//!    ▼
//!   Path ──────────► Mount ──► SuperBlock ──► its file system
//!    │                 │ point        ▲
//!    ▼                 ▼              │
//!  Dentry ──► Dentry of the directory │
//!    │ name                           │
//!    ▼                                │
//!  Inode ── attributes ───────────────┘
//!    │
//!    ▼
//!  PageCache ──► frames, by index
//! ```
//!
//! Locks, from outer to inner. The sleeping locks:
//! 1. the position of an open file; the state of a pipe or a device;
//! 2. renames between directories;
//! 3. an inode's lock: a directory before those below it, unrelated directories in the order of
//!    their addresses (only a rename takes two), then the file whose name changes;
//! 4. the entries of a tmpfs directory.
//!
//! Bytes are copied to and from programs with these held, because their ranks come before the ranks
//! of address spaces: a copy may have to wait for a page of the program. The spin locks have
//! [`Rank::Files`](crate::sync::Rank::Files): directory entries, mounts, the pages of a file, the
//! inodes of a tmpfs, the devices. Only one of them is held at a time, and none while bytes are
//! copied. With the pages of a file locked, the set of those that are dirty may be locked
//! ([`Rank::DirtyPages`](crate::sync::Rank::DirtyPages)). A drop may take locks, so no file or inode is dropped under a spin lock.

#![forbid(unsafe_code)]

pub mod attributes;
pub mod block_files;
pub mod char_devices;
pub mod clock_timer;
pub mod credentials;
pub mod devfs;
pub mod device_cache;
pub mod devices;
pub mod directory_entry;
mod disk_root;
pub mod error;
pub mod file;
pub mod file_system;
pub mod generated;
mod initramfs;
pub mod inode;
pub mod io;
pub mod kinds;
pub mod locks;
mod name;
pub mod namespace;
pub mod new_inode;
pub mod page_cache;
pub mod pipe;
pub mod seals;
pub mod short_bytes;
pub mod size_limit;
pub mod super_block;
#[cfg(test)]
mod tests;
pub mod time;
pub mod timer_file;
pub mod tmpfs;
pub mod volumes;

use alloc::vec::Vec;

use path_walk::LastLink;
use spin::Once;

use crate::arch::boot_stage::{self, Stage};
use crate::block::BlockDevices;
use crate::boot::Boot;
use crate::drivers::char::rtc::Rtc;
use crate::mm::kernel::{frames, reclaim};
use crate::random;
use crate::task::Tasks;
use attributes::Mode;
use error::FsError;
use namespace::lookup::{self, Caller};
use namespace::path::Path;
use namespace::{attach, create, mount};
use tmpfs::Limits;

/// Set once, by [`start`].
static ROOT: Once<Path> = Once::new();

/// Returns the root of the first mount tree.
///
/// # Panics
/// If [`start`] wasn't called.
pub fn root() -> &'static Path {
    ROOT.get().expect("the room is started before files are used")
}

/// Returns the roots of all mounts; the first is the root of the first mount tree.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn mounted() -> Result<Vec<Path>, FsError> {
    let mounts = mount::all()?;
    let mut roots = Vec::new();
    roots.try_reserve_exact(mounts.len() + 1)?;
    roots.push(root().clone());
    roots.extend(mounts.into_iter().map(attach::root_of));
    Ok(roots)
}

/// Proof that there are files.
#[derive(Clone, Copy, Debug)]
pub struct Files(());

/// Makes the root, a tmpfs, with the contents of the modules of `boot`, and the devices on /dev.
/// `rtc` is read for the time of day.
///
/// # Panics
/// If there is no memory for it.
pub fn start(_tasks: Tasks, boot: &Boot, rtc: Rtc, disks: BlockDevices) -> Files {
    boot_stage::mark(Stage::Files);
    if let Ok(now) = rtc.now() {
        time::start(now.unix_seconds());
    }
    namespace::start(frames::managed(), random::number());
    reclaim::set(device_cache::reclaim);
    let root = make_root(boot, disks).expect("there is memory for the root directory");
    ROOT.call_once(|| root);
    Files(())
}

fn make_root(boot: &Boot, disks: BlockDevices) -> Result<Path, FsError> {
    let mode = Mode::from_bits_truncate(0o755);
    let root = attach::new_tree(tmpfs::make("rootfs", Limits::default_of_machine(), mode)?)?;
    kinds::register(tmpfs::KIND)?;
    kinds::register(devfs::KIND)?;
    char_devices::start()?;
    block_files::start(disks)?;
    volumes::start()?;
    initramfs::unpack_modules(boot, &root);
    let root = disk_root::mount(&boot.options, &root).unwrap_or(root);
    // The archives may have a file at /dev that isn't a directory.
    if let Err(error) = mount_devices(&root) {
        log::error!("/dev: {error}");
    }
    Ok(root)
}

fn mount_devices(root: &Path) -> Result<(), FsError> {
    devfs::mount_on(&mount_point(root, b"dev")?).map(drop)
}

/// Returns the directory `name` in `root`; makes it if it doesn't exist.
///
/// # Errors
/// [`FsError::Exists`] if the name is that of another file; [`FsError::NoMemory`].
pub fn mount_point(root: &Path, name: &[u8]) -> Result<Path, FsError> {
    let caller = Caller::root(root);
    match lookup::look_up_path(&caller, name, LastLink::Follow) {
        Ok(found) => Ok(found),
        Err(_) => create::make_directory(&caller, name, Mode::from_bits_truncate(0o755)),
    }
}
