//! File systems at places of the tree.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use bitflags::bitflags;

use super::dentry::Dentry;
use super::dentry_cache;
use crate::fs::error::FsError;
use crate::fs::name;
use crate::fs::super_block::SuperBlock;
use crate::sync::{Rank, SpinMutex};

bitflags! {
    /// The restrictions of a mount, with Linux's values (`MS_…`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct MountFlags: u32 {
        /// Nothing is changed.
        const READ_ONLY = 1;
        /// Programs don't get the owner's or the group's rights.
        const NO_SUID = 2;
        /// Devices can't be opened.
        const NO_DEV = 4;
        /// Nothing is run.
        const NO_EXEC = 8;
    }
}

/// How a mount is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmount {
    /// Only if nothing uses it.
    Unused,
    /// At once from the tree; it ends when nothing uses it any more.
    Lazy,
}

/// A place in the tree: a mount, and a directory entry in it.
pub(super) type Place = (Arc<Mount>, Arc<Dentry>);

/// A file system at a place of the tree.
pub struct Mount {
    id: u64,
    super_block: Arc<SuperBlock>,
    /// The place that it covers; the root of a tree has none.
    point: Option<Place>,
    flags: AtomicU32,
    source: Box<[u8]>,
    is_attached: AtomicBool,
}

/// The number of the next mount.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Protects the mounts that have a place in a tree, in the order in which they were made; held to
/// find, add or remove one; not taken by interrupt handlers.
static MOUNTS: SpinMutex<Vec<Arc<Mount>>> = SpinMutex::new(Rank::Files, Vec::new());

impl Mount {
    /// Makes a mount of `super_block`, on `point` if it has a place in a tree.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        super_block: Arc<SuperBlock>,
        point: Option<Place>,
        flags: MountFlags,
        source: &[u8],
    ) -> Result<Arc<Self>, FsError> {
        let source = name::try_boxed(source)?;
        super_block.add_mount();
        let is_attached = point.is_some();
        // If this fails, the mount is dropped, and counted off.
        Ok(Arc::try_new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            super_block,
            point,
            flags: AtomicU32::new(flags.bits()),
            source,
            is_attached: AtomicBool::new(is_attached),
        })?)
    }

    /// Returns its number.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Returns the file system.
    pub fn super_block(&self) -> &Arc<SuperBlock> {
        &self.super_block
    }

    /// Returns its source, such as a device's path.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    #[inline]
    pub(super) fn root(&self) -> &Arc<Dentry> {
        self.super_block.root()
    }

    /// Returns the place that it covers, if it has one.
    pub(super) fn point(&self) -> Option<Place> {
        self.point.clone().filter(|_| self.is_attached.load(Ordering::Acquire))
    }

    /// Returns the number of the mount that it covers a place of, if it has one.
    pub fn parent_id(&self) -> Option<u64> {
        self.point().map(|(mount, _)| mount.id)
    }

    /// Returns its restrictions.
    #[inline]
    pub fn flags(&self) -> MountFlags {
        MountFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// Sets its restrictions. Files that are open for writing stay so.
    pub fn set_flags(&self, flags: MountFlags) {
        self.flags.store(flags.bits(), Ordering::Relaxed);
    }

    /// Checks that files can be changed.
    ///
    /// # Errors
    /// [`FsError::ReadOnly`].
    #[inline]
    pub(in crate::fs) fn check_writable(&self) -> Result<(), FsError> {
        match self.flags().contains(MountFlags::READ_ONLY) {
            true => Err(FsError::ReadOnly),
            false => Ok(()),
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let super_block = &self.super_block;
        super_block.remove_mount(|| dentry_cache::drop_file_system(super_block.file_system()));
    }
}

impl core::fmt::Debug for Mount {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Mount({} {})", self.id, self.super_block.kind())
    }
}

/// Adds a mount that has a place to the tree.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn add(mount: &Arc<Mount>) -> Result<(), FsError> {
    let mut mounts = MOUNTS.lock();
    mounts.try_reserve(1)?;
    if let Some((_, dentry)) = &mount.point {
        dentry.add_mount();
    }
    mounts.push(mount.clone());
    Ok(())
}

/// Takes `mount` out of the tree.
///
/// # Errors
/// [`FsError::InvalidArgument`] if it has no place; [`FsError::Busy`] if something uses it beside
/// the caller's reference.
pub(super) fn remove(mount: &Arc<Mount>, how: Unmount) -> Result<(), FsError> {
    let removed = {
        let mut mounts = MOUNTS.lock();
        let index = mounts.iter().position(|other| Arc::ptr_eq(other, mount));
        let index = index.ok_or(FsError::InvalidArgument)?;
        // The list and the caller have one reference each. A further one comes only from another
        // one, or from the list.
        if how == Unmount::Unused && Arc::strong_count(mount) > 2 {
            return Err(FsError::Busy);
        }
        mount.is_attached.store(false, Ordering::Release);
        if let Some((_, dentry)) = &mount.point {
            dentry.remove_mount();
        }
        mounts.remove(index)
    };
    // Its end takes locks.
    drop(removed);
    Ok(())
}

/// Returns the root of the last mount on `place`, and on that, and so on; `place` itself if nothing
/// is mounted there.
pub(super) fn top_of(place: Place) -> Place {
    let (mut mount, mut dentry) = place;
    while dentry.is_mount_point() {
        let is_on = |other: &&Arc<Mount>| {
            other.point.as_ref().is_some_and(|(below, point)| {
                Arc::ptr_eq(below, &mount) && Arc::ptr_eq(point, &dentry)
            })
        };
        let Some(found) = MOUNTS.lock().iter().find(is_on).cloned() else {
            break;
        };
        dentry = found.root().clone();
        mount = found;
    }
    (mount, dentry)
}

/// Returns all mounts that have a place in a tree, in the order in which they were made.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn all() -> Result<Vec<Arc<Mount>>, FsError> {
    let mut copies = Vec::new();
    loop {
        let mounts = MOUNTS.lock();
        if copies.capacity() >= mounts.len() {
            copies.extend(mounts.iter().cloned());
            return Ok(copies);
        }
        let len = mounts.len();
        drop(mounts);
        copies.try_reserve(len)?;
    }
}
