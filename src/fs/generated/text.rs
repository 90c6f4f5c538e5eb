//! The text of a generated file.

use alloc::vec::Vec;
use core::fmt;

use crate::fs::error::FsError;

/// The text of a generated file. `write!` to it fails only if no memory is left.
#[derive(Debug, Default)]
pub struct Text(Vec<u8>);

impl Text {
    /// Returns an empty text.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Returns the bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Returns its length, in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FsError> {
        self.0.try_reserve(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends `bytes`. Backslashes and bytes in `special` become `\` and three octal digits, as in
    /// Linux's output of paths.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn push_escaped(&mut self, bytes: &[u8], special: &[u8]) -> Result<(), FsError> {
        for byte in bytes {
            match special.contains(byte) {
                true => write!(self, "\\{byte:03o}")?,
                false => self.push(&[*byte])?,
            }
        }
        Ok(())
    }

    /// Appends the output of `write!`.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> Result<(), FsError> {
        fmt::Write::write_fmt(self, arguments).map_err(|_| FsError::NoMemory)
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
