//! The directories at which a call's paths start, and the credentials with which they are looked
//! up.

use alloc::sync::Arc;

use path_walk::LastLink;

use super::call::{Call, Failure};
use super::errno::Errno;
use super::path_text::PathText;
use crate::fs::namespace::lookup::{Caller, look_up_path};
use crate::fs::namespace::path::Path;
use crate::process::exec::caller_of;
use crate::process::identity::Identity;
use crate::process::surroundings::Surroundings;

/// The descriptor of the current directory: AT_FDCWD.
const CURRENT_DIRECTORY: i32 = -100;

/// AT_SYMLINK_NOFOLLOW.
pub(super) const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
/// AT_EMPTY_PATH.
pub(super) const AT_EMPTY_PATH: u32 = 0x1000;

/// AT_NO_AUTOMOUNT.
pub(super) const AT_NO_AUTOMOUNT: u32 = 0x800;

/// Checks that `flags` has only flags of `known`.
///
/// # Errors
/// EINVAL.
pub(super) fn check_flags(flags: u32, known: u32) -> Result<(), Failure> {
    if flags & !known != 0 { Err(Errno::EINVAL.into()) } else { Ok(()) }
}

/// A path of a call.
pub(super) struct Place {
    surroundings: Surroundings,
    identity: Arc<Identity>,
    /// The directory in which the path starts, unless that is the current one.
    directory: Option<Path>,
    /// The path.
    pub(super) path: PathText,
}

impl Place {
    /// Returns the directory in which the path starts, unless it is absolute.
    pub(super) fn directory(&self) -> &Path {
        self.directory.as_ref().unwrap_or(&self.surroundings.directory)
    }

    /// Returns the context in which the path is looked up.
    pub(super) fn caller(&self) -> Caller<'_> {
        caller_of(&self.surroundings, &self.identity).at(self.directory())
    }

    /// Returns whether the path starts at the descriptor `fd`.
    pub(super) fn is_of_descriptor(&self, fd: i32) -> bool {
        fd != CURRENT_DIRECTORY && self.path.first() != Some(&b'/')
    }

    /// Looks the path up.
    ///
    /// # Errors
    /// The errors of a walk.
    pub(super) fn find(&self, last_link: LastLink) -> Result<Path, Failure> {
        Ok(look_up_path(&self.caller(), &self.path, last_link)?)
    }

    /// Looks the path up with the flags AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
    ///
    /// # Errors
    /// The errors of a walk.
    pub(super) fn find_with(&self, flags: u32) -> Result<Path, Failure> {
        if self.path.is_empty() && flags & AT_EMPTY_PATH != 0 {
            return Ok(self.directory().clone());
        }
        self.find(match flags & AT_SYMLINK_NOFOLLOW {
            0 => LastLink::Follow,
            _ => LastLink::Keep,
        })
    }
}

impl Call<'_> {
    /// Returns an argument that is a path, relative to the current directory.
    pub(super) fn place(&self, path: usize) -> Result<Place, Failure> {
        self.place_at(None, path)
    }

    /// Returns an argument that is a path, relative to the directory in another argument.
    pub(super) fn place_at(&self, directory: Option<usize>, path: usize) -> Result<Place, Failure> {
        let path = self.path(path)?;
        let fd = directory.map_or(CURRENT_DIRECTORY, |index| self.argument_i32(index));
        let fd = if path.first() == Some(&b'/') { CURRENT_DIRECTORY } else { fd };
        self.place_of(fd, path)
    }

    /// Returns an argument that is a path within the directory in another argument, even if the
    /// path is absolute.
    pub(super) fn place_within(&self, directory: usize, path: usize) -> Result<Place, Failure> {
        self.place_of(self.argument_i32(directory), self.path(path)?)
    }

    fn place_of(&self, fd: i32, path: PathText) -> Result<Place, Failure> {
        let directory = if fd == CURRENT_DIRECTORY {
            None
        } else {
            let fd = u32::try_from(fd).map_err(|_| Errno::EBADF)?;
            Some(self.process().descriptors().get(fd)?.path().clone())
        };
        let (surroundings, identity) = (self.process().surroundings(), self.identity());
        Ok(Place { surroundings, identity, directory, path })
    }

    /// Looks up an argument that is a path, relative to the current directory.
    pub(super) fn find(&self, path: usize, last_link: LastLink) -> Result<Path, Failure> {
        // The place isn't moved out of the result.
        match &self.place(path) {
            Ok(place) => place.find(last_link),
            Err(failure) => Err(*failure),
        }
    }

    /// Looks up an argument that is a path, relative to the directory in another argument, with the
    /// flags AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH.
    pub(super) fn find_at(
        &self,
        directory: usize,
        path: usize,
        flags: u32,
    ) -> Result<Path, Failure> {
        match &self.place_at(Some(directory), path) {
            Ok(place) => place.find_with(flags),
            Err(failure) => Err(*failure),
        }
    }
}
