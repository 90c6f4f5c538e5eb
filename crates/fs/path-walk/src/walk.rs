//! The walk from a path to a place.

use heapless::Vec;

use crate::components::Components;
use crate::error::WalkError;
use crate::limits::{LINKS_MAX, NAME_MAX_BYTES, PATH_MAX_BYTES};

/// A component's bytes, kept apart from its path.
pub type NameBuffer = Vec<u8, NAME_MAX_BYTES>;

/// The tree of directories that a path is walked through.
pub trait Tree {
    /// A directory or a file in it.
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

    /// Returns the file `name` in `directory`, or `None` if there is none. A mount on it is
    /// crossed. `name` is neither `.` nor `..`, and not too long.
    ///
    /// # Errors
    /// The tree's own.
    fn child(
        &self,
        directory: &Self::Place,
        name: &[u8],
    ) -> Result<Option<Self::Place>, Self::Error>;

    /// Returns the directory that has `place`; the tree's root has itself. Mounts are crossed.
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

/// Where a symbolic link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link<P, T> {
    /// To the path that is its text.
    Text(T),
    /// To a place, whatever its path is: one of procfs's links.
    Place(P),
}

/// Whether the walk follows a symbolic link that is the last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastLink {
    /// It does.
    Follow,
    /// It doesn't, unless a slash comes after it.
    Keep,
}

/// The restrictions of a walk, as openat2(2) has them (`RESOLVE_…`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// It doesn't enter another mount.
    pub no_mounts: bool,
    /// It doesn't follow links that lead to a place without a path.
    pub no_magic_links: bool,
    /// It follows no symbolic links.
    pub no_links: bool,
    /// It is an error to leave the starting directory, also by an absolute path.
    pub beneath: bool,
    /// The starting directory is the root for `..` and absolute paths.
    pub in_root: bool,
}

/// How a path is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether a link at the end is followed.
    pub last_link: LastLink,
    /// The restrictions of the walk.
    pub restrictions: Restrictions,
}

impl Options {
    /// Without restrictions.
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

/// Where a walk begins.
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

/// Where a walk has ended.
#[expect(clippy::large_enum_variant, reason = "a walk allocates nothing")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Walked<P> {
    /// At the file that the path names.
    Found(Found<P>),
    /// All but the last component are there.
    Missing {
        /// The directory that hasn't the last component.
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

/// Text that is walked later: the rest of the path after a link.
struct Pending<T> {
    text: T,
    /// How many bytes from its end are left.
    len_left: usize,
}

/// A walk on its way.
struct Walker<'a, T: Tree> {
    tree: &'a T,
    root: &'a T::Place,
    restrictions: Restrictions,
    place: T::Place,
    /// How many links it has followed.
    followed: usize,
    /// Whether a slash follows the last component, so far.
    has_slash: bool,
}

/// The kind of a step.
enum Step<T> {
    /// The walk is at the component's place.
    Taken,
    /// The component is a link with this text, to be walked from the present place on.
    Link(T),
    /// The component doesn't exist.
    Missing,
}

impl<'a, T: Tree> Walker<'a, T> {
    /// Makes the walk at the beginning of `path`.
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

    /// Goes to the root if `text` is absolute.
    fn begin_text(&mut self, text: &[u8]) -> Result<(), T::Error> {
        if text.first() == Some(&b'/') {
            if self.restrictions.beneath {
                return Err(WalkError::Leaves.into());
            }
            self.go(self.root.clone())?;
        }
        Ok(())
    }

    /// Goes to `place`.
    #[inline]
    fn go(&mut self, place: T::Place) -> Result<(), T::Error> {
        if self.restrictions.no_mounts && !self.tree.is_same_mount(&self.place, &place) {
            return Err(WalkError::Leaves.into());
        }
        self.place = place;
        Ok(())
    }

    /// Takes the step to the component `name`. `is_final` says that nothing follows it.
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
            // The innermost text is taken out, because its component is borrowed from it.
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

/// Walks `path` from `start` to the directory that has its last component, without looking that
/// up. Returns the directory, the last component, and whether a slash follows.
///
/// # Errors
/// A [`WalkError`], or one of the tree's own: also if the caller may not search the directory.
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
    // The path before the last component; its slashes don't end the name of a directory.
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
