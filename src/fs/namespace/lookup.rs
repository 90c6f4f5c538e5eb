//! Looking up paths.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;

use path_walk::{Found, Last, LastLink, Link, Options, Restrictions, Start, Tree, Walked};

use super::dentry::Dentry;
use super::dentry_cache;
use super::path::Path;
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::credentials::{Access, Credentials};
use crate::fs::error::FsError;
use crate::fs::file_system::Names;
use crate::fs::inode::{Inode, LinkTarget};

/// The context of the look-up of a path: its start, and the caller's credentials.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The directory at which absolute paths start; `..` doesn't leave it.
    pub root: &'a Path,
    /// The directory at which relative paths start.
    pub directory: &'a Path,
    /// The credentials of the caller.
    pub credentials: &'a Credentials,
    /// The permission bits that are cleared in new files.
    pub umask: Mode,
}

impl<'a> Caller<'a> {
    /// Makes the context of root, in which all paths start at `root`.
    pub fn root(root: &'a Path) -> Self {
        let credentials = const { &Credentials::ROOT };
        Self { root, directory: root, credentials, umask: Mode::empty() }
    }

    /// Returns the same context, in which relative paths start at `directory`.
    pub fn at(self, directory: &'a Path) -> Self {
        Self { directory, ..self }
    }

    pub(super) fn start(&self) -> Start<'a, Path> {
        Start { root: self.root, directory: self.directory }
    }

    /// Returns `mode` without the bits that are cleared in new files.
    pub(in crate::fs) fn masked(&self, mode: Mode) -> Mode {
        mode & !(self.umask & Mode::from_bits_truncate(0o777))
    }
}

/// The text of a symbolic link during a walk.
pub enum LinkText {
    /// The text is stored in an inode.
    Stored(Arc<Inode>),
    /// The text was made for this walk.
    Made(Box<[u8]>),
}

impl AsRef<[u8]> for LinkText {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Stored(inode) => inode.ops().link_text().unwrap_or_default(),
            Self::Made(text) => text,
        }
    }
}

/// The directory tree, with the rights of a caller.
impl Tree for Caller<'_> {
    type Place = Path;
    type Text = LinkText;
    type Error = FsError;

    #[inline]
    fn check_search(&self, place: &Path) -> Result<(), FsError> {
        let inode = place.inode();
        if !inode.is_directory() {
            return Err(FsError::NotADirectory);
        }
        self.credentials.check(inode.permissions(), Access::EXECUTE)
    }

    #[inline]
    fn child(&self, directory: &Path, name: &[u8]) -> Result<Option<Path>, FsError> {
        let dentry = match dentry_cache::find(directory.dentry(), name) {
            Some(dentry) => dentry,
            None => look_up(directory.dentry(), name)?,
        };
        Ok(dentry.inode().is_some().then(|| directory.with_dentry(dentry)))
    }

    fn parent(&self, place: &Path) -> Path {
        place.parent()
    }

    #[inline]
    fn is_link(&self, place: &Path) -> bool {
        place.inode().kind() == FileKind::Symlink
    }

    fn link(&self, place: &Path) -> Result<Link<Path, LinkText>, FsError> {
        let inode = place.inode();
        if inode.ops().link_text().is_some() {
            return Ok(Link::Text(LinkText::Stored(inode.clone())));
        }
        match inode.ops().follow(inode)? {
            LinkTarget::Text(text) => Ok(Link::Text(LinkText::Made(text))),
            LinkTarget::Place(place) => Ok(Link::Place(path_of(place)?)),
        }
    }

    #[inline]
    fn is_directory(&self, place: &Path) -> bool {
        place.inode().is_directory()
    }

    #[inline]
    fn is_same(&self, one: &Path, other: &Path) -> bool {
        one == other
    }

    fn is_same_mount(&self, one: &Path, other: &Path) -> bool {
        Arc::ptr_eq(one.mount(), other.mount())
    }
}

/// Returns the path that an inode has passed as a link's target.
fn path_of(place: Box<dyn Any + Send + Sync>) -> Result<Path, FsError> {
    place.downcast().map(|path| *path).map_err(|_| FsError::InvalidArgument)
}

/// Returns the entry of `name` in `directory`, as the file system has it.
fn look_up(directory: &Arc<Dentry>, name: &[u8]) -> Result<Arc<Dentry>, FsError> {
    let inode = directory.inode().ok_or(FsError::NotFound)?;
    let _lock = inode.lock().read();
    look_up_locked(directory, name)
}

/// Returns the entry of `name` in `directory`, whose lock is held.
pub(super) fn look_up_locked(directory: &Arc<Dentry>, name: &[u8]) -> Result<Arc<Dentry>, FsError> {
    let inode = directory.inode().ok_or(FsError::NotFound)?;
    if directory.is_removed() {
        return Err(FsError::NotFound);
    }
    if let Some(dentry) = dentry_cache::find(directory, name) {
        return Ok(dentry);
    }
    let found = inode.ops().lookup(inode, name)?;
    match inode.file_system().names() {
        Names::Kept => dentry_cache::add(directory, name, found),
        Names::Generated => Dentry::try_new(Some(directory), name, found),
    }
}

/// Walks `path`, whose last component need not exist.
pub(in crate::fs) fn walk(
    caller: &Caller<'_>,
    path: &[u8],
    options: Options,
) -> Result<Walked<Path>, FsError> {
    path_walk::walk(caller, caller.start(), path, options)
}

/// Returns the place at `path`.
///
/// # Errors
/// [`FsError::NotFound`] and others of walks.
pub fn look_up_path(
    caller: &Caller<'_>,
    path: &[u8],
    last_link: LastLink,
) -> Result<Path, FsError> {
    look_up_restricted(caller, path, Options::new(last_link))
}

/// Returns the place at `path`, with restrictions on the walk.
///
/// # Errors
/// [`FsError::NotFound`] and others of walks.
pub fn look_up_restricted(
    caller: &Caller<'_>,
    path: &[u8],
    options: Options,
) -> Result<Path, FsError> {
    match walk(caller, path, options) {
        Ok(Walked::Found(Found { place, .. })) => Ok(place),
        Ok(Walked::Missing { .. }) => Err(FsError::NotFound),
        Err(error) => Err(error),
    }
}

/// A name in a directory, which may be free.
pub(super) struct NameAt<'p> {
    pub directory: Path,
    pub last: Last<'p>,
    /// Whether a slash follows it.
    pub has_slash: bool,
}

impl<'p> NameAt<'p> {
    /// Walks `path` to its last component.
    pub(super) fn find(caller: &Caller<'_>, path: &'p [u8]) -> Result<Self, FsError> {
        let restrictions = Restrictions::default();
        let (directory, last, has_slash) =
            path_walk::walk_to_last(caller, caller.start(), path, restrictions)?;
        Ok(Self { directory, last, has_slash })
    }

    /// Returns the name.
    ///
    /// # Errors
    /// `error` if the last component is `.` or `..`.
    pub(super) fn name(&self, error: FsError) -> Result<&'p [u8], FsError> {
        match self.last {
            Last::Name(name) => Ok(name),
            Last::Dot | Last::DotDot => Err(error),
        }
    }
}

/// Calls `action` with the text of the symbolic link `path`.
///
/// # Errors
/// [`FsError::InvalidArgument`] if it isn't a link; [`FsError::NoMemory`].
pub fn read_link<R>(
    path: &Path,
    root: &Path,
    action: impl FnOnce(&[u8]) -> R,
) -> Result<R, FsError> {
    let inode = path.inode();
    if inode.kind() != FileKind::Symlink {
        return Err(FsError::InvalidArgument);
    }
    if let Some(text) = inode.ops().link_text() {
        return Ok(action(text));
    }
    match inode.ops().follow(inode)? {
        LinkTarget::Text(text) => Ok(action(&text)),
        LinkTarget::Place(place) => {
            let text = path_of(place)?.text(root)?.ok_or(FsError::NotFound)?;
            Ok(action(&text))
        }
    }
}
