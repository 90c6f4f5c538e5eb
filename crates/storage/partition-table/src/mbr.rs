//! The master boot record, and the chain of extended partitions.
//!
//! Source: UEFI specification, "Legacy Master Boot Record"; the numbers and the checks are those of
//! Linux, block/partitions/msdos.c.

use alloc::vec;
use alloc::vec::Vec;

use crate::table::{
    Damage, Disk, Identity, PARTITIONS_MAX, Partition, PartitionKind, ScanError, Table, TableKind,
};

const ENTRIES: usize = 446;
const ENTRY_BYTES: usize = 16;
const DISK_SIGNATURE: usize = 440;
const SIGNATURE: [u8; 2] = [0x55, 0xAA];

/// The type of the entry that protects a GPT.
const PROTECTIVE: u8 = 0xEE;
/// The types of extended partitions: by CHS, by LBA, of Linux.
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// The number of the first partition of the chain.
const FIRST_LOGICAL: u32 = 5;
/// The most records that a chain may have without a partition among them, so that a circle ends.
const EMPTY_RECORDS_MAX: usize = 100;
/// The bytes of an extended partition that its own device has, so that a boot loader can be
/// installed there.
const EXTENDED_DEVICE_BYTES: u64 = 1024;

/// An entry of a record.
#[derive(Clone, Copy, Debug)]
struct Entry {
    boot_indicator: u8,
    kind: u8,
    /// Its first sector, relative to a place that depends on the record.
    start: u64,
    sectors: u64,
}

impl Entry {
    fn is_extended(&self) -> bool {
        EXTENDED.contains(&self.kind)
    }
}

/// A record with four entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mbr {
    entries: [Entry; 4],
    disk_signature: u32,
}

impl Mbr {
    /// Reads a record of the chain; `None` if the sector isn't one.
    fn of_chain(sector: &[u8]) -> Option<Self> {
        if sector.get(510..512)? != SIGNATURE {
            return None;
        }
        let u32_at = |at: usize| {
            u32::from_le_bytes(sector[at..at + 4].try_into().expect("these are 4 bytes"))
        };
        let entries = core::array::from_fn(|index| {
            let at = ENTRIES + index * ENTRY_BYTES;
            Entry {
                boot_indicator: sector[at],
                kind: sector[at + 4],
                start: u32_at(at + 8).into(),
                sectors: u32_at(at + 12).into(),
            }
        });
        Some(Self { entries, disk_signature: u32_at(DISK_SIGNATURE) })
    }

    /// Reads the record of a disk; `None` if the sector isn't one. The first sector of a FAT file
    /// system on a disk without partitions has the same signature, but code or data in the place of
    /// the entries.
    pub(crate) fn of_disk(sector: &[u8]) -> Option<Self> {
        let mbr = Self::of_chain(sector)?;
        mbr.entries.iter().all(|entry| matches!(entry.boot_indicator, 0 | 0x80)).then_some(mbr)
    }

    /// Returns whether an entry protects a GPT.
    pub(crate) fn is_protective(&self) -> bool {
        self.entries.iter().any(|entry| entry.kind == PROTECTIVE)
    }
}

/// Returns the partitions of `mbr`, the record of `disk`.
pub(crate) fn read<D: Disk>(disk: &mut D, mbr: &Mbr) -> Result<Table, ScanError<D::Error>> {
    let mut table = Table { kind: TableKind::Mbr, partitions: Vec::new(), damages: Vec::new() };
    if mbr.is_protective() {
        table.damages.push(Damage::NoGpt);
    }
    let mut chains = Vec::new();
    for (index, entry) in mbr.entries.iter().enumerate() {
        let number = index as u32 + 1;
        if entry.sectors == 0 {
            continue;
        }
        let mut sectors = entry.sectors;
        if entry.is_extended() {
            chains.push(entry.start);
            let device_sectors = EXTENDED_DEVICE_BYTES.div_ceil(disk.sector_bytes() as u64);
            sectors = sectors.min(device_sectors);
        }
        add(&mut table, disk, mbr, number, (entry.start, sectors, entry.kind));
    }
    let mut number = FIRST_LOGICAL;
    for start in chains {
        number = follow(&mut table, disk, mbr, start, number)?;
    }
    Ok(table)
}

/// Adds the partitions of the chain that begins at `start`. Returns the number of the next one.
fn follow<D: Disk>(
    table: &mut Table,
    disk: &mut D,
    mbr: &Mbr,
    start: u64,
    mut number: u32,
) -> Result<u32, ScanError<D::Error>> {
    let mut sector = vec![0; disk.sector_bytes()];
    let mut at = start;
    let mut empty = 0;
    loop {
        if at >= disk.sectors() || empty > EMPTY_RECORDS_MAX {
            table.damages.push(Damage::ExtendedChain);
            return Ok(number);
        }
        disk.read(at, &mut sector).map_err(ScanError::Disk)?;
        let Some(record) = Mbr::of_chain(&sector) else {
            table.damages.push(Damage::ExtendedChain);
            return Ok(number);
        };
        empty += 1;
        // The first two entries are the partition and the next record; the others are unused, but
        // some programs write partitions there.
        for entry in record.entries.iter().filter(|entry| entry.sectors > 0 && !entry.is_extended())
        {
            if number as usize > PARTITIONS_MAX {
                table.damages.push(Damage::TooMany);
                return Ok(number);
            }
            add(table, disk, mbr, number, (at + entry.start, entry.sectors, entry.kind));
            number += 1;
            empty = 0;
        }
        let next = record.entries.iter().find(|entry| entry.sectors > 0 && entry.is_extended());
        match next {
            Some(entry) => at = start + entry.start,
            None => return Ok(number),
        }
    }
}

/// Adds a partition, if it lies within the disk.
fn add<D: Disk>(
    table: &mut Table,
    disk: &D,
    mbr: &Mbr,
    number: u32,
    (first_sector, sectors, kind): (u64, u64, u8),
) {
    let is_within = first_sector.checked_add(sectors).is_some_and(|end| end <= disk.sectors());
    if !is_within {
        table.damages.push(Damage::OutOfBounds(number));
        return;
    }
    table.partitions.push(Partition {
        number,
        first_sector,
        sectors,
        kind: PartitionKind::Mbr(kind),
        identity: Identity::Mbr { disk: mbr.disk_signature, number },
    });
}
