//! Commands, as the frame that the controller sends to the disk (Register FIS, host to device).
//!
//! Source: ACS-3, "Command descriptions"; Serial ATA 3.2, "Register FIS - Host to Device".

use crate::packet::Packet;

/// The number of words of a frame.
pub const FIS_WORDS: usize = 5;
/// The most sectors of a command: more than any request has.
pub const SECTORS_MAX: u32 = 65_535;

/// The type of the frame, and that it has a command.
const REGISTER_HOST_TO_DEVICE: u32 = 0x27;
const HAS_COMMAND: u32 = 1 << 15;
/// Device: the position is a number of a sector.
const LBA: u8 = 1 << 6;

const IDENTIFY_DEVICE: u8 = 0xEC;
const READ_DMA_EXT: u8 = 0x25;
const WRITE_DMA_EXT: u8 = 0x35;
const READ_FPDMA_QUEUED: u8 = 0x60;
const WRITE_FPDMA_QUEUED: u8 = 0x61;
const IDENTIFY_PACKET_DEVICE: u8 = 0xA1;
const PACKET: u8 = 0xA0;
const FLUSH_CACHE_EXT: u8 = 0xEA;
const STANDBY_IMMEDIATE: u8 = 0xE0;

// Features of a packet's command: the drive accesses memory by itself; data goes to memory.
const DMA: u32 = 1 << 0;
const TO_MEMORY: u32 = 1 << 2;
/// The most bytes that a drive sends at a time if it doesn't access memory by itself. The controller
/// puts the pieces together.
const PIECE_BYTES_MAX: u64 = 63 * 1024;

/// The direction of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the disk to memory.
    Read,
    /// From memory to the disk.
    Write,
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Reads the properties of the disk.
    Identify,
    /// Transfers sectors.
    Transfer {
        /// The direction.
        direction: Direction,
        /// The first sector, of 48 bits.
        sector: u64,
        /// The number of sectors: from 1 to [`SECTORS_MAX`].
        count: u32,
    },
    /// Writes the cache to the medium.
    Flush,
    /// Prepares the disk for the loss of power.
    Standby,
    /// Reads the properties of a drive with packets.
    IdentifyPacketDevice,
    /// Has a command for a drive with packets.
    Packet {
        /// The command.
        packet: Packet,
        /// Whether the drive has to be told that data goes to memory.
        needs_direction: bool,
    },
}

/// Whether a command is one of several that the disk has at once (NCQ).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queuing {
    /// The disk executes it alone.
    Alone,
    /// The disk has it with others; the number is its tag, below 32.
    Queued(u8),
}

impl Command {
    /// Returns whether the disk reads memory.
    pub fn is_write(self) -> bool {
        matches!(self, Self::Transfer { direction: Direction::Write, .. })
    }

    /// Returns the packet that belongs to the frame.
    pub fn packet(self) -> Option<Packet> {
        match self {
            Self::Packet { packet, .. } => Some(packet),
            _ => None,
        }
    }

    /// Returns the frame. Only transfers can be queued.
    pub fn frame(self, queuing: Queuing) -> [u32; FIS_WORDS] {
        let (code, features, sector, count) = match (self, queuing) {
            (Self::Identify, _) => (IDENTIFY_DEVICE, 0, 0, 0),
            (Self::Flush, _) => (FLUSH_CACHE_EXT, 0, 0, 0),
            (Self::Standby, _) => (STANDBY_IMMEDIATE, 0, 0, 0),
            (Self::IdentifyPacketDevice, _) => (IDENTIFY_PACKET_DEVICE, 0, 0, 0),
            (Self::Packet { packet, needs_direction }, _) => {
                let dma = if packet.has_dma() { DMA } else { 0 };
                let direction = if needs_direction && packet.has_dma() { TO_MEMORY } else { 0 };
                // The length is where other commands have the middle of the sector's number.
                (PACKET, dma | direction, PIECE_BYTES_MAX << 8, 0)
            }
            (Self::Transfer { direction, sector, count }, Queuing::Alone) => {
                let code = match direction {
                    Direction::Read => READ_DMA_EXT,
                    Direction::Write => WRITE_DMA_EXT,
                };
                (code, 0, sector, count)
            }
            (Self::Transfer { direction, sector, count }, Queuing::Queued(tag)) => {
                // The number of sectors is in the features, and the tag in the count.
                let code = match direction {
                    Direction::Read => READ_FPDMA_QUEUED,
                    Direction::Write => WRITE_FPDMA_QUEUED,
                };
                (code, count, sector, u32::from(tag) << 3)
            }
        };
        let (low, high) = (sector as u32 & 0xFF_FFFF, (sector >> 24) as u32 & 0xFF_FFFF);
        [
            REGISTER_HOST_TO_DEVICE | HAS_COMMAND | u32::from(code) << 16 | (features & 0xFF) << 24,
            low | u32::from(LBA) << 24,
            high | (features >> 8 & 0xFF) << 24,
            count & 0xFFFF,
            0,
        ]
    }
}
