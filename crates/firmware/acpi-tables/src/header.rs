//! The header of every table.

use core::fmt;

use table_bytes::{read, read_u8, read_u32};

use crate::signature::Signature;
pub use table_bytes::is_checksum_good;

/// The length of the header, and the least length of a table.
pub const HEADER_BYTES: usize = 36;

/// The length above which a table is rejected: 16 MiB.
pub const TABLE_MAX_BYTES: u32 = 16 << 20;

/// Why a table is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There are fewer bytes than a header has.
    NoHeader,
    /// The length in the header, in bytes, is impossible.
    Length(u32),
    /// The table has this signature, not the expected one.
    Signature(Signature),
    /// The sum of all bytes isn't 0.
    Checksum,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("it is shorter than a header"),
            Self::Length(bytes) => write!(f, "it can't have {bytes} bytes"),
            Self::Signature(signature) => write!(f, "its signature is {signature}"),
            Self::Checksum => f.write_str("its checksum is wrong"),
        }
    }
}

impl core::error::Error for Error {}

/// The header of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The signature, which names the table.
    pub signature: Signature,
    /// The length of the whole table, at least [`HEADER_BYTES`].
    pub len_bytes: u32,
    /// The version of the table's layout.
    pub revision: u8,
    /// The machine's manufacturer.
    pub oem_id: [u8; 6],
    /// The manufacturer's name for the table.
    pub oem_table_id: [u8; 8],
}

impl Header {
    /// Reads the header at the start of `bytes`.
    ///
    /// # Errors
    /// [`Error::NoHeader`]; [`Error::Length`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let fields = || {
            Some(Self {
                signature: Signature(read(bytes, 0)?),
                len_bytes: read_u32(bytes, 4)?,
                revision: read_u8(bytes, 8)?,
                oem_id: read(bytes, 10)?,
                oem_table_id: read(bytes, 16)?,
            })
        };
        let header = fields().filter(|_| bytes.len() >= HEADER_BYTES).ok_or(Error::NoHeader)?;
        if !(HEADER_BYTES as u32..=TABLE_MAX_BYTES).contains(&header.len_bytes) {
            return Err(Error::Length(header.len_bytes));
        }
        Ok(header)
    }
}

/// Returns the table at the start of `bytes`, which may be longer, if its signature is
/// `signature`.
///
/// # Errors
/// See [`Error`].
pub fn check(bytes: &[u8], signature: Signature) -> Result<&[u8], Error> {
    let header = Header::read(bytes)?;
    if header.signature != signature {
        return Err(Error::Signature(header.signature));
    }
    let table = bytes.get(..header.len_bytes as usize).ok_or(Error::Length(header.len_bytes))?;
    if is_checksum_good(table) { Ok(table) } else { Err(Error::Checksum) }
}
