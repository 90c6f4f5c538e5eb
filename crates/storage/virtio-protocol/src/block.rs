//! Block devices: their properties, requests and answers.
//!
//! Source: VIRTIO 1.2, "Block Device".

use core::fmt;

use crate::features::Features;

/// The number of bytes of the properties that are decoded.
pub const CONFIG_BYTES: usize = 36;
/// The unit of sizes and positions, in bytes, whatever the size of the disk's sectors.
pub const UNIT_BYTES: u32 = 512;
/// The size of a request's header, in bytes.
pub const HEADER_BYTES: u32 = 16;
/// The size of the disk's identity, in bytes.
pub const IDENTITY_BYTES: usize = 20;

/// The properties of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The size of a sector, in bytes: a power of two, from 512 to 4,096.
    pub sector_bytes: u32,
    /// The number of sectors, at least 1.
    pub sectors: u64,
    /// The most segments of a request.
    pub segments_max: u32,
    /// The most bytes of a segment.
    pub segment_bytes_max: u32,
    /// The number of queues, at least 1.
    pub queues: u16,
    /// Whether it refuses writes.
    pub is_read_only: bool,
    /// Whether it has a cache for writes.
    pub has_write_cache: bool,
}

/// Why a disk can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// The size of its sectors isn't a power of two from 512 to 4,096.
    SectorBytes(u32),
    /// It has no sectors.
    Empty,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SectorBytes(bytes) => write!(f, "its sectors have {bytes} bytes"),
            Self::Empty => f.write_str("it has no sectors"),
        }
    }
}

impl core::error::Error for ConfigError {}

impl Config {
    /// Decodes the properties of a device with these features.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn from_bytes(data: &[u8; CONFIG_BYTES], features: Features) -> Result<Self, ConfigError> {
        let word =
            |at: usize| u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        let if_has = |feature, value| features.has(feature).then_some(value);
        let sector_bytes = if_has(Features::BLK_SIZE, word(20)).unwrap_or(UNIT_BYTES);
        if !sector_bytes.is_power_of_two() || !(512..=4096).contains(&sector_bytes) {
            return Err(ConfigError::SectorBytes(sector_bytes));
        }
        let units = u64::from(word(4)) << 32 | u64::from(word(0));
        let sectors = units / u64::from(sector_bytes / UNIT_BYTES);
        if sectors == 0 {
            return Err(ConfigError::Empty);
        }
        let queues = match features.has(Features::MQ) {
            true => u16::from_le_bytes([data[34], data[35]]),
            false => 1,
        };
        Ok(Self {
            sector_bytes,
            sectors,
            // Without a limit of its own, a device may take only one: so Linux sees it.
            segments_max: if_has(Features::SEG_MAX, word(12)).unwrap_or(1).max(1),
            segment_bytes_max: if_has(Features::SIZE_MAX, word(8)).unwrap_or(u32::MAX),
            queues: queues.max(1),
            is_read_only: features.has(Features::RO),
            has_write_cache: features.has(Features::FLUSH),
        })
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reads sectors.
    Read,
    /// Writes sectors.
    Write,
    /// Writes the cache to the medium.
    Flush,
    /// Reads the disk's identity, of [`IDENTITY_BYTES`] bytes.
    Identify,
}

/// Returns the two words of a request's header; `unit` is the first unit of [`UNIT_BYTES`] bytes.
pub fn header(kind: Kind, unit: u64) -> [u64; 2] {
    match kind {
        Kind::Read => [0, unit],
        Kind::Write => [1, unit],
        Kind::Flush => [4, 0],
        Kind::Identify => [8, 0],
    }
}

/// The status of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// A status that no device writes.
    pub const UNSET: Self = Self(0xFF);

    /// Returns whether the request has succeeded.
    pub fn is_success(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(0) => f.write_str("success"),
            Self(1) => f.write_str("device or driver error"),
            Self(2) => f.write_str("request unsupported by the device"),
            Self::UNSET => f.write_str("answer without a status"),
            Self(other) => write!(f, "status {other:#04x}"),
        }
    }
}

/// Returns the printable text of a disk's identity, which ends before its first byte 0.
pub fn identity(bytes: &[u8; IDENTITY_BYTES]) -> &str {
    let len = bytes.iter().position(|byte| !matches!(byte, 0x20..=0x7E)).unwrap_or(bytes.len());
    core::str::from_utf8(&bytes[..len]).unwrap_or_default().trim()
}
