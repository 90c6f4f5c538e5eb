//! One directory record.
//!
//! Source: ECMA-119, "Format of a Directory Record".

use volume::{Medium, Time, VolumeError};

use crate::date;
use crate::image::{Image, sector_end};

/// The length of the longest record, in bytes.
pub(crate) const RECORD_BYTES_MAX: usize = 255;
/// The identifier of the record for the directory itself.
pub(crate) const SELF: &[u8] = &[0];
/// The identifier of the record for the parent.
pub(crate) const PARENT: &[u8] = &[1];

/// The length of the fields before the identifier, in bytes.
const FIXED_BYTES: usize = 33;

const ATTRIBUTES_BLOCKS: usize = 1;
const EXTENT: usize = 2;
const LEN_BYTES: usize = 10;
const DATE: usize = 18;
const FLAGS: usize = 25;
const UNIT_BLOCKS: usize = 26;
const GAP_BLOCKS: usize = 27;
const IDENTIFIER_BYTES: usize = 32;

const IS_DIRECTORY: u8 = 1 << 1;
const IS_ASSOCIATED: u8 = 1 << 2;
const HAS_MORE: u8 = 1 << 7;

/// A record. Its identifier is within it.
pub(crate) struct Record {
    /// Its place on the disk.
    pub(crate) at: u64,
    bytes: [u8; RECORD_BYTES_MAX],
}

impl Record {
    /// Returns the record that is at the start of `bytes`, which end with the disk, the directory
    /// or the sector at the latest; `None` if there is none.
    pub(crate) fn parse(at: u64, bytes: &[u8]) -> Result<Option<Self>, VolumeError> {
        let Some(len_bytes) = bytes.first().copied().filter(|len_bytes| *len_bytes > 0) else {
            return Ok(None);
        };
        const DAMAGED: VolumeError = VolumeError::Damaged("the length of a directory record");
        let found = bytes.get(..usize::from(len_bytes)).ok_or(DAMAGED)?;
        let name_bytes = usize::from(*found.get(IDENTIFIER_BYTES).ok_or(DAMAGED)?);
        if name_bytes == 0 || FIXED_BYTES + name_bytes > found.len() {
            return Err(DAMAGED);
        }
        let mut record = Self { at, bytes: [0; RECORD_BYTES_MAX] };
        record.bytes[..found.len()].copy_from_slice(found);
        Ok(Some(record))
    }

    /// Reads the record at `at`, which ends at `end` at the latest; `None` if there is none.
    pub(crate) fn read<M: Medium>(
        image: &Image<M>,
        at: u64,
        end: u64,
    ) -> Result<Option<Self>, VolumeError> {
        let end = end.min(sector_end(at)).min(image.len_bytes());
        let mut bytes = [0; RECORD_BYTES_MAX];
        let len_bytes = end.saturating_sub(at).min(RECORD_BYTES_MAX as u64) as usize;
        let bytes = &mut bytes[..len_bytes];
        image.read(at, bytes)?;
        Self::parse(at, bytes)
    }

    /// Reads the record that has to be at `at`.
    pub(crate) fn read_node<M: Medium>(image: &Image<M>, at: u64) -> Result<Self, VolumeError> {
        Self::read(image, at, u64::MAX)?
            .ok_or(VolumeError::Damaged("a directory record that is missing"))
    }

    /// Returns the place after it.
    pub(crate) fn end(&self) -> u64 {
        self.at.saturating_add(self.bytes[0].into())
    }

    pub(crate) fn identifier(&self) -> &[u8] {
        &self.bytes[FIXED_BYTES..][..usize::from(self.bytes[IDENTIFIER_BYTES])]
    }

    /// Returns the bytes after the identifier, which extensions use.
    pub(crate) fn system_use(&self) -> &[u8] {
        // The identifier is padded so that they begin at an even place.
        let start = (FIXED_BYTES + self.identifier().len()).next_multiple_of(2);
        self.bytes[..usize::from(self.bytes[0])].get(start..).unwrap_or_default()
    }

    /// Returns the place of the file's bytes, after its extended attributes.
    pub(crate) fn extent<M: Medium>(&self, image: &Image<M>) -> u64 {
        let attributes_blocks = u32::from(self.bytes[ATTRIBUTES_BLOCKS]);
        image.block(self.u32_at(EXTENT)) + image.block(attributes_blocks)
    }

    /// Returns the number of the file's bytes in this extent.
    pub(crate) fn len_bytes(&self) -> u32 {
        self.u32_at(LEN_BYTES)
    }

    pub(crate) fn date(&self) -> Time {
        let date = self.bytes[DATE..].first_chunk().expect("a record has more bytes");
        date::short(date)
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.bytes[FLAGS] & IS_DIRECTORY != 0
    }

    /// Returns whether it is a file that belongs to the file of the same name. Linux hides these.
    pub(crate) fn is_associated(&self) -> bool {
        self.bytes[FLAGS] & IS_ASSOCIATED != 0
    }

    /// Returns whether the file goes on in the extent of the next record.
    pub(crate) fn has_more(&self) -> bool {
        self.bytes[FLAGS] & HAS_MORE != 0
    }

    pub(crate) fn is_interleaved(&self) -> bool {
        self.bytes[UNIT_BLOCKS] != 0 || self.bytes[GAP_BLOCKS] != 0
    }

    /// Returns the number at `at` of the record. It is stored in both byte orders.
    fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes(*self.bytes[at..].first_chunk().expect("a record has more bytes"))
    }
}
