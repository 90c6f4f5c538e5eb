//! The public key whose signature a kernel asks for.

use core::fmt;
use core::str::FromStr;

use base16ct::{HexDisplay, lower};
use ed25519_compact::PublicKey;

/// A public Ed25519 key. Its text has 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u8; Key::LEN_BYTES]);

impl Key {
    /// The length of a key.
    pub const LEN_BYTES: usize = 32;

    /// What a kernel that isn't sealed has in place of a key.
    pub const NONE: Self = Self([0; Self::LEN_BYTES]);

    /// Returns whether signatures by this key prove anything: it is a point of the curve, and none
    /// of those few for which everybody can make signatures.
    ///
    /// Source: RFC 8032, 5.1.7; "Taming the many EdDSAs", section 2.
    pub fn is_strong(&self) -> bool {
        PublicKey::new(self.0).validate().is_ok()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", HexDisplay(&self.0))
    }
}

impl FromStr for Key {
    type Err = base16ct::Error;

    fn from_str(text: &str) -> Result<Self, base16ct::Error> {
        let mut key = [0; Self::LEN_BYTES];
        match lower::decode(text, &mut key)?.len() {
            Self::LEN_BYTES => Ok(Self(key)),
            _ => Err(base16ct::Error::InvalidLength),
        }
    }
}
