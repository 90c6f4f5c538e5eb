//! A disk in memory.

use std::vec;
use std::vec::Vec;

use gpt_disk_types::{Crc32, U32Le};

use crate::{Disk, Table, scan};

/// A disk in memory.
#[derive(Clone)]
pub(super) struct Image {
    pub(super) bytes: Vec<u8>,
    pub(super) sector_bytes: usize,
    /// The sector that can't be read.
    pub(super) bad: Option<u64>,
}

impl Disk for Image {
    type Error = u64;

    fn sector_bytes(&self) -> usize {
        self.sector_bytes
    }

    fn sectors(&self) -> u64 {
        (self.bytes.len() / self.sector_bytes) as u64
    }

    fn read(&mut self, sector: u64, to: &mut [u8]) -> Result<(), u64> {
        let count = (to.len() / self.sector_bytes) as u64;
        assert!(count > 0 && to.len().is_multiple_of(self.sector_bytes));
        assert!(sector + count <= self.sectors(), "reads beyond the disk");
        if let Some(bad) = self.bad.filter(|bad| (sector..sector + count).contains(bad)) {
            return Err(bad);
        }
        let start = sector as usize * self.sector_bytes;
        to.copy_from_slice(&self.bytes[start..start + to.len()]);
        Ok(())
    }
}

impl Image {
    pub(super) fn new(sectors: usize, sector_bytes: usize) -> Self {
        Self { bytes: vec![0; sectors * sector_bytes], sector_bytes, bad: None }
    }

    pub(super) fn sector(&mut self, number: u64) -> &mut [u8] {
        let start = number as usize * self.sector_bytes;
        &mut self.bytes[start..start + self.sector_bytes]
    }

    /// Writes an MBR with `entries`: index, type, first sector, number of sectors.
    pub(super) fn put_mbr(&mut self, sector: u64, entries: &[(usize, u8, u32, u32)]) {
        let record = self.sector(sector);
        record[510..512].copy_from_slice(&[0x55, 0xAA]);
        for (index, kind, start, count) in entries {
            let at = 446 + 16 * index;
            record[at + 4] = *kind;
            record[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
            record[at + 12..at + 16].copy_from_slice(&count.to_le_bytes());
        }
    }

    /// Writes a copy of a GPT with 4 entries to `at`, its entries to `entries_at`. The partitions
    /// are given as (index, first sector, last sector).
    pub(super) fn put_gpt(
        &mut self,
        at: u64,
        other: u64,
        entries_at: u64,
        found: &[(usize, u64, u64)],
    ) {
        let last = self.sectors() - 1;
        let mut entries = vec![0; 4 * 128];
        for (index, first, last) in found {
            let entry = &mut entries[index * 128..][..128];
            entry[..16].fill(0x11);
            entry[16..32].fill(0x20 + *index as u8);
            entry[32..40].copy_from_slice(&first.to_le_bytes());
            entry[40..48].copy_from_slice(&last.to_le_bytes());
            entry[56..60].copy_from_slice(&[b'a', 0, b'0' + *index as u8, 0]);
        }
        let len = entries.len();
        let start = entries_at as usize * self.sector_bytes;
        self.bytes[start..start + len].copy_from_slice(&entries);
        let header = self.sector(at);
        header.fill(0);
        header[..8].copy_from_slice(b"EFI PART");
        header[8..12].copy_from_slice(&0x1_0000_u32.to_le_bytes());
        header[12..16].copy_from_slice(&92_u32.to_le_bytes());
        header[24..32].copy_from_slice(&at.to_le_bytes());
        header[32..40].copy_from_slice(&other.to_le_bytes());
        header[40..48].copy_from_slice(&3_u64.to_le_bytes());
        header[48..56].copy_from_slice(&(last - 2).to_le_bytes());
        header[56..72].fill(0x77);
        header[72..80].copy_from_slice(&entries_at.to_le_bytes());
        header[80..84].copy_from_slice(&4_u32.to_le_bytes());
        header[84..88].copy_from_slice(&128_u32.to_le_bytes());
        header[88..92].copy_from_slice(&checksum(&entries).to_le_bytes());
        self.seal_header(at);
    }

    /// Computes the checksum of a header anew.
    pub(super) fn seal_header(&mut self, at: u64) {
        let header = self.sector(at);
        header[16..20].fill(0);
        let sum = checksum(&header[..92]);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
    }

    pub(super) fn scan(&mut self) -> Table {
        scan(self).expect("the image can be read")
    }
}

/// Returns the checksum of a GPT, by another crate's algorithm.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    assert_eq!(Crc32(U32Le::from_u32(!crc)).0.to_u32(), !crc);
    !crc
}
