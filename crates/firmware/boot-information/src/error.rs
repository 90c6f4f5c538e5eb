//! Errors of the structure, and damage of an RSDP.

use core::fmt;

/// Why the structure can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There are fewer bytes than the head has, or than the size in the head.
    Truncated {
        /// The size in the head, in bytes.
        said_bytes: usize,
        /// The number of bytes that there are.
        given_bytes: usize,
    },
    /// The size in the head is below 16, the size of an empty structure.
    TooSmall(usize),
    /// A tag is smaller than its head, or ends beyond the structure.
    BrokenTag {
        /// The offset of the tag in the structure.
        offset_bytes: usize,
        /// The size in the tag's head.
        size_bytes: usize,
    },
    /// There is no end tag.
    NoEndTag,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { said_bytes, given_bytes } => {
                write!(f, "it says {said_bytes} bytes, but there are {given_bytes}")
            }
            Self::TooSmall(bytes) => write!(f, "it says {bytes} bytes; the least is 16"),
            Self::BrokenTag { offset_bytes, size_bytes } => {
                write!(f, "the tag at offset {offset_bytes} can't have {size_bytes} bytes")
            }
            Self::NoEndTag => write!(f, "it has no end tag"),
        }
    }
}

impl core::error::Error for Error {}

/// The damage of an RSDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RsdpError {
    /// There are fewer bytes than the structure has.
    TooShort,
    /// It doesn't start with the signature.
    Signature,
    /// The sum of the first 20 bytes isn't 0.
    Checksum,
    /// The length in the structure, in bytes, is less than that of its revision, or more
    /// than the available bytes.
    Length(u32),
    /// The sum of all its bytes isn't 0.
    ExtendedChecksum,
}

impl fmt::Display for RsdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("is too short"),
            Self::Signature => f.write_str("has a wrong signature"),
            Self::Checksum => f.write_str("has a wrong checksum"),
            Self::Length(bytes) => write!(f, "can't have {bytes} bytes"),
            Self::ExtendedChecksum => f.write_str("has a wrong extended checksum"),
        }
    }
}

impl core::error::Error for RsdpError {}
