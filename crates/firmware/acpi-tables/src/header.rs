//! What all tables begin with.

use core::fmt;

use crate::bytes::{read, read_u8, read_u32};

/// The length of the header, and so the least length of a table.
pub const HEADER_BYTES: usize = 36;

/// The most bytes that a table is believed to have: 16 MiB.
pub const TABLE_MAX_BYTES: u32 = 16 << 20;

/// Four letters that say what a table is. Shown with dots for what isn't ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 4]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Text(&self.0))
    }
}

/// A text of fixed length, shown without the spaces and zeros behind it and with dots
/// for what isn't ASCII.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |at| at + 1);
        for &byte in &self.0[..len] {
            let is_shown = matches!(byte, b' '..=b'~');
            write!(f, "{}", if is_shown { char::from(byte) } else { '.' })?;
        }
        // As wide as was asked for.
        let fill = f.width().unwrap_or(0).saturating_sub(len);
        (0..fill).try_for_each(|_| f.write_str(" "))
    }
}

/// Why bytes are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There are fewer than a header's.
    NoHeader,
    /// The header says a length that no table has, in bytes.
    Length(u32),
    /// It is another table than the one that belongs there.
    Signature(Signature),
    /// The bytes don't sum up to 0.
    Checksum,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("it has no room for a header"),
            Self::Length(bytes) => write!(f, "no table has {bytes} bytes"),
            Self::Signature(signature) => write!(f, "it says that it is {signature}"),
            Self::Checksum => f.write_str("its checksum is wrong"),
        }
    }
}

impl core::error::Error for Error {}

/// What all tables begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the table is.
    pub signature: Signature,
    /// The whole table's length, at least [`HEADER_BYTES`].
    pub len_bytes: u32,
    /// The version of the table's layout.
    pub revision: u8,
    /// Who made the machine.
    pub oem_id: [u8; 6],
    /// What its maker calls the table.
    pub oem_table_id: [u8; 8],
}

impl Header {
    /// Reads the header that `bytes` begin with.
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

/// Tells whether the bytes of a table, or of the RSDP, sum up to 0.
pub fn is_checksum_good(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) == 0
}

/// Returns the table `signature` in `bytes`, without what is behind it.
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
