//! The kernel's command line, taken apart into names and values.
//!
//! Words are separated by white space. A word is `name` or `name=value`; the
//! value, or the whole word, may stand in double quotes to hold white space, as
//! on Linux (`Documentation/admin-guide/kernel-parameters.rst`). There are no
//! escapes: a value can't hold a double quote.
//!
//! ```
//! use command_line::{parse, Word};
//! let words: Vec<_> = parse(r#"safe test="two words""#).collect();
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
    /// What stands before the first `=`, or the whole word.
    pub name: &'a str,
    /// What stands after the first `=`, without its quotes; empty for `name=`.
    pub value: Option<&'a str>,
}

/// A double quote that is never closed; holds the text from the word's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnclosedQuote<'a>(pub &'a str);

impl fmt::Display for UnclosedQuote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a double quote is never closed: {}", self.0)
    }
}

/// Takes `line` apart.
///
/// # Errors
/// The last item is [`UnclosedQuote`] if a quote runs to the end of the line;
/// the words before it are not affected.
pub fn parse(line: &str) -> Words<'_> {
    Words { rest: line }
}

/// The words of a command line; made by [`parse`].
#[derive(Clone, Debug)]
pub struct Words<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Words<'a> {
    type Item = Result<Word<'a>, UnclosedQuote<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_start();
        if text.is_empty() {
            self.rest = "";
            return None;
        }
        let mut is_quoted = false;
        let end = text.find(|c: char| {
            is_quoted ^= c == '"';
            !is_quoted && c.is_whitespace()
        });
        let (word, rest) = text.split_at(end.unwrap_or(text.len()));
        self.rest = rest;
        if is_quoted {
            return Some(Err(UnclosedQuote(word)));
        }
        let word = unquote(word);
        Some(Ok(match word.split_once('=') {
            Some((name, value)) => Word { name, value: Some(unquote(value)) },
            None => Word { name: word, value: None },
        }))
    }
}

/// Strips one pair of quotes that encloses the whole of `text`.
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

    fn word<'a>(name: &'a str, value: Option<&'a str>) -> Result<Word<'a>, UnclosedQuote<'a>> {
        Ok(Word { name, value })
    }

    #[test]
    fn empty_and_blank_lines_have_no_words() {
        assert_eq!(parse("").next(), None);
        assert_eq!(parse(" \t\n ").next(), None);
    }

    #[test]
    fn names_values_and_quotes_are_told_apart() {
        let words: Vec<_> = parse(r#" a  b=1 c= d="x y" "e=f g" h=i=j k="" "l m"  "#).collect();
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
    fn unclosed_quote_is_told_and_ends_the_line() {
        let words: Vec<_> = parse(r#"a b="c d"#).collect();
        assert_eq!(words, [word("a", None), Err(UnclosedQuote(r#"b="c d"#))]);
    }

    #[test]
    fn single_quote_character_is_not_stripped_twice() {
        assert_eq!(parse("\"").next(), Some(Err(UnclosedQuote("\""))));
        assert_eq!(parse("\"\"").next(), Some(word("", None)));
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
            let words: Vec<_> = parse(&line).collect::<Result<_, _>>().expect("all quotes are closed");
            prop_assert_eq!(words.len(), pairs.len());
            for (word, (name, value)) in words.iter().zip(&pairs) {
                prop_assert_eq!(word.name, name);
                prop_assert_eq!(word.value, value.as_deref());
            }
        }

        #[test]
        fn any_line_ends(line in "\\PC{0,200}") {
            prop_assert!(parse(&line).count() <= line.len());
        }
    }
}
