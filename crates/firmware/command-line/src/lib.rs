//! Splits the kernel's command line into names and values.
//!
//! Words are separated by ASCII white space. A word is `name` or `name=value`. The value
//! or the whole word may be enclosed in double quotes, to contain white space, as on
//! Linux (`Documentation/admin-guide/kernel-parameters.rst`). There are no escapes: a
//! value can't contain a double quote. A line may have bytes that aren't UTF-8: only the
//! words that contain them are errors.
//!
//! ```
//! use command_line::{parse, Word};
//! let words: Vec<_> = parse(br#"safe test="two words""#).collect();
//! assert_eq!(words[0], Ok(Word { name: "safe", value: None }));
//! assert_eq!(words[1], Ok(Word { name: "test", value: Some("two words") }));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod error;
#[cfg(test)]
mod tests;

pub use error::Error;

mod init;

pub use init::{InitArgument, InitArguments, split_at_init};

/// One word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The text before the first `=`, or the whole word.
    pub name: &'a str,
    /// The text after the first `=`, without its quotes; empty for `name=`.
    pub value: Option<&'a str>,
}

/// Splits `line` into words.
///
/// # Errors
/// A word is [`Error::NotUtf8`] if it isn't UTF-8. The last word is
/// [`Error::UnclosedQuote`] if a quote extends to the end of the line; the words before
/// it are not affected.
pub fn parse(line: &[u8]) -> Words<'_> {
    Words { rest: line }
}

/// The words of a command line; made by [`parse`].
#[derive(Clone, Debug)]
pub struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, Error<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_ascii_start();
        if text.is_empty() {
            self.rest = &[];
            return None;
        }
        let mut is_quoted = false;
        let end = text.iter().position(|byte| {
            is_quoted ^= *byte == b'"';
            !is_quoted && byte.is_ascii_whitespace()
        });
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        if is_quoted {
            return Some(Err(Error::UnclosedQuote(word)));
        }
        let Ok(text) = str::from_utf8(word) else {
            return Some(Err(Error::NotUtf8(word)));
        };
        let word = unquote(text);
        Some(Ok(match word.split_once('=') {
            Some((name, value)) => Word { name, value: Some(unquote(value)) },
            None => Word { name: word, value: None },
        }))
    }
}

/// Removes one pair of quotes that encloses the whole `text`.
fn unquote(text: &str) -> &str {
    match text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) if !inner.contains('"') => inner,
        _ => text,
    }
}
