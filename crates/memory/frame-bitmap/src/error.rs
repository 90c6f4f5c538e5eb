//! Errors.

use core::fmt;

/// Why frames can't be added or freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A frame lies beyond the end of the bitmap.
    OutOfRange,
    /// A frame to be added was added before.
    AlreadyManaged,
    /// A frame to be freed was never added.
    NotManaged,
    /// A frame to be freed is free: it was freed before, or never allocated.
    NotAllocated,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "a frame lies beyond the end of the bitmap",
            Self::AlreadyManaged => "a frame was added before",
            Self::NotManaged => "a frame was never added",
            Self::NotAllocated => "a frame is free already",
        })
    }
}

/// The storage has too few words for the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageTooSmall {
    /// The number of words that the frames need.
    pub needed_words: usize,
    /// The number of words in the storage.
    pub given_words: usize,
}

impl fmt::Display for StorageTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the storage has {} words of {} needed", self.given_words, self.needed_words)
    }
}
