//! What was wrong with the structure, and how it was mended.

use core::fmt;

use heapless::Vec;

use crate::rsdp::RsdpError;
use crate::tags::TagKind;

/// Something in the structure that was left out or mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A tag's size doesn't suit its type: left out.
    MalformedTag(TagKind),
    /// A string has no end: it ends with its tag.
    TextWithoutEnd(TagKind),
    /// A string has bytes that aren't UTF-8.
    NotUtf8(TagKind),
    /// A screen of a type that the specification doesn't name: left out.
    UnknownScreen,
    /// A screen of which nothing can be written: left out.
    ScreenWithoutMemory,
    /// The RSDP in this tag is damaged: left out.
    BrokenRsdp(TagKind, RsdpError),
    /// There is no memory map, or an empty one.
    NoMemoryMap,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedTag(kind) => write!(f, "the {kind} is malformed; left out"),
            Self::TextWithoutEnd(kind) => write!(f, "the {kind} has no end; it ends with its tag"),
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

/// As many as there are different ones: three for each kind of tag at most, and the three
/// without a kind.
const PROBLEMS_MAX: usize = 3 * TagKind::COUNT + 3;

/// The problems of a structure, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem, PROBLEMS_MAX>,
}

impl Problems {
    /// Makes an empty list.
    pub const fn new() -> Self {
        Self { list: Vec::new() }
    }

    /// Adds a problem, unless it is in the list.
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
