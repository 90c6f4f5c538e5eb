//! Makes a manifest.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base16ct::lower;
use ed25519_compact::KeyPair;

use crate::entry::Entry;
use crate::manifest::{FIRST_LINE, SIGNATURE};

/// Why a manifest can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The line of an entry would not be read as that entry: a name has a blank, or a text has a
    /// control character.
    Text(String),
    /// The file would be longer than it may be.
    Length {
        /// The length that it needs, in bytes.
        needed: usize,
        /// The length that it may have.
        max: usize,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(line) => write!(f, "it can't be said in one line: {line:?}"),
            Self::Length { needed, max } => write!(f, "{needed} bytes are needed, there are {max}"),
        }
    }
}

/// Returns the file of a manifest with `entries`, which is `len_bytes` long, signed by `key`.
///
/// # Errors
/// [`WriteError`].
pub fn write(
    entries: &[Entry<'_>],
    key: &KeyPair,
    len_bytes: usize,
) -> Result<Vec<u8>, WriteError> {
    let mut text = String::from(FIRST_LINE);
    for entry in entries {
        let line = format!("{entry}");
        if line.contains(char::is_control) || Entry::read(&line) != Some(*entry) {
            return Err(WriteError::Text(line));
        }
        text += &line;
        text.push('\n');
    }
    let signature = key.sk.sign(&text, None);
    text += SIGNATURE;
    text += &lower::encode_string(&*signature);
    text.push('\n');
    let mut file = text.into_bytes();
    if file.len() > len_bytes {
        return Err(WriteError::Length { needed: file.len(), max: len_bytes });
    }
    file.resize(len_bytes, 0);
    Ok(file)
}
