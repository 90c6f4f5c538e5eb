//! A hash, and how it is computed.

use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
///
/// Its text has 64 hexadecimal digits, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub [u8; Hash::LEN_BYTES]);

impl Hash {
    /// The length of a hash.
    pub const LEN_BYTES: usize = 32;
}

/// Returns the hash of `bytes`.
pub fn hash_of(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Hash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut hash = [0; Self::LEN_BYTES];
        let is_digit = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 2 * hash.len() || !text.as_bytes().iter().all(is_digit) {
            return Err(());
        }
        for (byte, digits) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = core::str::from_utf8(digits).map_err(|_| ())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ())?;
        }
        Ok(Self(hash))
    }
}
