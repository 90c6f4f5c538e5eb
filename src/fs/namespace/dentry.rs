//! A name in a directory, and its inode.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::fs::name::Name;
use crate::sync::{Rank, SpinMutex};

/// The number of the next directory entry.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A name in a directory, and its inode. An entry without an inode records that the name is free.
///
/// There is at most one for each used pair of directory and name: the [cache](super::dentry_cache)
/// keeps it as long as something uses it.
pub struct Dentry {
    id: u64,
    inode: Option<Arc<Inode>>,
    /// Protects the directory and the name, which a rename changes; held to copy or to replace
    /// them.
    place: SpinMutex<Place>,
    /// The number of mounts on it.
    mounts: AtomicU32,
    /// The number of entries in the cache whose directory it is.
    children: AtomicU32,
    is_removed: AtomicBool,
}

/// The directory and the name of an entry.
struct Place {
    /// The directory; a root has none.
    parent: Option<Arc<Dentry>>,
    name: Name,
}

impl Dentry {
    /// Makes the entry `name` in `parent`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`] or [`FsError::NameTooLong`].
    pub(in crate::fs) fn try_new(
        parent: Option<&Arc<Self>>,
        name: &[u8],
        inode: Option<Arc<Inode>>,
    ) -> Result<Arc<Self>, FsError> {
        let place = Place { parent: parent.cloned(), name: Name::try_new(name)? };
        Ok(Arc::try_new(Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            inode,
            place: SpinMutex::new(Rank::Files, place),
            mounts: AtomicU32::new(0),
            children: AtomicU32::new(0),
            is_removed: AtomicBool::new(false),
        })?)
    }

    /// Returns its number, which is never reused.
    #[inline]
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// Returns its inode; `None` if the name is free.
    #[inline]
    pub(in crate::fs) fn inode(&self) -> Option<&Arc<Inode>> {
        self.inode.as_ref()
    }

    /// Returns its directory; `None` for a root.
    pub(in crate::fs) fn parent(&self) -> Option<Arc<Self>> {
        self.place.lock().parent.clone()
    }

    /// Calls `action` with its name; also returns its directory.
    pub(in crate::fs) fn with_place<R>(
        &self,
        action: impl FnOnce(&[u8]) -> R,
    ) -> (Option<Arc<Self>>, R) {
        let place = self.place.lock();
        (place.parent.clone(), action(&place.name))
    }

    /// Returns whether it is `other` or below it.
    pub(super) fn is_within(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        let mut at = Some(self.clone());
        while let Some(dentry) = at {
            if Arc::ptr_eq(&dentry, other) {
                return true;
            }
            at = dentry.parent();
        }
        false
    }

    /// Returns the text of its path from the root of the file system.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub(super) fn text(self: &Arc<Self>) -> Result<Vec<u8>, FsError> {
        // The path is built from its end to its start, and reversed afterwards.
        let mut reversed = Vec::new();
        let mut at = self.clone();
        loop {
            let (parent, result) = at.with_place(|name| {
                reversed.try_reserve(name.len() + 1)?;
                reversed.extend(name.iter().rev());
                Ok::<_, FsError>(())
            });
            result?;
            let Some(parent) = parent else {
                break;
            };
            reversed.push(b'/');
            at = parent;
        }
        if reversed.is_empty() {
            reversed.try_reserve(1)?;
            reversed.push(b'/');
        }
        reversed.reverse();
        Ok(reversed)
    }

    /// Moves it to another directory or name. The cache doesn't contain it during the move.
    pub(super) fn move_to(&self, parent: &Arc<Self>, name: Name) {
        let new = Place { parent: Some(parent.clone()), name };
        // This may drop the last reference to the old directory, which takes locks.
        let old = core::mem::replace(&mut *self.place.lock(), new);
        drop(old);
    }

    /// Returns whether there may be a mount on it.
    #[inline]
    pub(super) fn is_mount_point(&self) -> bool {
        self.mounts.load(Ordering::Acquire) > 0
    }

    pub(super) fn add_mount(&self) {
        self.mounts.fetch_add(1, Ordering::Release);
    }

    pub(super) fn remove_mount(&self) {
        self.mounts.fetch_sub(1, Ordering::Release);
    }

    /// Returns the number of entries in the cache whose directory it is.
    pub(super) fn children(&self) -> u32 {
        self.children.load(Ordering::Relaxed)
    }

    pub(super) fn add_child(&self) {
        self.children.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove_child(&self) {
        self.children.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether its name was removed.
    #[inline]
    pub(in crate::fs) fn is_removed(&self) -> bool {
        self.is_removed.load(Ordering::Acquire)
    }

    /// Marks it as removed. For a directory, its inode's lock is held for writing.
    pub(in crate::fs) fn set_removed(&self) {
        self.is_removed.store(true, Ordering::Release);
    }

    /// Returns whether its file is that of `other`, or of a directory above it. The lock of renames is
    /// held.
    pub(super) fn is_at_or_above(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        // Not each directory has only one entry: see `Names::Generated`.
        let own = self.inode.as_ref();
        let mut at = Some(other.clone());
        while let Some(entry) = at {
            let is_its = |inode| own.is_some_and(|own| Arc::ptr_eq(own, inode));
            if Arc::ptr_eq(&entry, self) || entry.inode.as_ref().is_some_and(is_its) {
                return true;
            }
            at = entry.parent();
        }
        false
    }
}

impl Drop for Dentry {
    /// Drops the directories above, as far as nothing else uses them, in a loop: a recursion could
    /// overflow the stack for a deep tree.
    fn drop(&mut self) {
        let mut parent = self.place.lock().parent.take();
        while let Some(only) = parent.and_then(Arc::into_inner) {
            parent = only.place.lock().parent.take();
        }
    }
}

impl core::fmt::Debug for Dentry {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (_, result) = self.with_place(|name| write!(f, "Dentry({})", name.escape_ascii()));
        result
    }
}
