//! Errors.

use core::fmt;

/// Why a word is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<'a> {
    /// A double quote is never closed. Holds the line from the start of its word.
    UnclosedQuote(&'a [u8]),
    /// The word has bytes that aren't UTF-8.
    NotUtf8(&'a [u8]),
}

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, text) = match self {
            Self::UnclosedQuote(text) => ("a double quote is never closed", text),
            Self::NotUtf8(text) => ("a word that isn't UTF-8 is ignored", text),
        };
        write!(f, "{what}: ")?;
        text.utf8_chunks().try_for_each(|chunk| {
            f.write_str(chunk.valid())?;
            f.write_str(if chunk.invalid().is_empty() { "" } else { "\u{FFFD}" })
        })
    }
}
