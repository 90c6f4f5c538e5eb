//! Scripts: files that start with `#!` and the path of their interpreter.

use core::fmt;

/// The number of bytes at a file's start that are read for the interpreter: Linux's
/// BINPRM_BUF_SIZE.
pub const SCRIPT_HEAD_BYTES: usize = 256;

/// The most bytes after `#!` that are used: the head's without its last byte.
const TEXT_BYTES_MAX: usize = SCRIPT_HEAD_BYTES - 3;

/// The first line of a script.
///
/// The interpreter is run with the arguments `interpreter`, `argument` if there is one, the
/// path of the script, and the arguments of the script from the second on.
///
/// Source: Linux 5.1 and newer, fs/binfmt_script.c, load_script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Script<'a> {
    /// The path of the interpreter. It may be empty: no file has that path.
    pub interpreter: &'a [u8],
    /// The rest of the line, as one argument.
    pub argument: Option<&'a [u8]>,
}

/// Why a file can't be started as a script. Linux reports ENOEXEC for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptError {
    /// The file doesn't start with `#!`.
    NotScript,
    /// There is no interpreter after `#!`.
    NoInterpreter,
    /// The path of the interpreter doesn't end within [`SCRIPT_HEAD_BYTES`], so its end isn't
    /// known.
    PathTooLong,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotScript => "no script",
            Self::NoInterpreter => "a script that names no interpreter",
            Self::PathTooLong => "a script whose interpreter has too long a path",
        })
    }
}

impl core::error::Error for ScriptError {}

impl<'a> Script<'a> {
    /// Reads the first line. `head` is the file's first [`SCRIPT_HEAD_BYTES`], or all of a
    /// shorter file; later bytes are ignored.
    ///
    /// Blanks are spaces and tabs. A path that may be cut off is an error; an argument that is
    /// cut off isn't, since the interpreter can read the script again.
    ///
    /// # Errors
    ///
    /// See [`ScriptError`].
    pub fn parse(head: &'a [u8]) -> Result<Self, ScriptError> {
        let head = &head[..head.len().min(SCRIPT_HEAD_BYTES)];
        let text = head.strip_prefix(b"#!").ok_or(ScriptError::NotScript)?;
        // A shorter file is followed by NULs. A NUL ends the text, even before a line feed.
        let end = text.iter().position(|byte| matches!(byte, b'\n' | 0)).unwrap_or(text.len());
        match text.get(end) {
            Some(b'\n') => Self::parse_line(&text[..end]),
            _ if end < TEXT_BYTES_MAX => Ok(Self::parse_text(&text[..end])),
            _ => Self::parse_cut_off(&text[..end]),
        }
    }

    /// Reads a line that ends with a line feed. Blanks at its end are ignored.
    fn parse_line(line: &'a [u8]) -> Result<Self, ScriptError> {
        let (interpreter, rest) = split(trim_end(line));
        if interpreter.is_empty() {
            return Err(ScriptError::NoInterpreter);
        }
        Ok(Self { interpreter, argument: rest })
    }

    /// Reads text that ends with a NUL. Blanks at its end are not ignored, so an argument
    /// may be empty, as on Linux.
    fn parse_text(text: &'a [u8]) -> Self {
        let (interpreter, argument) = split(text);
        Self { interpreter, argument }
    }

    /// Reads the start of a line that ends with the head's last byte or after it. As on
    /// Linux, the last byte isn't part of the text; it only shows whether the path ends
    /// before it.
    fn parse_cut_off(text: &'a [u8]) -> Result<Self, ScriptError> {
        let (interpreter, rest) = split(text);
        if text.len() > TEXT_BYTES_MAX && !interpreter.is_empty() && rest.is_none() {
            return Err(ScriptError::PathTooLong);
        }
        Self::parse_line(&text[..TEXT_BYTES_MAX])
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    &text[start..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}

/// Splits text into its first word and, if a blank follows it, the text after the blanks.
fn split(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let text = trim_start(text);
    match text.iter().position(|byte| is_blank(*byte)) {
        Some(end) => (&text[..end], Some(trim_start(&text[end..]))),
        None => (text, None),
    }
}
