//! Damage, and where it is.

use core::fmt;

/// The magic number of archives in POSIX's format, which cpio makes without `-H newc`.
const OLD_MAGIC: [u8; 6] = *b"070707";

/// A defect of the input, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitramfsError {
    /// Its offset in bytes: from the start of the input or, in an unpacked archive, of the
    /// unpacked bytes.
    pub offset: usize,
    /// The kind of defect.
    pub problem: Problem,
}

/// The defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Neither an archive nor gzip data starts here. These are the bytes, with zeroes after
    /// the input's end.
    NoMagic([u8; 6]),
    /// A header isn't at a multiple of 4 bytes.
    Misaligned,
    /// A header has this byte in the place of a hexadecimal digit.
    BadDigit(u8),
    /// A name is empty, or longer than a path may be: its bytes, with its NUL.
    BadNameLength(u32),
    /// A name ends with this byte, not with a NUL.
    NameWithoutNul(u8),
    /// A symbolic link has this many bytes, more than a path may have.
    LinkTooLong(u32),
    /// The input ends too early: at least this many bytes are missing.
    Truncated(usize),
    /// The sum of a file's bytes differs from that in the header.
    BadSum {
        /// The sum in the header.
        expected: u32,
        /// The sum of the bytes.
        found: u32,
    },
    /// The gzip data has another method than deflate.
    UnknownMethod(u8),
    /// The gzip data has flags that RFC 1952 reserves.
    UnknownFlags(u8),
    /// The checksum in the header of the gzip data is wrong.
    BadHeaderChecksum {
        /// The checksum in the header.
        expected: u16,
        /// The checksum of the header's bytes.
        found: u16,
    },
    /// The compressed data is malformed.
    BadData,
    /// The CRC-32 of the unpacked data differs from that after the compressed data.
    BadChecksum {
        /// The CRC-32 after the compressed data.
        expected: u32,
        /// The CRC-32 of the unpacked bytes.
        found: u32,
    },
    /// The length of the unpacked data, modulo 2^32, differs from that after the compressed
    /// data.
    BadLength {
        /// The length after the compressed data.
        expected: u32,
        /// The length of the unpacked bytes.
        found: u32,
    },
    /// The unpacked data has more than this limit of bytes.
    TooLarge(usize),
    /// No memory is left to unpack the data.
    OutOfMemory,
}

impl fmt::Display for InitramfsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMagic(OLD_MAGIC) => {
                write!(f, "a cpio archive of the old format (cpio -H newc makes the right one)")
            }
            Self::NoMagic(found) => {
                write!(f, "\"{}\", neither a cpio archive nor gzip", found.escape_ascii())
            }
            Self::Misaligned => write!(f, "a header that isn't at a multiple of 4 bytes"),
            Self::BadDigit(found) => {
                write!(f, "'{}' in a header, no hexadecimal digit", found.escape_ascii())
            }
            Self::BadNameLength(len) => write!(f, "a name of {len} bytes"),
            Self::NameWithoutNul(found) => {
                write!(f, "a name that ends with '{}', not with a NUL", found.escape_ascii())
            }
            Self::LinkTooLong(len) => write!(f, "a symbolic link of {len} bytes"),
            Self::Truncated(missing) => {
                write!(f, "the end, where {missing} bytes or more are missing")
            }
            Self::BadSum { expected, found } => {
                write!(f, "a file with the sum {found:#x} in place of {expected:#x}")
            }
            Self::UnknownMethod(method) => {
                write!(f, "gzip data with the method {method} in place of 8")
            }
            Self::UnknownFlags(flags) => write!(f, "gzip data with unknown flags {flags:#x}"),
            Self::BadHeaderChecksum { expected, found } => {
                write!(f, "a gzip header with the CRC {found:#x} in place of {expected:#x}")
            }
            Self::BadData => write!(f, "malformed compressed data"),
            Self::BadChecksum { expected, found } => {
                write!(f, "unpacked data with the CRC {found:#x} in place of {expected:#x}")
            }
            Self::BadLength { expected, found } => {
                write!(f, "unpacked data of {found} bytes in place of {expected}")
            }
            Self::TooLarge(limit) => write!(f, "unpacked data of more than {limit} bytes"),
            Self::OutOfMemory => write!(f, "no memory to unpack the data"),
        }
    }
}

impl core::error::Error for InitramfsError {}
