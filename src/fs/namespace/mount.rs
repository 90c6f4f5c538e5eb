//! Mounts: file systems at places of the tree.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

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
        /// Files can't be changed.
        const READ_ONLY = 1;
        /// The set-user-ID and set-group-ID bits of programs have no effect.
        const NO_SUID = 2;
        /// Devices can't be opened.
        const NO_DEV = 4;
        /// Programs can't be run.
        const NO_EXEC = 8;
    }
}

/// The way in which a mount is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmount {
    /// Only if it isn't in use.
    Unused,
    /// At once from the tree. The mount ends when it is no longer in use.
    Lazy,
}

/// A place in the tree: a mount, and a directory entry in it.
pub(super) type Place = (Arc<Mount>, Arc<Dentry>);

/// A file system, or a part of one, at a place of the tree.
pub struct Mount {
    id: u64,
    super_block: Arc<SuperBlock>,
    /// The visible root: the root of the file system, or another entry of it.
    root: Arc<Dentry>,
    flags: AtomicU32,
    source: Box<[u8]>,
}

/// A mount that is attached to a tree.
struct Attached {
    mount: Arc<Mount>,
    /// The place that it covers.
    point: Place,
}

/// The number of the next mount.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Protects the attached mounts, in the order in which they were made; held to find, add or remove
/// one; not taken by interrupt handlers.
static MOUNTS: SpinMutex<Vec<Attached>> = SpinMutex::new(Rank::Files, Vec::new());

impl Mount {
    /// Makes a mount, not attached yet, whose root is `root`, an entry of `super_block`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn try_new(
        super_block: Arc<SuperBlock>,
        root: Arc<Dentry>,
        flags: MountFlags,
        source: &[u8],
    ) -> Result<Arc<Self>, FsError> {
        let source = name::try_boxed(source)?;
        super_block.add_mount();
        // If this fails, the mount is dropped, which decrements the count.
        Ok(Arc::try_new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            super_block,
            root,
            flags: AtomicU32::new(flags.bits()),
            source,
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
        &self.root
    }

    /// Returns the path of its root within the file system.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn root_text(&self) -> Result<Vec<u8>, FsError> {
        self.root.text()
    }

    /// Returns the place that it covers, if it is attached.
    pub(super) fn point(&self) -> Option<Place> {
        let mounts = MOUNTS.lock();
        mounts.iter().find(|it| it.mount.id == self.id).map(|it| it.point.clone())
    }

    /// Returns the number of its parent mount, if it is attached.
    pub fn parent_id(&self) -> Option<u64> {
        self.point().map(|(mount, _)| mount.id)
    }

    /// Returns its restrictions.
    #[inline]
    pub fn flags(&self) -> MountFlags {
        MountFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// Sets its restrictions. Files that are open for writing remain writable.
    pub fn set_flags(&self, flags: MountFlags) {
        self.flags.store(flags.bits(), Ordering::Relaxed);
    }

    /// Returns whether its files are read-only, because of this mount or of the file system.
    #[inline]
    pub fn is_read_only(&self) -> bool {
        self.flags().contains(MountFlags::READ_ONLY) || self.super_block.is_read_only()
    }

    /// Returns its restrictions, with those of the file system.
    pub fn all_flags(&self) -> MountFlags {
        let is_read_only = self.super_block.is_read_only();
        self.flags() | if is_read_only { MountFlags::READ_ONLY } else { MountFlags::empty() }
    }

    /// Checks that files can be changed.
    ///
    /// # Errors
    /// [`FsError::ReadOnly`].
    #[inline]
    pub fn check_writable(&self) -> Result<(), FsError> {
        match self.is_read_only() {
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

/// Adds a mount to the tree, at `point`.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn add(mount: &Arc<Mount>, point: Place) -> Result<(), FsError> {
    let mut mounts = MOUNTS.lock();
    if mounts.try_reserve(1).is_err() {
        drop(mounts);
        return Err(FsError::NoMemory);
    }
    point.1.add_mount();
    mounts.push(Attached { mount: mount.clone(), point });
    Ok(())
}

/// Moves mounts to other places, in one step.
///
/// # Errors
/// [`FsError::InvalidArgument`] if one of them isn't attached; then nothing has changed.
pub(super) fn relocate<const N: usize>(moves: [(&Arc<Mount>, Place); N]) -> Result<(), FsError> {
    // The previous points are dropped without the lock.
    let _before = {
        let mut mounts = MOUNTS.lock();
        let index_of =
            |mount: &Arc<Mount>| mounts.iter().position(|it| Arc::ptr_eq(&it.mount, mount));
        if !moves.iter().all(|(mount, _)| index_of(mount).is_some()) {
            drop(mounts);
            return Err(FsError::InvalidArgument);
        }
        moves.map(|(mount, point)| {
            let found = mounts.iter_mut().find(|it| Arc::ptr_eq(&it.mount, mount));
            found.map(|attached| {
                point.1.add_mount();
                let before = core::mem::replace(&mut attached.point, point);
                before.1.remove_mount();
                before
            })
        })
    };
    Ok(())
}

/// Removes `mount` from the tree.
///
/// # Errors
/// [`FsError::InvalidArgument`] if it isn't attached; [`FsError::Busy`] if it is in use beside the
/// caller's reference.
pub(super) fn remove(mount: &Arc<Mount>, how: Unmount) -> Result<(), FsError> {
    let removed = {
        let mut mounts = MOUNTS.lock();
        let index = mounts.iter().position(|other| Arc::ptr_eq(&other.mount, mount));
        let index = index.ok_or(FsError::InvalidArgument)?;
        // The list and the caller have one reference each. A new reference can only be made from
        // another one, or from the list.
        if how == Unmount::Unused && Arc::strong_count(mount) > 2 {
            return Err(FsError::Busy);
        }
        let removed = mounts.remove(index);
        removed.point.1.remove_mount();
        removed
    };
    // The end of the mount takes locks.
    drop(removed);
    Ok(())
}

/// Returns the root of the last mount on `place`, or of the last mount on that, and so on; `place`
/// itself if nothing is mounted there.
pub(super) fn top_of(place: Place) -> Place {
    let (mut mount, mut dentry) = place;
    while dentry.is_mount_point() {
        let is_on = |other: &&Attached| {
            let (below, point) = &other.point;
            Arc::ptr_eq(below, &mount) && Arc::ptr_eq(point, &dentry)
        };
        let found = MOUNTS.lock().iter().find(is_on).map(|found| found.mount.clone());
        let Some(found) = found else {
            break;
        };
        dentry = found.root().clone();
        mount = found;
    }
    (mount, dentry)
}

/// Returns all attached mounts, in the order in which they were made.
///
/// # Errors
/// [`FsError::NoMemory`].
pub fn all() -> Result<Vec<Arc<Mount>>, FsError> {
    let mut copies = Vec::new();
    loop {
        let mounts = MOUNTS.lock();
        if copies.capacity() >= mounts.len() {
            copies.extend(mounts.iter().map(|it| it.mount.clone()));
            return Ok(copies);
        }
        let len = mounts.len();
        drop(mounts);
        copies.try_reserve(len)?;
    }
}
