//! Commands, as the frame that the controller sends to the disk (Register FIS, host to device).
//!
//! Source: ACS-3, "Command descriptions"; Serial ATA 3.2, "Register FIS - Host to Device".

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
const FLUSH_CACHE_EXT: u8 = 0xEA;
const STANDBY_IMMEDIATE: u8 = 0xE0;

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

    /// Returns the frame. Only transfers can be queued.
    pub fn frame(self, queuing: Queuing) -> [u32; FIS_WORDS] {
        let (code, features, sector, count) = match (self, queuing) {
            (Self::Identify, _) => (IDENTIFY_DEVICE, 0, 0, 0),
            (Self::Flush, _) => (FLUSH_CACHE_EXT, 0, 0, 0),
            (Self::Standby, _) => (STANDBY_IMMEDIATE, 0, 0, 0),
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
