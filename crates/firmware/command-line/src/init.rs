//! The arguments of the first program, which follow the word `--`.

use core::fmt;

const SEPARATOR: &[u8] = b"--";

/// Divides a command line at its first word `--`: returns the options before it, for
/// [`parse`](crate::parse), and the arguments of the first program after it. Without that word
/// there are no arguments.
///
/// ```
/// let (options, arguments) = command_line::split_at_init(br#"safe -- -c "two words" it\'s"#);
/// assert_eq!(options, b"safe ");
/// let arguments: Vec<Vec<u8>> = arguments.map(|each| each.bytes().collect()).collect();
/// assert_eq!(arguments, [&b"-c"[..], b"two words", b"it's"]);
/// ```
pub fn split_at_init(line: &[u8]) -> (&[u8], InitArguments<'_>) {
    let mut start = None;
    let mut is_quoted = false;
    for (at, &byte) in line.iter().enumerate() {
        is_quoted ^= byte == b'"';
        let is_blank = !is_quoted && byte.is_ascii_whitespace();
        match start {
            Some(from) if is_blank => {
                if &line[from..at] == SEPARATOR {
                    return (&line[..from], InitArguments { rest: &line[at..] });
                }
                start = None;
            }
            None if !is_blank => start = Some(at),
            _ => {}
        }
    }
    match start {
        Some(from) if &line[from..] == SEPARATOR => (&line[..from], InitArguments { rest: &[] }),
        _ => (line, InitArguments { rest: &[] }),
    }
}

/// The arguments of the first program; made by [`split_at_init`].
///
/// The arguments have the form of words in a line that GRUB writes: in double quotes if they
/// contain blanks, and with a backslash before each `\`, `'` and `"`. Only blanks separate them,
/// not tabs or line ends. A quote that is never closed extends to the end of the line.
///
/// Source: GRUB, `grub-core/lib/cmdline.c`.
#[derive(Clone, Debug)]
pub struct InitArguments<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for InitArguments<'a> {
    type Item = InitArgument<'a>;

    fn next(&mut self) -> Option<InitArgument<'a>> {
        let start = self.rest.iter().position(|&byte| byte != b' ')?;
        let text = &self.rest[start..];
        let mut letters = Letters { text, is_quoted: false };
        // The argument ends at the first blank outside of quotes.
        loop {
            if letters.text.first() == Some(&b' ') && !letters.is_quoted {
                break;
            }
            if letters.next().is_none() {
                break;
            }
        }
        let (text, rest) = text.split_at(text.len() - letters.text.len());
        self.rest = rest;
        Some(InitArgument { text })
    }
}

/// An argument of the first program.
#[derive(Clone, Copy)]
pub struct InitArgument<'a> {
    /// The argument in the loader's form.
    text: &'a [u8],
}

impl<'a> InitArgument<'a> {
    /// Returns the bytes of the argument. GRUB loses empty words, so `tools/iso` writes two single
    /// quotes before an argument that is empty or begins with two of them: these are removed.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + Clone + use<'a> {
        let all = Letters { text: self.text, is_quoted: false };
        let is_marked = all.clone().take(2).eq(*b"''");
        all.skip(if is_marked { 2 } else { 0 })
    }
}

impl fmt::Debug for InitArgument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.bytes().map(char::from)).finish()
    }
}

/// The bytes of an argument, without its quotes and backslashes.
#[derive(Clone)]
struct Letters<'a> {
    text: &'a [u8],
    is_quoted: bool,
}

impl Iterator for Letters<'_> {
    type Item = u8;

    /// Also returns `None` at a blank outside of quotes; the caller then checks `text`.
    fn next(&mut self) -> Option<u8> {
        loop {
            match *self.text {
                [b'"', ref rest @ ..] => {
                    self.is_quoted = !self.is_quoted;
                    self.text = rest;
                }
                [b' ', ..] if !self.is_quoted => return None,
                [b'\\', byte, ref rest @ ..] | [byte, ref rest @ ..] => {
                    self.text = rest;
                    return Some(byte);
                }
                [] => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn split(line: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
        let (options, arguments) = split_at_init(line);
        (options, arguments.map(|each| each.bytes().collect()).collect())
    }

    /// Writes a line as `tools/iso` and GRUB do.
    fn write(arguments: &[Vec<u8>]) -> Vec<u8> {
        let mut line = b"safe --".to_vec();
        for argument in arguments {
            let mut word = argument.clone();
            if word.is_empty() || word.starts_with(b"''") {
                word.splice(0..0, *b"''");
            }
            let has_blank = word.contains(&b' ');
            line.push(b' ');
            line.extend(has_blank.then_some(b'"'));
            for byte in word {
                line.extend(b"\\'\"".contains(&byte).then_some(b'\\'));
                line.push(byte);
            }
            line.extend(has_blank.then_some(b'"'));
        }
        line
    }

    #[test]
    fn lines_without_separator_have_no_arguments() {
        for line in [&b""[..], b"a b", b"a--", b"--a b", b"\"-- b\" c", b"a=\"x -- y\""] {
            assert_eq!(split(line), (line, Vec::new()));
        }
    }

    #[test]
    fn arguments_stand_after_the_first_separator() {
        assert_eq!(split(b"--"), (&b""[..], Vec::new()));
        assert_eq!(split(b"a -- "), (&b"a "[..], Vec::new()));
        assert_eq!(split(b"a -- b -- c").1, [&b"b"[..], b"--", b"c"]);
        assert_eq!(split(b"--  x  y ").1, [b"x", b"y"]);
    }

    #[test]
    fn quotes_and_backslashes_are_undone() {
        assert_eq!(
            split(br#"-- "a b" \"c\" d\\e \'\' \'\'\'\' f" g"h"#).1,
            [&b"a b"[..], b"\"c\"", b"d\\e", b"", b"''", b"f gh"]
        );
        // A line that was cut off.
        assert_eq!(split(b"-- \"a b").1, [b"a b"]);
        assert_eq!(split(b"-- a\\").1, [b"a\\"]);
    }

    proptest! {
        #[test]
        fn all_arguments_survive(
            arguments in prop::collection::vec(
                prop::collection::vec(prop_oneof![1_u8..=255, Just(b' '), Just(b'\''),
                    Just(b'"'), Just(b'\\'), Just(b'-')], 0..8), 0..6),
        ) {
            let line = write(&arguments);
            prop_assert_eq!(split(&line), (&b"safe "[..], arguments));
        }

        #[test]
        fn no_line_panics(line in prop::collection::vec(any::<u8>(), 0..60)) {
            split(&line);
        }
    }
}
