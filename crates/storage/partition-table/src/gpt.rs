//! The GUID partition table: two copies, each with checksums.
//!
//! Source: UEFI specification, "GUID Partition Table (GPT) Disk Layout".

use alloc::vec;
use alloc::vec::Vec;
use core::mem::size_of;

use bytemuck::pod_read_unaligned;
use crc::{CRC_32_ISO_HDLC, Crc};
use gpt_disk_types::{GptHeader, GptHeaderRevision, GptPartitionEntry, Guid};

use crate::table::{
    Damage, Disk, Identity, PARTITIONS_MAX, Partition, PartitionKind, ScanError, Table, TableKind,
};

const HEADER_BYTES: usize = size_of::<GptHeader>();
/// The offset of the header's own checksum, which counts as 0.
const HEADER_CHECKSUM: core::ops::Range<usize> = 16..20;
const ENTRY_BYTES: usize = size_of::<GptPartitionEntry>();
/// The most bytes of entries that are read. The usual table has 16 KiB.
const ENTRIES_BYTES_MAX: u64 = 1 << 20;

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A copy of the table, whose checksums are right.
struct Copy {
    header: GptHeader,
    entries: Vec<u8>,
}

impl Copy {
    /// Returns whether `other` describes the same partitions.
    fn has_entries_of(&self, other: &Self) -> bool {
        let parts = |copy: &Self| {
            let header = copy.header;
            let range = (header.first_usable_lba.to_u64(), header.last_usable_lba.to_u64());
            (range, header.disk_guid, header.size_of_partition_entry.to_u32())
        };
        parts(self) == parts(other) && self.entries == other.entries
    }
}

/// Reads the table; `None` if no copy of it is valid.
pub(crate) fn read<D: Disk>(disk: &mut D) -> Result<Option<Table>, ScanError<D::Error>> {
    let last = disk.sectors() - 1;
    let first = read_copy(disk, 1)?;
    // A disk that has grown has the second copy where the first one says.
    let second_at = first.as_ref().map_or(last, |copy| copy.header.alternate_lba.to_u64());
    let second = read_copy(disk, second_at)?;
    let mut damages = Vec::new();
    let copy = match (first, second) {
        (Some(first), Some(second)) => {
            if !first.has_entries_of(&second) {
                damages.push(Damage::GptCopiesDiffer);
            }
            first
        }
        (Some(first), None) => {
            damages.push(Damage::SecondGpt);
            first
        }
        (None, Some(second)) => {
            damages.push(Damage::FirstGpt);
            second
        }
        (None, None) => return Ok(None),
    };
    let partitions = partitions(&copy, disk, &mut damages);
    Ok(Some(Table { kind: TableKind::Gpt, partitions, damages }))
}

/// Reads the copy of the table whose header is at `sector`; `None` if it isn't valid.
fn read_copy<D: Disk>(disk: &mut D, sector: u64) -> Result<Option<Copy>, ScanError<D::Error>> {
    let (sector_bytes, sectors) = (disk.sector_bytes(), disk.sectors());
    if sector == 0 || sector >= sectors {
        return Ok(None);
    }
    let mut bytes = vec![0; sector_bytes];
    disk.read(sector, &mut bytes).map_err(ScanError::Disk)?;
    let Some(header) = valid_header(&mut bytes, sector) else {
        return Ok(None);
    };
    let entry_bytes = u64::from(header.size_of_partition_entry.to_u32());
    let count = u64::from(header.number_of_partition_entries.to_u32());
    let start = header.partition_entry_lba.to_u64();
    let len_bytes = entry_bytes * count;
    let is_usable = header.first_usable_lba.to_u64() <= header.last_usable_lba.to_u64()
        && header.last_usable_lba.to_u64() < sectors;
    let is_possible = entry_bytes >= ENTRY_BYTES as u64
        && (entry_bytes / ENTRY_BYTES as u64).is_power_of_two()
        && entry_bytes.is_multiple_of(ENTRY_BYTES as u64)
        && (1..=ENTRIES_BYTES_MAX).contains(&len_bytes);
    let read_sectors = len_bytes.div_ceil(sector_bytes as u64);
    let is_within = start.checked_add(read_sectors).is_some_and(|end| end <= sectors);
    if !is_usable || !is_possible || !is_within || start == 0 {
        return Ok(None);
    }
    let mut entries = vec![0; read_sectors as usize * sector_bytes];
    disk.read(start, &mut entries).map_err(ScanError::Disk)?;
    entries.truncate(len_bytes as usize);
    let is_right = CHECKSUM.checksum(&entries) == header.partition_entry_array_crc32.0.to_u32();
    Ok(is_right.then_some(Copy { header, entries }))
}

/// Returns the header in the first bytes of the sector `sector`, if it is valid. Clears its
/// checksum.
fn valid_header(bytes: &mut [u8], sector: u64) -> Option<GptHeader> {
    let header: GptHeader = pod_read_unaligned(&bytes[..HEADER_BYTES]);
    let header_bytes = header.header_size.to_u32() as usize;
    let is_header = header.is_signature_valid()
        && header.revision == GptHeaderRevision::VERSION_1_0
        && (HEADER_BYTES..=bytes.len()).contains(&header_bytes)
        && header.my_lba.to_u64() == sector;
    if !is_header {
        return None;
    }
    bytes[HEADER_CHECKSUM].fill(0);
    let checksum = CHECKSUM.checksum(&bytes[..header_bytes]);
    (checksum == header.header_crc32.0.to_u32()).then_some(header)
}

/// Returns the partitions that lie within the usable sectors.
fn partitions<D: Disk>(copy: &Copy, disk: &D, damages: &mut Vec<Damage>) -> Vec<Partition> {
    let entry_bytes = copy.header.size_of_partition_entry.to_u32() as usize;
    let mut found = Vec::new();
    for (index, entry) in copy.entries.chunks_exact(entry_bytes).enumerate() {
        let entry: GptPartitionEntry = pod_read_unaligned(&entry[..ENTRY_BYTES]);
        let kind = entry.partition_type_guid.0;
        if kind == Guid::ZERO {
            continue;
        }
        let number = index as u32 + 1;
        let (start, last) = (entry.starting_lba.to_u64(), entry.ending_lba.to_u64());
        if start > last || last >= disk.sectors() {
            damages.push(Damage::OutOfBounds(number));
            continue;
        }
        if found.len() == PARTITIONS_MAX {
            damages.push(Damage::TooMany);
            break;
        }
        let name = entry.name;
        found.push(Partition {
            number,
            first_sector: start,
            sectors: last - start + 1,
            kind: PartitionKind::Gpt { kind, name: name.chars().collect() },
            identity: Identity::Gpt(entry.unique_partition_guid),
        });
    }
    found
}
