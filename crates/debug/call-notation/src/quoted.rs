//! Quoted bytes.

use core::fmt::{self, Write};

/// Bytes in double quotes, as in C, up to a maximum; three dots stand for the rest.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a> {
    bytes: &'a [u8],
    is_cut: bool,
}

impl<'a> Quoted<'a> {
    /// Shows at most `max_bytes` of `bytes`.
    pub fn new(bytes: &'a [u8], max_bytes: usize) -> Self {
        match bytes.get(..max_bytes) {
            Some(shown) => Self { bytes: shown, is_cut: shown.len() < bytes.len() },
            None => Self { bytes, is_cut: false },
        }
    }
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for (index, byte) in self.bytes.iter().enumerate() {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", char::from(*byte))?,
                b' '..=b'~' => f.write_char(char::from(*byte))?,
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\t' => f.write_str("\\t")?,
                0x0B => f.write_str("\\v")?,
                0x0C => f.write_str("\\f")?,
                // Three digits if another digit follows, which would otherwise belong to
                // the number.
                _ => match self.bytes.get(index + 1) {
                    Some(b'0'..=b'9') => write!(f, "\\{byte:03o}")?,
                    _ => write!(f, "\\{byte:o}")?,
                },
            }
        }
        f.write_str(if self.is_cut { "\"..." } else { "\"" })
    }
}
