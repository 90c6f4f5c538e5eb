//! The 32 bytes of an entry with a short name.

use ::volume::Time;

use crate::boot_sector::Kind;
use crate::time::DosTime;

pub(crate) const ENTRY_BYTES: u32 = 32;
/// The largest file: its size has 32 bits.
pub(crate) const FILE_BYTES_MAX: u64 = u32::MAX as u64;
/// The first byte of an entry after which a directory has no others.
pub(crate) const END: u8 = 0;
/// The first byte of a removed entry.
pub(crate) const REMOVED: u8 = 0xE5;

pub(crate) const READ_ONLY: u8 = 0x01;
pub(crate) const VOLUME_LABEL: u8 = 0x08;
pub(crate) const DIRECTORY: u8 = 0x10;
pub(crate) const ARCHIVE: u8 = 0x20;
/// The attributes of a part of a long name, and the mask for the comparison.
pub(crate) const LONG_NAME: u8 = 0x0F;
pub(crate) const LONG_NAME_MASK: u8 = 0x3F;

/// The flags that a part of the name is shown in lower case.
pub(crate) const LOWER_BASE: u8 = 0x08;
pub(crate) const LOWER_EXTENSION: u8 = 0x10;

pub(crate) const DOT: [u8; 11] = *b".          ";
pub(crate) const DOT_DOT: [u8; 11] = *b"..         ";

/// An entry with a short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortEntry(pub [u8; ENTRY_BYTES as usize]);

impl ShortEntry {
    /// Makes an entry without a name, clusters and contents.
    pub fn new(attributes: u8, now: Time) -> Self {
        let mut entry = Self([0; 32]);
        let time = DosTime::from_time(now);
        entry.0[11] = attributes;
        entry.0[13] = time.hundredths;
        entry.set_u16(14, time.time);
        entry.set_u16(16, time.date);
        entry.set_accessed(now);
        entry.set_modified(now);
        entry
    }

    pub fn name(&self) -> &[u8; 11] {
        self.0.first_chunk().expect("an entry has 32 bytes")
    }

    /// Sets the name, without flags for lower case.
    pub fn set_name(&mut self, name: [u8; 11]) {
        self.0[..11].copy_from_slice(&name);
        self.0[12] = 0;
    }

    /// Sets the name and its flags to those of another entry.
    pub fn set_name_of(&mut self, other: &Self) {
        self.0[..11].copy_from_slice(other.name());
        self.0[12] = other.0[12];
    }

    pub fn attributes(&self) -> u8 {
        self.0[11]
    }

    pub fn set_attributes(&mut self, attributes: u8) {
        self.0[11] = attributes;
    }

    /// Returns the flags for lower case.
    pub fn case_flags(&self) -> u8 {
        self.0[12]
    }

    pub fn is_directory(&self) -> bool {
        self.attributes() & DIRECTORY != 0
    }

    /// Returns whether it is `.` or `..`.
    pub fn is_dots(&self) -> bool {
        [DOT, DOT_DOT].contains(self.name())
    }

    /// Returns the first cluster, which need not exist.
    pub fn first_cluster(&self, kind: Kind) -> Option<u32> {
        let upper = if kind == Kind::Fat32 { self.u16_at(20) } else { 0 };
        let cluster = u32::from(upper) << 16 | u32::from(self.u16_at(26));
        (cluster != 0).then_some(cluster)
    }

    pub fn set_first_cluster(&mut self, cluster: Option<u32>) {
        let cluster = cluster.unwrap_or(0);
        self.set_u16(20, (cluster >> 16) as u16);
        self.set_u16(26, cluster as u16);
    }

    pub fn size_bytes(&self) -> u32 {
        u32::from(self.u16_at(28)) | u32::from(self.u16_at(30)) << 16
    }

    pub fn set_size_bytes(&mut self, size: u32) {
        self.0[28..32].copy_from_slice(&size.to_le_bytes());
    }

    pub fn accessed(&self) -> Time {
        DosTime { date: self.u16_at(18), ..DosTime::default() }.to_time()
    }

    pub fn set_accessed(&mut self, time: Time) {
        self.set_u16(18, DosTime::from_time(time).date);
    }

    pub fn modified(&self) -> Time {
        DosTime { date: self.u16_at(24), time: self.u16_at(22), hundredths: 0 }.to_time()
    }

    pub fn set_modified(&mut self, time: Time) {
        let time = DosTime::from_time(time);
        self.set_u16(22, time.time);
        self.set_u16(24, time.date);
    }

    fn u16_at(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn set_u16(&mut self, at: usize, value: u16) {
        self.0[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
}
