//! The credentials of an operation, and the access that they permit.

use alloc::alloc::AllocError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use bitflags::bitflags;

use super::attributes::{FileKind, Mode, Permissions};
use super::error::FsError;

bitflags! {
    /// The access to a file, with the values of one digit of its mode.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Access: u16 {
        /// Its contents are read.
        const READ = 4;
        /// Its contents are written; a directory gets or loses names.
        const WRITE = 2;
        /// It is run; names are looked up in a directory.
        const EXECUTE = 1;
    }
}

/// A list of groups, which a copy shares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(Option<Arc<Vec<u32>>>);

impl Groups {
    /// No groups.
    pub const NONE: Self = Self(None);

    /// Makes a list.
    ///
    /// # Errors
    /// [`AllocError`].
    pub fn try_new(groups: Vec<u32>) -> Result<Self, AllocError> {
        Ok(Self(Some(Arc::try_new(groups)?)))
    }
}

impl Deref for Groups {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        self.0.as_ref().map_or(&[], |groups| groups)
    }
}

/// Whose rights an operation has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user; 0 is root.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Further groups.
    pub groups: Groups,
}

impl Credentials {
    /// Root's.
    pub const ROOT: Self = Self { uid: 0, gid: 0, groups: Groups::NONE };

    /// Returns whether they are root's.
    #[inline]
    pub fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Returns whether they are of `gid`.
    #[inline]
    pub fn is_in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Returns whether they are the owner's, or root's.
    pub fn is_owner(&self, file: Permissions) -> bool {
        self.is_root() || file.uid == self.uid
    }

    /// Checks that they allow `access` to `file`.
    ///
    /// # Errors
    /// [`FsError::PermissionDenied`].
    #[inline]
    pub fn check(&self, file: Permissions, access: Access) -> Result<(), FsError> {
        let bits = file.mode.bits();
        let digit = if self.uid == file.uid {
            bits >> 6
        } else if self.is_in_group(file.gid) {
            bits >> 3
        } else {
            bits
        };
        if Access::from_bits_truncate(digit).contains(access) || self.overrides(file, access) {
            return Ok(());
        }
        Err(FsError::PermissionDenied)
    }

    /// Root may do all but execute a file that has no execute bit.
    fn overrides(&self, file: Permissions, access: Access) -> bool {
        let can_run = file.kind == FileKind::Directory
            || file.mode.intersects(Mode::ANY_EXECUTE)
            || !access.contains(Access::EXECUTE);
        self.is_root() && can_run
    }

    /// Checks that they allow to remove the name of `victim` from `directory`.
    ///
    /// # Errors
    /// [`FsError::PermissionDenied`], or [`FsError::NotPermitted`] because of the sticky bit.
    pub(super) fn check_removal(
        &self,
        directory: Permissions,
        victim: Permissions,
    ) -> Result<(), FsError> {
        self.check(directory, Access::WRITE | Access::EXECUTE)?;
        let is_sticky = directory.mode.contains(Mode::STICKY);
        if is_sticky && !self.is_owner(victim) && !self.is_owner(directory) {
            return Err(FsError::NotPermitted);
        }
        Ok(())
    }
}
