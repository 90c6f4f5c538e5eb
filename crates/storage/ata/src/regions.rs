//! The description of a command in memory: a header in the list of the port, and a table with the
//! frame and the regions of memory (PRDT).
//!
//! Source: Serial ATA AHCI 1.3.1, "Command List Structure", "Command Table".

use crate::command::{Command, FIS_WORDS};

/// The size of a header, in bytes.
pub const HEADER_BYTES: usize = 32;
/// The place of a packet in a table, in bytes.
pub const PACKET: usize = 0x40;
/// The place of the regions in a table, and the size of each, in bytes. A table begins at a multiple
/// of 128.
pub const REGIONS: usize = 0x80;
/// The size of the description of a region, in bytes.
pub const REGION_BYTES: usize = 16;

/// The most bytes of a region.
const LEN_BYTES_MAX: u32 = 4 << 20;

/// Header: the table has a packet.
const HAS_PACKET: u32 = 1 << 5;
/// Header: the disk reads memory.
const WRITE: u32 = 1 << 6;

/// Memory that takes part in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The physical address, a multiple of 2.
    pub address: u64,
    /// The number of bytes, a multiple of 2.
    pub len_bytes: u32,
}

/// Why memory can't be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionsError {
    /// There are too many regions.
    TooMany,
    /// A region is empty, too long, or not at a multiple of 2.
    Invalid,
}

/// Describes `regions`, at most `room` of them. `write` gets the index and the words of each. Returns
/// their number.
///
/// # Errors
/// See [`RegionsError`]. Some may have been written.
pub fn describe(
    regions: impl IntoIterator<Item = Region>,
    room: u16,
    mut write: impl FnMut(u16, [u32; 4]),
) -> Result<u16, RegionsError> {
    let mut count = 0;
    for Region { address, len_bytes } in regions {
        if count == room {
            return Err(RegionsError::TooMany);
        }
        let is_valid = (1..=LEN_BYTES_MAX).contains(&len_bytes)
            && len_bytes.is_multiple_of(2)
            && address.is_multiple_of(2);
        if !is_valid {
            return Err(RegionsError::Invalid);
        }
        write(count, [address as u32, (address >> 32) as u32, 0, len_bytes - 1]);
        count += 1;
    }
    Ok(count)
}

/// Returns the words of a header for the table of `command` at the physical address `table`, with
/// `regions` regions. The controller sets the second word to the number of bytes.
pub fn header(table: u64, regions: u16, command: Command) -> [u32; 4] {
    let direction = if command.is_write() { WRITE } else { 0 };
    let packet = if command.packet().is_some() { HAS_PACKET } else { 0 };
    let first = FIS_WORDS as u32 | packet | direction | u32::from(regions) << 16;
    [first, 0, table as u32, (table >> 32) as u32]
}
