//! The types of a table.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use gpt_disk_types::Guid;

/// The most partitions that are returned, as on Linux.
pub const PARTITIONS_MAX: usize = 256;

/// A disk whose tables are read.
pub trait Disk {
    /// The reason why a sector can't be read.
    type Error;

    /// Returns the size of a sector, in bytes: a power of two, from 512 to 4,096.
    fn sector_bytes(&self) -> usize;

    /// Returns the number of sectors.
    fn sectors(&self) -> u64;

    /// Reads the sectors from `sector` on, which exist, to `to`, whose length is a multiple of the
    /// size of a sector.
    ///
    /// # Errors
    /// That of the disk.
    fn read(&mut self, sector: u64, to: &mut [u8]) -> Result<(), Self::Error>;
}

/// Why the tables of a disk can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanError<E> {
    /// The disk returned an error.
    Disk(E),
    /// The size of a sector isn't a power of two from 512 to 4,096.
    SectorSize,
}

/// The kind of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// The disk has no table.
    None,
    /// A master boot record, with a chain of extended partitions or without.
    Mbr,
    /// A GUID partition table.
    Gpt,
}

/// The partitions of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The kind of the table.
    pub kind: TableKind,
    /// The partitions, in order of their numbers.
    pub partitions: Vec<Partition>,
    /// What is wrong with the table.
    pub damages: Vec<Damage>,
}

impl Table {
    /// Returns the table of a disk without one.
    pub(crate) const fn none() -> Self {
        Self { kind: TableKind::None, partitions: Vec::new(), damages: Vec::new() }
    }
}

/// A partition, which lies within the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number, as in Linux's names of devices: 2 for sda2.
    pub number: u32,
    /// Its first sector.
    pub first_sector: u64,
    /// The number of its sectors, at least 1.
    pub sectors: u64,
    /// Its kind.
    pub kind: PartitionKind,
    /// Its identity, which PARTUUID on Linux's command line names.
    pub identity: Identity,
}

/// The kind of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionKind {
    /// The type byte of an MBR.
    Mbr(u8),
    /// The type and the name of a GPT.
    Gpt {
        /// The type.
        kind: Guid,
        /// The name; empty for none.
        name: String,
    },
}

/// The identity of a partition. It is printed as Linux prints PARTUUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The signature of the disk in its MBR, and the number of the partition.
    Mbr {
        /// The signature.
        disk: u32,
        /// The number.
        number: u32,
    },
    /// The unique identifier of a GPT.
    Gpt(Guid),
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mbr { disk, number } => write!(f, "{disk:08x}-{number:02x}"),
            Self::Gpt(guid) => write!(f, "{guid}"),
        }
    }
}

/// What is wrong with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The first copy of a GPT is damaged; the partitions are those of the second one.
    FirstGpt,
    /// The second copy of a GPT is damaged.
    SecondGpt,
    /// The two copies of a GPT differ; the partitions are those of the first one.
    GptCopiesDiffer,
    /// The MBR announces a GPT, but both of its copies are damaged.
    NoGpt,
    /// The partition with this number isn't within the disk.
    OutOfBounds(u32),
    /// The chain of extended partitions leaves the disk, can't be read, or doesn't end.
    ExtendedChain,
    /// There are more than [`PARTITIONS_MAX`] partitions.
    TooMany,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstGpt => {
                f.write_str("the first copy of the GPT is damaged, the second is used")
            }
            Self::SecondGpt => f.write_str("the second copy of the GPT is damaged"),
            Self::GptCopiesDiffer => f.write_str("the two copies of the GPT differ"),
            Self::NoGpt => f.write_str("both copies of the GPT are damaged"),
            Self::OutOfBounds(number) => write!(f, "partition {number} isn't within the disk"),
            Self::ExtendedChain => f.write_str("the chain of extended partitions is damaged"),
            Self::TooMany => f.write_str("there are too many partitions"),
        }
    }
}
