//! Splits the kernel's command line into names and values.
//!
//! Words are separated by ASCII white space. A word is `name` or `name=value`. The value
//! or the whole word may be enclosed in double quotes, to contain white space, as on
//! Linux (`Documentation/admin-guide/kernel-parameters.rst`). There are no escapes: a
//! value can't contain a double quote. A line may have bytes that aren't UTF-8: the words
//! that contain them are errors, the others are not affected.
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

use core::fmt;

/// One word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The text before the first `=`, or the whole word.
    pub name: &'a str,
    /// The text after the first `=`, without its quotes; empty for `name=`.
    pub value: Option<&'a str>,
}

/// Why a word is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error<'a> {
    /// A double quote is never closed. Holds the line from the start of that word.
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

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    fn word<'a>(name: &'a str, value: Option<&'a str>) -> Result<Word<'a>, Error<'a>> {
        Ok(Word { name, value })
    }

    #[test]
    fn empty_and_blank_lines_have_no_words() {
        assert_eq!(parse(b"").next(), None);
        assert_eq!(parse(b" \t\n ").next(), None);
    }

    #[test]
    fn names_values_and_quotes_are_separated() {
        let words: Vec<_> = parse(br#" a  b=1 c= d="x y" "e=f g" h=i=j k="" "l m"  "#).collect();
        assert_eq!(
            words,
            [
                word("a", None),
                word("b", Some("1")),
                word("c", Some("")),
                word("d", Some("x y")),
                word("e", Some("f g")),
                word("h", Some("i=j")),
                word("k", Some("")),
                word("l m", None),
            ]
        );
    }

    #[test]
    fn unclosed_quote_is_an_error_and_ends_the_line() {
        let words: Vec<_> = parse(br#"a b="c d"#).collect();
        assert_eq!(words, [word("a", None), Err(Error::UnclosedQuote(br#"b="c d"#))]);
    }

    #[test]
    fn bytes_that_are_not_utf_8_spoil_their_word_alone() {
        let words: Vec<_> = parse(b"safe caf\xE9 \"a \xFF b\" nosmp").collect();
        let bad: [&[u8]; 2] = [b"caf\xE9", b"\"a \xFF b\""];
        let [first, second] = bad.map(|word| Err(Error::NotUtf8(word)));
        assert_eq!(words, [word("safe", None), first, second, word("nosmp", None)]);
        let shown = format!("{}", Error::NotUtf8(bad[0]));
        assert_eq!(shown, "a word that isn't UTF-8 is ignored: caf\u{FFFD}");
    }

    #[test]
    fn single_quote_character_is_not_stripped_twice() {
        assert_eq!(parse(b"\"").next(), Some(Err(Error::UnclosedQuote(b"\""))));
        assert_eq!(parse(b"\"\"").next(), Some(word("", None)));
    }

    proptest! {
        #[test]
        fn written_words_are_read_back(
            pairs in prop::collection::vec(("[a-z.]{1,8}", prop::option::of("[a-z0-9= ]{0,12}")), 0..20)
        ) {
            let mut line = String::new();
            for (name, value) in &pairs {
                line += &match value {
                    Some(value) => format!("{name}=\"{value}\"  "),
                    None => format!("{name} "),
                };
            }
            let words: Vec<_> = parse(line.as_bytes()).collect::<Result<_, _>>().expect("all quotes are closed");
            prop_assert_eq!(words.len(), pairs.len());
            for (word, (name, value)) in words.iter().zip(&pairs) {
                prop_assert_eq!(word.name, name);
                prop_assert_eq!(word.value, value.as_deref());
            }
        }

        #[test]
        fn any_line_ends(line in prop::collection::vec(any::<u8>(), 0..200)) {
            for word in parse(&line) {
                let _ = word.map_err(|error| format!("{error}"));
            }
            prop_assert!(parse(&line).count() <= line.len());
        }
    }
}
