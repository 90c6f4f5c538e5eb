//! The value of a PCR, or what extends it.

use core::fmt;

/// A SHA-256 hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(pub [u8; Digest::LEN_BYTES]);

impl Digest {
    /// Its length in bytes.
    pub const LEN_BYTES: usize = 32;
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
