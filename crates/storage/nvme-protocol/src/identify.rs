//! The properties of a controller and of its namespaces.
//!
//! Source: NVM Express Base Specification 2.0, "Identify Controller data structure"; NVM Command Set
//! Specification 1.0, "Identify Namespace Data Structure".

use core::fmt;

/// The size of the data of an Identify command, in bytes.
pub const IDENTIFY_BYTES: usize = 4096;

/// Printable text of fixed length, without the blanks at its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    fn at(data: &[u8; IDENTIFY_BYTES], offset: usize) -> Self {
        Self(core::array::from_fn(|index| match data[offset + index] {
            byte @ 0x20..=0x7E => byte,
            0 => b' ',
            _ => b'?',
        }))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default().trim()
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The properties of a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// The serial number.
    pub serial: Text<20>,
    /// The model.
    pub model: Text<40>,
    /// The revision of its firmware.
    pub firmware: Text<8>,
    /// The largest transfer, as a power of two of the smallest page of memory; `None` for no limit.
    max_transfer_exponent: Option<u8>,
    /// The number of namespaces, active or not.
    pub namespaces: u32,
    /// Whether it has a cache for writes, which Flush empties.
    pub has_write_cache: bool,
}

impl Controller {
    /// Decodes the data of Identify Controller.
    pub fn from_bytes(data: &[u8; IDENTIFY_BYTES]) -> Self {
        Self {
            serial: Text::at(data, 4),
            model: Text::at(data, 24),
            firmware: Text::at(data, 64),
            max_transfer_exponent: Some(data[77]).filter(|exponent| *exponent != 0),
            namespaces: u32_at(data, 516),
            has_write_cache: data[525] & 1 != 0,
        }
    }

    /// Returns the most bytes of a transfer, if there is a limit. `page_bytes_min` is the smallest
    /// page of memory that the controller supports.
    pub fn transfer_bytes_max(&self, page_bytes_min: u64) -> Option<u64> {
        page_bytes_min.checked_shl(self.max_transfer_exponent?.into()).filter(|bytes| *bytes > 0)
    }
}

/// The properties of a namespace: a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// The number of blocks.
    pub blocks: u64,
    /// The size of a block, in bytes: a power of two, from 512 to 4,096.
    pub block_bytes: u32,
    /// Whether it refuses writes.
    pub is_read_only: bool,
}

/// Why a namespace can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceError {
    /// It has no blocks: it isn't active.
    Empty,
    /// The size of a block is 2 to the power of this number of bytes.
    BlockSize(u8),
    /// Each block has this number of bytes of metadata.
    HasMetadata(u16),
}

impl fmt::Display for NamespaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it has no blocks"),
            Self::BlockSize(exponent) => {
                write!(f, "its blocks have 2^{exponent} bytes, not 512 to 4,096")
            }
            Self::HasMetadata(bytes) => write!(f, "its blocks have {bytes} bytes of metadata"),
        }
    }
}

impl Namespace {
    /// Decodes the data of Identify Namespace.
    ///
    /// # Errors
    /// See [`NamespaceError`].
    pub fn from_bytes(data: &[u8; IDENTIFY_BYTES]) -> Result<Self, NamespaceError> {
        let blocks = u64::from(u32_at(data, 0)) | u64::from(u32_at(data, 4)) << 32;
        if blocks == 0 {
            return Err(NamespaceError::Empty);
        }
        // With more than 16 formats, two more bits of the index are above the metadata's bit.
        let index = usize::from(data[26] & 0xF | (data[26] >> 1 & 0x30));
        let format = u32_at(data, 128 + 4 * index);
        let metadata_bytes = format as u16;
        let exponent = (format >> 16) as u8;
        if !(9..=12).contains(&exponent) {
            return Err(NamespaceError::BlockSize(exponent));
        }
        if metadata_bytes != 0 {
            return Err(NamespaceError::HasMetadata(metadata_bytes));
        }
        // The size in bytes has to be a number of 64 bits.
        let blocks = blocks.min(u64::MAX >> exponent);
        Ok(Self { blocks, block_bytes: 1 << exponent, is_read_only: data[99] & 1 != 0 })
    }
}

/// Returns the numbers in a list of active namespaces.
pub fn namespace_numbers(data: &[u8; IDENTIFY_BYTES]) -> impl Iterator<Item = u32> + '_ {
    (0..IDENTIFY_BYTES).step_by(4).map(|at| u32_at(data, at)).take_while(|number| *number != 0)
}

fn u32_at(data: &[u8; IDENTIFY_BYTES], offset: usize) -> u32 {
    u32::from_le_bytes([data[offset], data[offset + 1], data[offset + 2], data[offset + 3]])
}
