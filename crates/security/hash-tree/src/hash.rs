//! A hash, and how it is computed.

use core::fmt;
use core::str::FromStr;

use base16ct::{HexDisplay, lower};
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
        write!(f, "{:x}", HexDisplay(&self.0))
    }
}

impl FromStr for Hash {
    type Err = base16ct::Error;

    fn from_str(text: &str) -> Result<Self, base16ct::Error> {
        let mut hash = [0; Self::LEN_BYTES];
        match lower::decode(text, &mut hash)?.len() {
            Self::LEN_BYTES => Ok(Self(hash)),
            _ => Err(base16ct::Error::InvalidLength),
        }
    }
}
