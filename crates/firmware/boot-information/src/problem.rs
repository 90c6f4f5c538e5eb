//! Problems of the structure that don't prevent its use.

use core::fmt;

use heapless::Vec;

use crate::error::RsdpError;
use crate::tags::TagKind;

/// A part of the structure that was left out or corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The size of a tag doesn't match its type. The tag was left out.
    MalformedTag(TagKind),
    /// A string has no terminating zero. It ends with its tag.
    TextWithoutEnd(TagKind),
    /// A string has bytes that aren't UTF-8.
    NotUtf8(TagKind),
    /// The type of the screen isn't in the specification. The screen was left out.
    UnknownScreen,
    /// The screen has no address or no size. It was left out.
    ScreenWithoutMemory,
    /// The RSDP in this tag is damaged. It was left out.
    BrokenRsdp(TagKind, RsdpError),
    /// There is no memory map, or an empty one.
    NoMemoryMap,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedTag(kind) => write!(f, "the {kind} is malformed; left out"),
            Self::TextWithoutEnd(kind) => {
                write!(f, "the {kind} has no terminating zero; it ends with its tag")
            }
            Self::NotUtf8(kind) => write!(f, "the {kind} has bytes that aren't UTF-8"),
            Self::UnknownScreen => write!(f, "the framebuffer is of an unknown type; left out"),
            Self::ScreenWithoutMemory => {
                write!(f, "the framebuffer has no address or no size; left out")
            }
            Self::BrokenRsdp(kind, error) => write!(f, "the {kind} {error}; left out"),
            Self::NoMemoryMap => write!(f, "the loader gave no memory map"),
        }
    }
}

/// The number of different problems: at most three for each kind of tag, and three that
/// belong to none.
const PROBLEMS_MAX: usize = 3 * TagKind::COUNT + 3;

/// The problems of a structure, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem, PROBLEMS_MAX>,
}

impl Problems {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds a problem, unless the list contains it.
    pub(crate) fn note(&mut self, problem: Problem) {
        if !self.list.contains(&problem) {
            self.list.push(problem).expect("there are no more different ones");
        }
    }
}

impl core::ops::Deref for Problems {
    type Target = [Problem];

    fn deref(&self) -> &[Problem] {
        &self.list
    }
}
