//! The properties of a disk.
//!
//! Source: ACS-3, "IDENTIFY DEVICE data".

use core::fmt;

/// The size of the data, in bytes.
pub const IDENTIFY_BYTES: usize = 512;

/// Printable text of fixed length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    /// Reads the text from the word `word` on: each has the first of two characters in its upper half.
    pub(crate) fn at(data: &[u8; IDENTIFY_BYTES], word: usize) -> Self {
        Self(core::array::from_fn(|index| match data[2 * word + (index ^ 1)] {
            byte @ 0x20..=0x7E => byte,
            0 => b' ',
            _ => b'?',
        }))
    }

    /// Returns the text without the blanks around it.
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

/// The properties of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The serial number.
    pub serial: Text<20>,
    /// The model.
    pub model: Text<40>,
    /// The size of a sector, in bytes: a power of two, from 512 to 4,096.
    pub sector_bytes: u32,
    /// The number of sectors, at least 1.
    pub sectors: u64,
    /// The most commands that the disk has at once (NCQ), from 1 to 32; `None` if it has only one.
    pub queue_depth: Option<u8>,
    /// Whether it has a cache for writes, and has it in use.
    pub has_write_cache: bool,
}

/// Why a disk can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// The checksum is wrong.
    Checksum,
    /// It isn't a disk, or lacks positions of 48 bits.
    Unsupported,
    /// It isn't a drive of CDs, or its packets don't have 12 bytes.
    UnsupportedDrive,
    /// The size of its sectors isn't a power of two from 512 to 4,096.
    SectorBytes(u32),
    /// It has no sectors, or more than positions of 48 bits reach.
    Sectors,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checksum => f.write_str("the checksum of its properties is wrong"),
            Self::Unsupported => f.write_str("it lacks positions of 48 bits"),
            Self::UnsupportedDrive => {
                f.write_str("it isn't a drive of CDs with packets of 12 bytes")
            }
            Self::SectorBytes(bytes) => write!(f, "its sectors have {bytes} bytes"),
            Self::Sectors => f.write_str("its number of sectors is impossible"),
        }
    }
}

impl core::error::Error for IdentityError {}

impl Identity {
    /// Decodes the data.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn from_bytes(data: &[u8; IDENTIFY_BYTES]) -> Result<Self, IdentityError> {
        let word = |index: usize| u16::from_le_bytes([data[2 * index], data[2 * index + 1]]);
        let has = |index: usize, bit: u32| word(index) >> bit & 1 != 0;
        // Words with fixed bits are valid if these are 01.
        let has_valid = |index: usize, bit: u32| word(index) >> 14 == 0b01 && has(index, bit);
        const SIGNATURE: u8 = 0xA5;
        let sum = data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        if data[510] == SIGNATURE && sum != 0 {
            return Err(IdentityError::Checksum);
        }
        if has(0, 15) || !has_valid(83, 10) {
            return Err(IdentityError::Unsupported);
        }
        let sector_words = match has_valid(106, 12) {
            true => u32::from(word(118)) << 16 | u32::from(word(117)),
            false => 256,
        };
        let sector_bytes = sector_words.saturating_mul(2);
        if !sector_bytes.is_power_of_two() || !(512..=4096).contains(&sector_bytes) {
            return Err(IdentityError::SectorBytes(sector_bytes));
        }
        let sectors = (100..104).rev().fold(0, |sum, index| sum << 16 | u64::from(word(index)));
        if !(1..=1 << 48).contains(&sectors) {
            return Err(IdentityError::Sectors);
        }
        let has_queue = !matches!(word(76), 0 | 0xFFFF) && has(76, 8);
        Ok(Self {
            serial: Text::at(data, 10),
            model: Text::at(data, 27),
            sector_bytes,
            sectors,
            queue_depth: has_queue.then_some((word(75) & 0x1F) as u8 + 1),
            has_write_cache: has(82, 5) && has(85, 5),
        })
    }
}
