//! Strings of the loader. The specification requires UTF-8, but the user's configuration
//! file may have another encoding.

use core::fmt;

/// The bytes of a string, without its terminating zero. Bytes that aren't UTF-8 are shown
/// as U+FFFD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The empty text.
    pub const EMPTY: Self = Self(&[]);

    /// Reads the bytes up to the first zero, or all bytes if there is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let len = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        Self(&bytes[..len])
    }

    /// Returns the bytes, which may not be UTF-8.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the length in bytes.
    pub fn len_bytes(self) -> usize {
        self.0.len()
    }

    /// Returns whether the text is empty.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether all bytes are UTF-8.
    pub fn is_utf8(self) -> bool {
        str::from_utf8(self.0).is_ok()
    }

    /// Returns the characters, U+FFFD for each run of bytes that isn't UTF-8.
    pub fn chars(self) -> impl Iterator<Item = char> {
        self.0.utf8_chunks().flat_map(|chunk| {
            let replacement = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            chunk.valid().chars().chain(replacement)
        })
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(text.as_bytes())
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        self.chars().try_for_each(|c| f.write_char(c))
    }
}
