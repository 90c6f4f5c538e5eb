//! The partitions of a disk, by a GPT or an MBR, with the numbers that Linux gives them.
//!
//! [`scan`] reads the tables of a [`Disk`] and checks all that it reads: a disk may have been written
//! by anything. Partitions that don't lie within the disk are left out, a GPT whose first copy is
//! damaged is read from the second one, and a chain of extended partitions that doesn't end is cut.
//! What was found to be wrong is in [`Table::damages`].
//!
//! ```
//! use partition_table::{Disk, TableKind, scan};
//!
//! struct Empty;
//! impl Disk for Empty {
//!     type Error = ();
//!     fn sector_bytes(&self) -> usize { 512 }
//!     fn sectors(&self) -> u64 { 2048 }
//!     fn read(&mut self, _sector: u64, to: &mut [u8]) -> Result<(), ()> {
//!         to.fill(0);
//!         Ok(())
//!     }
//! }
//! let table = scan(&mut Empty).unwrap();
//! assert_eq!((table.kind, table.partitions.len()), (TableKind::None, 0));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod gpt;
mod mbr;
mod table;
#[cfg(test)]
mod tests;

pub use table::{
    Damage, Disk, Identity, PARTITIONS_MAX, Partition, PartitionKind, ScanError, Table, TableKind,
};

use alloc::vec;
use mbr::Mbr;

/// The sizes of a sector that disks have, in bytes.
const SECTOR_BYTES: core::ops::RangeInclusive<usize> = 512..=4096;

/// Reads the tables of a disk.
///
/// # Errors
/// [`ScanError`]. A damaged table isn't an error.
pub fn scan<D: Disk>(disk: &mut D) -> Result<Table, ScanError<D::Error>> {
    let sector_bytes = disk.sector_bytes();
    if !sector_bytes.is_power_of_two() || !SECTOR_BYTES.contains(&sector_bytes) {
        return Err(ScanError::SectorSize);
    }
    if disk.sectors() == 0 {
        return Ok(Table::none());
    }
    let mut sector = vec![0; sector_bytes];
    disk.read(0, &mut sector).map_err(ScanError::Disk)?;
    let Some(mbr) = Mbr::of_disk(&sector) else {
        return Ok(Table::none());
    };
    if mbr.is_protective() {
        // Without a valid GPT the entry of the MBR is a partition, as on Linux.
        if let Some(table) = gpt::read(disk)? {
            return Ok(table);
        }
    }
    mbr::read(disk, &mbr)
}
