//! Commands of drives with packets (ATAPI), such as those of CDs, and their answers.
//!
//! Source: ACS-3, "IDENTIFY PACKET DEVICE data"; SPC-4, "REQUEST SENSE command", "Fixed format sense
//! data"; MMC-6, "READ (10) Command", "READ CAPACITY Command".

use core::fmt;

use crate::identify::{IDENTIFY_BYTES, IdentityError, Text};

/// The number of words of a packet.
pub const PACKET_WORDS: usize = 3;
/// The size of the memory for the sense data, in bytes: whole words.
pub const SENSE_BYTES: usize = 20;
/// The size of the sense data, in bytes.
const SENSE_DATA_BYTES: u8 = 18;
/// The size of the answer to [`Packet::ReadCapacity`], in bytes.
pub const CAPACITY_BYTES: usize = 8;

const REQUEST_SENSE: u8 = 0x03;
const READ_CAPACITY: u8 = 0x25;
const READ_10: u8 = 0x28;

/// A command in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Reads why the last command has failed.
    RequestSense,
    /// Reads the size of the medium.
    ReadCapacity,
    /// Reads sectors.
    Read {
        /// The first sector.
        sector: u32,
        /// The number of sectors.
        count: u16,
    },
}

impl Packet {
    /// Returns whether the drive accesses memory by itself for it. Many drives do so only for whole
    /// sectors (Linux, libata: atapi_check_dma).
    pub fn has_dma(self) -> bool {
        matches!(self, Self::Read { .. })
    }

    /// Returns the words of the packet, whose bytes are in the order in which they lie in memory.
    pub fn words(self) -> [u32; PACKET_WORDS] {
        let mut bytes = [0; 4 * PACKET_WORDS];
        bytes[0] = match self {
            Self::RequestSense => REQUEST_SENSE,
            Self::ReadCapacity => READ_CAPACITY,
            Self::Read { .. } => READ_10,
        };
        match self {
            Self::RequestSense => bytes[4] = SENSE_DATA_BYTES,
            Self::Read { sector, count } => {
                bytes[2..6].copy_from_slice(&sector.to_be_bytes());
                bytes[7..9].copy_from_slice(&count.to_be_bytes());
            }
            Self::ReadCapacity => {}
        }
        let word =
            |index: usize| u32::from_le_bytes(core::array::from_fn(|byte| bytes[4 * index + byte]));
        core::array::from_fn(word)
    }
}

/// The properties of a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriveIdentity {
    /// The serial number.
    pub serial: Text<20>,
    /// The model.
    pub model: Text<40>,
    /// Whether a command has to say that data goes to memory (DMADIR).
    pub needs_direction: bool,
}

impl DriveIdentity {
    /// Decodes the data.
    ///
    /// # Errors
    /// [`IdentityError::UnsupportedDrive`].
    pub fn from_bytes(data: &[u8; IDENTIFY_BYTES]) -> Result<Self, IdentityError> {
        let word = |index: usize| u16::from_le_bytes([data[2 * index], data[2 * index + 1]]);
        let general = word(0);
        const PACKETS: u16 = 0b10;
        const CD: u16 = 5;
        if general >> 14 != PACKETS || general >> 8 & 0x1F != CD || general & 0b11 != 0 {
            return Err(IdentityError::UnsupportedDrive);
        }
        Ok(Self {
            serial: Text::at(data, 10),
            model: Text::at(data, 27),
            needs_direction: word(62) >> 15 != 0,
        })
    }
}

/// The size of a medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The number of sectors, at least 1.
    pub sectors: u64,
    /// The size of a sector, in bytes: a power of two, from 512 to 4,096.
    pub sector_bytes: u32,
}

impl Capacity {
    /// Decodes the answer to [`Packet::ReadCapacity`].
    ///
    /// # Errors
    /// [`IdentityError::SectorBytes`].
    pub fn from_bytes(data: [u8; CAPACITY_BYTES]) -> Result<Self, IdentityError> {
        let word = |at: usize| u32::from_be_bytes(core::array::from_fn(|index| data[at + index]));
        let (last, sector_bytes) = (word(0), word(4));
        match sector_bytes.is_power_of_two() && (512..=4096).contains(&sector_bytes) {
            true => Ok(Self { sectors: u64::from(last) + 1, sector_bytes }),
            false => Err(IdentityError::SectorBytes(sector_bytes)),
        }
    }
}

/// Why a command has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// The drive doesn't say.
    Nothing,
    /// The medium isn't ready yet.
    BecomingReady,
    /// There is no medium.
    NoMedium,
    /// Perhaps there is another medium than before.
    MediumChanged,
    /// The drive was reset before.
    Reset,
    /// The medium can't be read there.
    Unreadable,
    /// Something else: the sense key, the additional code and its qualifier.
    Other(u8, u8, u8),
}

impl Sense {
    /// Decodes the answer to [`Packet::RequestSense`].
    pub fn from_bytes(data: &[u8; SENSE_BYTES]) -> Self {
        match (data[2] & 0xF, data[12], data[13]) {
            (0, ..) => Self::Nothing,
            (2, 0x04, 0x01) => Self::BecomingReady,
            (2, 0x3A, _) => Self::NoMedium,
            (3, ..) => Self::Unreadable,
            (6, 0x28, _) => Self::MediumChanged,
            (6, 0x29, _) => Self::Reset,
            (key, code, qualifier) => Self::Other(key, code, qualifier),
        }
    }
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("the drive doesn't say why"),
            Self::BecomingReady => f.write_str("the medium isn't ready yet"),
            Self::NoMedium => f.write_str("there is no medium"),
            Self::MediumChanged => f.write_str("the medium was changed"),
            Self::Reset => f.write_str("the drive was reset"),
            Self::Unreadable => f.write_str("the medium can't be read there"),
            Self::Other(key, code, qualifier) => {
                write!(f, "sense key {key:#x}, code {code:#04x}, qualifier {qualifier:#04x}")
            }
        }
    }
}
