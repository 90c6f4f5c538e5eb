//! The credentials of an operation, and the access that they permit.

use alloc::alloc::AllocError;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use bitflags::bitflags;
use capabilities::{Capability, CapabilitySet};

use super::attributes::{FileKind, Mode, Permissions};
use super::error::FsError;

bitflags! {
    /// The access to a file, with the values of one digit of its mode.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Access: u16 {
        /// Reading the contents.
        const READ = 4;
        /// Writing the contents; adding or removing names in a directory.
        const WRITE = 2;
        /// Executing a file; looking up names in a directory.
        const EXECUTE = 1;
    }
}

/// A list of groups. Clones share the same list.
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

/// The user, groups and capabilities of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user; 0 is root.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The supplementary groups.
    pub groups: Groups,
    /// The capabilities.
    pub capabilities: CapabilitySet,
}

impl Credentials {
    /// The credentials of root.
    pub const ROOT: Self =
        Self { uid: 0, gid: 0, groups: Groups::NONE, capabilities: CapabilitySet::ALL };

    /// Returns whether they have a capability.
    #[inline]
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.has(capability)
    }

    /// Returns whether `gid` is among the groups.
    #[inline]
    pub fn is_in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Returns whether they are the owner's, or have the owner's rights by CAP_FOWNER.
    pub fn is_owner(&self, file: Permissions) -> bool {
        file.uid == self.uid || self.has(Capability::FileOwner)
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

    /// Returns whether a capability permits `access`. CAP_DAC_OVERRIDE permits everything except
    /// the execution of a file without an execute bit; CAP_DAC_READ_SEARCH permits reading files,
    /// and reading and searching directories.
    ///
    /// Source: Linux, fs/namei.c, `generic_permission`.
    fn overrides(&self, file: Permissions, access: Access) -> bool {
        let is_directory = file.kind == FileKind::Directory;
        let only_looks =
            if is_directory { !access.contains(Access::WRITE) } else { access == Access::READ };
        let can_run = is_directory
            || file.mode.intersects(Mode::ANY_EXECUTE)
            || !access.contains(Access::EXECUTE);
        (only_looks && self.has(Capability::DacReadSearch))
            || (can_run && self.has(Capability::DacOverride))
    }

    /// Checks that they permit the removal of the name of `victim` from `directory`.
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
