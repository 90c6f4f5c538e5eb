//! The lines of a manifest.

use core::fmt;

use hash_tree::{Hash, hash_of};

use crate::disk::Disk;
use crate::medium::Medium;

/// The length and the hash of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its length in bytes.
    pub len_bytes: u64,
    /// Its hash.
    pub hash: Hash,
}

impl Contents {
    /// Returns the length and the hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { len_bytes: bytes.len() as u64, hash: hash_of(bytes) }
    }
}

/// What a line of a manifest says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A section of the kernel's image.
    Section {
        /// Its name, without blanks.
        name: &'a str,
        /// Its bytes, as loaded.
        contents: Contents,
    },
    /// A module.
    Module {
        /// Its arguments.
        arguments: &'a str,
        /// Its bytes, as loaded.
        contents: Contents,
    },
    /// An allowed command line.
    CommandLine(&'a str),
    /// The medium.
    Medium(Medium),
    /// The root disk.
    Disk(Disk),
}

impl<'a> Entry<'a> {
    /// Reads a line, without its line feed; `None` if it isn't one of a manifest.
    pub fn read(line: &'a str) -> Option<Self> {
        let (keyword, mut words) = Words::split(line);
        let entry = match keyword {
            "section" => {
                let name = words.next()?;
                Self::Section { name, contents: words.contents()? }
            }
            "module" => {
                let contents = words.contents()?;
                return Some(Self::Module { contents, arguments: words.rest()? });
            }
            "command-line" => return Some(Self::CommandLine(words.rest()?)),
            "medium" => Self::Medium(Medium {
                len_bytes: words.number()?,
                root: words.next()?.parse().ok()?,
                manifest_start: words.number()?,
                manifest_bytes: words.number()?,
                tree_start: words.number()?,
            }),
            "disk" => {
                Self::Disk(Disk { len_bytes: words.number()?, root: words.next()?.parse().ok()? })
            }
            _ => return None,
        };
        let is_possible = match &entry {
            Self::Medium(medium) => medium.is_possible(),
            Self::Disk(disk) => disk.is_possible(),
            _ => true,
        };
        (words.rest().is_none() && is_possible).then_some(entry)
    }
}

/// The rest of a line.
struct Words<'a>(Option<&'a str>);

impl<'a> Words<'a> {
    /// Returns the first word of a line, and the others.
    fn split(line: &'a str) -> (&'a str, Self) {
        match line.split_once(' ') {
            Some((word, rest)) => (word, Self(Some(rest))),
            None => (line, Self(None)),
        }
    }

    fn next(&mut self) -> Option<&'a str> {
        let (word, rest) = Self::split(self.0?);
        *self = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Returns all that is left; `None` if the line has ended before.
    fn rest(&mut self) -> Option<&'a str> {
        self.0.take()
    }

    fn number(&mut self) -> Option<u64> {
        let word = self.next()?;
        // `parse` accepts a sign, too.
        word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
    }

    fn contents(&mut self) -> Option<Contents> {
        Some(Contents { len_bytes: self.number()?, hash: self.next()?.parse().ok()? })
    }
}

/// The line, without its line feed.
impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section { name, contents: Contents { len_bytes, hash } } => {
                write!(f, "section {name} {len_bytes} {hash}")
            }
            Self::Module { arguments, contents: Contents { len_bytes, hash } } => {
                write!(f, "module {len_bytes} {hash} {arguments}")
            }
            Self::CommandLine(line) => write!(f, "command-line {line}"),
            Self::Medium(Medium {
                len_bytes,
                root,
                manifest_start,
                manifest_bytes,
                tree_start,
            }) => {
                write!(
                    f,
                    "medium {len_bytes} {root} {manifest_start} {manifest_bytes} {tree_start}"
                )
            }
            Self::Disk(Disk { len_bytes, root }) => write!(f, "disk {len_bytes} {root}"),
        }
    }
}
