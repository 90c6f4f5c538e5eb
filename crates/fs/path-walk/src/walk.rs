//! The walk from a path to a place.

use heapless::Vec;

use crate::components::Components;
use crate::error::WalkError;
use crate::limits::{LINKS_MAX, NAME_MAX_BYTES, PATH_MAX_BYTES};

/// A copy of a component's bytes.
pub type NameBuffer = Vec<u8, NAME_MAX_BYTES>;

/// The tree of directories that a path is walked through.
pub trait Tree {
    /// A file or directory of the tree.
    type Place: Clone;
    /// The text of a symbolic link.
    type Text: AsRef<[u8]>;
    /// The tree's own errors, and the errors of the walk.
    type Error: From<WalkError>;

    /// Checks that names may be looked up in `place`: it is a directory, and the caller may search
    /// it.
    ///
    /// # Errors
    /// [`WalkError::NotADirectory`], or one of the tree's own.
    fn check_search(&self, place: &Self::Place) -> Result<(), Self::Error>;

    /// Returns the file `name` in `directory`, or `None` if there is none; if a file system
    /// is mounted on it, that file system's root. `name` is neither `.` nor `..`, and not
    /// too long.
    ///
    /// # Errors
    /// The tree's own.
    fn child(
        &self,
        directory: &Self::Place,
        name: &[u8],
    ) -> Result<Option<Self::Place>, Self::Error>;

    /// Returns the directory that has `place`, also across a mount. The parent of the tree's
    /// root is the root itself.
    fn parent(&self, place: &Self::Place) -> Self::Place;

    /// Returns whether `place` is a symbolic link.
    fn is_link(&self, place: &Self::Place) -> bool;

    /// Returns where the symbolic link `place` leads.
    ///
    /// # Errors
    /// The tree's own.
    fn link(&self, place: &Self::Place) -> Result<Link<Self::Place, Self::Text>, Self::Error>;

    /// Returns whether `place` is a directory.
    fn is_directory(&self, place: &Self::Place) -> bool;

    /// Returns whether both are the same place.
    fn is_same(&self, one: &Self::Place, other: &Self::Place) -> bool;

    /// Returns whether both are in the same mount.
    fn is_same_mount(&self, one: &Self::Place, other: &Self::Place) -> bool;
}

/// The target of a symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link<P, T> {
    /// The path in the link's text.
    Text(T),
    /// A place without a path, as for links of procfs.
    Place(P),
}

/// Whether the walk follows a symbolic link that is the last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastLink {
    /// The link is followed.
    Follow,
    /// The link is not followed, unless a slash comes after it.
    Keep,
}

/// The restrictions of a walk, as openat2(2) has them (`RESOLVE_…`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// The walk doesn't enter another mount.
    pub no_mounts: bool,
    /// It doesn't follow links that lead directly to a place (`Link::Place`).
    pub no_magic_links: bool,
    /// The walk follows no symbolic links.
    pub no_links: bool,
    /// It is an error to leave the starting directory, also by an absolute path.
    pub beneath: bool,
    /// The starting directory is the root for `..` and absolute paths.
    pub in_root: bool,
}

/// The options of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether a link at the end is followed.
    pub last_link: LastLink,
    /// The restrictions of the walk.
    pub restrictions: Restrictions,
}

impl Options {
    /// Returns the options without restrictions.
    pub const fn new(last_link: LastLink) -> Self {
        let restrictions = Restrictions {
            no_mounts: false,
            no_magic_links: false,
            no_links: false,
            beneath: false,
            in_root: false,
        };
        Self { last_link, restrictions }
    }
}

/// The start of a walk.
#[derive(Debug)]
pub struct Start<'a, P> {
    /// The root: absolute paths begin here, and `..` doesn't leave it.
    pub root: &'a P,
    /// The directory in which relative paths begin.
    pub directory: &'a P,
}

impl<P> Clone for Start<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Start<'_, P> {}

/// The result of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<P> {
    /// The place.
    pub place: P,
    /// Whether the path ends with a slash.
    pub has_slash: bool,
}

/// The end of a walk.
#[expect(clippy::large_enum_variant, reason = "a walk allocates nothing")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Walked<P> {
    /// At the file that the path names.
    Found(Found<P>),
    /// All components except the last one exist.
    Missing {
        /// The directory that doesn't have the last component.
        directory: P,
        /// The last component.
        name: NameBuffer,
        /// Whether the path ends with a slash.
        has_slash: bool,
    },
}

/// The last component of a path, which was not looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last<'p> {
    /// A name.
    Name(&'p [u8]),
    /// `.`, or the path is the root.
    Dot,
    /// `..`
    DotDot,
}

/// Text that is walked after a link's text: the rest of the path.
struct Pending<T> {
    text: T,
    /// The number of bytes at its end that are left to walk.
    len_left: usize,
}

/// The state of a walk.
struct Walker<'a, T: Tree> {
    tree: &'a T,
    root: &'a T::Place,
    restrictions: Restrictions,
    place: T::Place,
    /// The number of links that the walk has followed.
    followed: usize,
    /// Whether a slash follows the last component walked.
    has_slash: bool,
}

/// The kind of a step.
enum Step<T> {
    /// The walk has moved to the component's place.
    Taken,
    /// The component is a link with this text, which is walked next, from the present
    /// place.
    Link(T),
    /// The component doesn't exist.
    Missing,
}

impl<'a, T: Tree> Walker<'a, T> {
    /// Makes the state at the beginning of `path`.
    fn new(
        tree: &'a T,
        start: Start<'a, T::Place>,
        path: &[u8],
        restrictions: Restrictions,
    ) -> Result<Self, T::Error> {
        if path.is_empty() {
            return Err(WalkError::NotFound.into());
        }
        if path.len() >= PATH_MAX_BYTES {
            return Err(WalkError::NameTooLong.into());
        }
        let is_confined = restrictions.in_root || restrictions.beneath;
        let root = if is_confined { start.directory } else { start.root };
        let mut walker = Self {
            tree,
            root,
            restrictions,
            place: start.directory.clone(),
            followed: 0,
            has_slash: false,
        };
        walker.begin_text(path)?;
        Ok(walker)
    }

    /// Moves to the root if `text` is absolute.
    fn begin_text(&mut self, text: &[u8]) -> Result<(), T::Error> {
        if text.first() == Some(&b'/') {
            if self.restrictions.beneath {
                return Err(WalkError::Leaves.into());
            }
            self.go(self.root.clone())?;
        }
        Ok(())
    }

    /// Moves to `place`.
    #[inline]
    fn go(&mut self, place: T::Place) -> Result<(), T::Error> {
        if self.restrictions.no_mounts && !self.tree.is_same_mount(&self.place, &place) {
            return Err(WalkError::Leaves.into());
        }
        self.place = place;
        Ok(())
    }

    /// Takes the step to the component `name`. `is_final` is set if no component follows
    /// it.
    #[inline]
    fn step(
        &mut self,
        name: &[u8],
        is_final: bool,
        last_link: LastLink,
    ) -> Result<Step<T::Text>, T::Error> {
        self.tree.check_search(&self.place)?;
        match name {
            b"." => return Ok(Step::Taken),
            b".." => {
                self.go_up()?;
                return Ok(Step::Taken);
            }
            _ => {}
        }
        if name.len() > NAME_MAX_BYTES {
            return Err(WalkError::NameTooLong.into());
        }
        let Some(child) = self.tree.child(&self.place, name)? else {
            return Ok(Step::Missing);
        };
        let is_followed = !is_final || self.has_slash || last_link == LastLink::Follow;
        if is_followed && self.tree.is_link(&child) {
            return self.follow(&child);
        }
        self.go(child)?;
        Ok(Step::Taken)
    }

    fn go_up(&mut self) -> Result<(), T::Error> {
        if self.tree.is_same(&self.place, self.root) {
            return match self.restrictions.beneath {
                true => Err(WalkError::Leaves.into()),
                false => Ok(()),
            };
        }
        self.go(self.tree.parent(&self.place))
    }

    fn follow(&mut self, link: &T::Place) -> Result<Step<T::Text>, T::Error> {
        self.followed += 1;
        if self.followed > LINKS_MAX || self.restrictions.no_links {
            return Err(WalkError::TooManyLinks.into());
        }
        match self.tree.link(link)? {
            Link::Place(_) if self.restrictions.no_magic_links => {
                Err(WalkError::TooManyLinks.into())
            }
            Link::Place(_) if self.restrictions.beneath || self.restrictions.in_root => {
                Err(WalkError::Leaves.into())
            }
            Link::Place(place) => {
                self.go(place)?;
                Ok(Step::Taken)
            }
            Link::Text(text) => {
                if text.as_ref().is_empty() {
                    return Err(WalkError::NotFound.into());
                }
                self.begin_text(text.as_ref())?;
                Ok(Step::Link(text))
            }
        }
    }

    /// Walks `components`, and the texts of the links among them, to the end.
    fn run(
        mut self,
        mut components: Components<'_>,
        last_link: LastLink,
    ) -> Result<Walked<T::Place>, T::Error> {
        let mut texts: Vec<Pending<T::Text>, LINKS_MAX> = Vec::new();
        loop {
            // The innermost text is removed from `texts`, because the component borrows
            // from it.
            let step = if let Some(mut pending) = texts.pop() {
                let text = pending.text.as_ref();
                let mut rest = Components::new(&text[text.len() - pending.len_left..]);
                let Some(component) = rest.next() else {
                    continue;
                };
                let is_final = component.is_last && texts.is_empty() && components.len_left() == 0;
                self.has_slash |= is_final && component.has_slash;
                let step = self.step(component.name, is_final, last_link)?;
                if let Step::Missing = step {
                    return self.missing(component.name, is_final);
                }
                pending.len_left = rest.len_left();
                if pending.len_left > 0 && texts.push(pending).is_err() {
                    return Err(WalkError::TooManyLinks.into());
                }
                step
            } else {
                let Some(component) = components.next() else {
                    break;
                };
                self.has_slash |= component.is_last && component.has_slash;
                let step = self.step(component.name, component.is_last, last_link)?;
                if let Step::Missing = step {
                    return self.missing(component.name, component.is_last);
                }
                step
            };
            if let Step::Link(text) = step {
                let len_left = text.as_ref().len();
                if texts.push(Pending { text, len_left }).is_err() {
                    return Err(WalkError::TooManyLinks.into());
                }
            }
        }
        if self.has_slash && !self.tree.is_directory(&self.place) {
            return Err(WalkError::NotADirectory.into());
        }
        Ok(Walked::Found(Found { place: self.place, has_slash: self.has_slash }))
    }

    fn missing(self, name: &[u8], is_final: bool) -> Result<Walked<T::Place>, T::Error> {
        if !is_final {
            return Err(WalkError::NotFound.into());
        }
        let name = NameBuffer::from_slice(name).map_err(|_| WalkError::NameTooLong)?;
        Ok(Walked::Missing { directory: self.place, name, has_slash: self.has_slash })
    }
}

/// Walks `path` from `start` to its end.
///
/// # Errors
/// A [`WalkError`], or one of the tree's own. A missing last component is no error.
pub fn walk<T: Tree>(
    tree: &T,
    start: Start<'_, T::Place>,
    path: &[u8],
    options: Options,
) -> Result<Walked<T::Place>, T::Error> {
    let walker = Walker::new(tree, start, path, options.restrictions)?;
    walker.run(Components::new(path), options.last_link)
}

/// Walks `path` from `start` to the directory of its last component, without looking up that
/// component. Returns the directory, the component, and whether a slash follows it.
///
/// # Errors
/// A [`WalkError`], or one of the tree's own, such as that the caller may not search the
/// directory.
pub fn walk_to_last<'p, T: Tree>(
    tree: &T,
    start: Start<'_, T::Place>,
    path: &'p [u8],
    restrictions: Restrictions,
) -> Result<(T::Place, Last<'p>, bool), T::Error> {
    let mut last = None;
    for component in Components::new(path) {
        last = Some(component);
    }
    let Some(last) = last else {
        let walker = Walker::new(tree, start, path, restrictions)?;
        return Ok((walker.place, Last::Dot, true));
    };
    // The path before the last component, with the slashes at its end.
    let before = last.name.as_ptr().addr() - path.as_ptr().addr();
    let walker = Walker::new(tree, start, path, restrictions)?;
    let directory = match walker.run(Components::new(&path[..before]), LastLink::Follow)? {
        Walked::Found(found) => found.place,
        Walked::Missing { .. } => return Err(WalkError::NotFound.into()),
    };
    tree.check_search(&directory)?;
    let name = match last.name {
        b"." => Last::Dot,
        b".." => Last::DotDot,
        name if name.len() > NAME_MAX_BYTES => return Err(WalkError::NameTooLong.into()),
        name => Last::Name(name),
    };
    Ok((directory, name, last.has_slash))
}
