//! The fields of inodes.
//!
//! Source: "The Second Extended File System", D. Poirier, "Inode Table"; Linux,
//! Documentation/filesystems/ext4/inodes.rst, for the fields after the first 128 bytes.

use crate::fields::{BlockNumber, InodeNumber, put_u16, put_u32, u16_at, u32_at};
use crate::superblock::INODE_BYTES;

/// The bytes of the fields that are known, where an inode has so many.
pub(crate) const FIELDS_BYTES: usize = 160;

/// The number of pointers in an inode: to 12 blocks, and to a table of each level.
pub(crate) const POINTERS: usize = 15;
/// The bytes of the pointers, which may hold the text of a link instead.
pub(crate) const POINTERS_BYTES: usize = POINTERS * 4;
const POINTERS_AT: usize = 0x28;

/// The parts of the mode.
pub(crate) const PERMISSIONS: u16 = 0o7777;
const KIND: u16 = 0o170_000;
pub(crate) const FIFO: u16 = 0o010_000;
pub(crate) const CHAR_DEVICE: u16 = 0o020_000;
pub(crate) const DIRECTORY: u16 = 0o040_000;
pub(crate) const BLOCK_DEVICE: u16 = 0o060_000;
pub(crate) const REGULAR: u16 = 0o100_000;
pub(crate) const SYMLINK: u16 = 0o120_000;
pub(crate) const SOCKET: u16 = 0o140_000;

/// The directory has an index of hashes.
const FLAG_INDEX: u32 = 0x1000;
/// The room is counted in blocks.
const FLAG_HUGE_FILE: u32 = 0x4_0000;
/// Extents are in the place of the pointers.
const FLAG_EXTENTS: u32 = 0x8_0000;
/// The contents are in the place of the pointers.
const FLAG_INLINE_DATA: u32 = 0x1000_0000;

/// What is in the place of the pointers, unless it is the text of a link or the numbers of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlockMap {
    /// Pointers to blocks.
    Pointers,
    /// The root of a tree of extents.
    Extents,
    /// Another thing.
    Other,
}

/// A field with a time: where its seconds are, and where the rest is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeField {
    pub seconds_at: usize,
    pub extra_at: usize,
}

pub(crate) const ACCESSED: TimeField = TimeField { seconds_at: 0x08, extra_at: 0x8C };
pub(crate) const CHANGED: TimeField = TimeField { seconds_at: 0x0C, extra_at: 0x84 };
pub(crate) const MODIFIED: TimeField = TimeField { seconds_at: 0x10, extra_at: 0x88 };
pub(crate) const CREATED: TimeField = TimeField { seconds_at: 0x90, extra_at: 0x94 };

/// An inode.
#[derive(Clone, Debug)]
pub(crate) struct Inode {
    pub number: InodeNumber,
    bytes: [u8; FIELDS_BYTES],
    len_bytes: usize,
}

impl Inode {
    /// Makes an inode of the bytes that are read by `read`, at most those of the known fields.
    pub(crate) fn read<E>(
        number: InodeNumber,
        inode_bytes: u32,
        read: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let len_bytes = FIELDS_BYTES.min(inode_bytes as usize);
        let mut bytes = [0; FIELDS_BYTES];
        read(&mut bytes[..len_bytes])?;
        Ok(Self { number, bytes, len_bytes })
    }

    /// Returns the bytes of the fields.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len_bytes]
    }

    /// Makes the inode one of a new node, with the same number and a new generation.
    pub(crate) fn reset(&mut self, mode: u16, links: u16, extra_bytes: u16) {
        let generation = self.generation().wrapping_add(1);
        self.bytes.fill(0);
        put_u32(&mut self.bytes, 0x64, generation);
        put_u16(&mut self.bytes, 0, mode);
        self.set_links(links);
        if self.len_bytes == FIELDS_BYTES {
            put_u16(&mut self.bytes, 0x80, extra_bytes);
        }
    }

    pub(crate) fn generation(&self) -> u32 {
        u32_at(&self.bytes, 0x64)
    }

    pub(crate) fn mode(&self) -> u16 {
        u16_at(&self.bytes, 0)
    }

    pub(crate) fn set_permissions(&mut self, permissions: u16) {
        let mode = self.mode() & !PERMISSIONS | permissions & PERMISSIONS;
        put_u16(&mut self.bytes, 0, mode);
    }

    /// Returns the bits of the mode for the kind.
    pub(crate) fn kind(&self) -> u16 {
        self.mode() & KIND
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.kind() == DIRECTORY
    }

    pub(crate) fn uid(&self) -> u32 {
        u32::from(u16_at(&self.bytes, 2)) | u32::from(u16_at(&self.bytes, 0x78)) << 16
    }

    pub(crate) fn gid(&self) -> u32 {
        u32::from(u16_at(&self.bytes, 0x18)) | u32::from(u16_at(&self.bytes, 0x7A)) << 16
    }

    pub(crate) fn set_owner(&mut self, uid: u32, gid: u32) {
        for (at, value) in [(2, uid), (0x78, uid >> 16), (0x18, gid), (0x7A, gid >> 16)] {
            put_u16(&mut self.bytes, at, value as u16);
        }
    }

    /// Returns the size. Only that of regular files has 64 bits.
    pub(crate) fn size(&self) -> u64 {
        let high = if self.kind() == REGULAR { u32_at(&self.bytes, 0x6C) } else { 0 };
        u64::from(high) << 32 | u64::from(u32_at(&self.bytes, 4))
    }

    pub(crate) fn set_size(&mut self, size: u64) {
        put_u32(&mut self.bytes, 4, size as u32);
        if self.kind() == REGULAR {
            put_u32(&mut self.bytes, 0x6C, (size >> 32) as u32);
        }
    }

    pub(crate) fn links(&self) -> u16 {
        u16_at(&self.bytes, 0x1A)
    }

    pub(crate) fn set_links(&mut self, links: u16) {
        put_u16(&mut self.bytes, 0x1A, links);
    }

    /// Returns the room of its blocks, in units of 512 bytes.
    pub(crate) fn sectors(&self) -> u32 {
        u32_at(&self.bytes, 0x1C)
    }

    /// Returns the same of a volume that counts it by 48 bits, and its blocks for some files.
    pub(crate) fn wide_sectors(&self, block_shift: u32) -> u64 {
        let count = u64::from(u16_at(&self.bytes, 0x74)) << 32 | u64::from(self.sectors());
        if self.flags() & FLAG_HUGE_FILE != 0 { count << (block_shift - 9) } else { count }
    }

    pub(crate) fn set_sectors(&mut self, sectors: u32) {
        put_u32(&mut self.bytes, 0x1C, sectors);
    }

    pub(crate) fn set_ended(&mut self, seconds: u32) {
        put_u32(&mut self.bytes, 0x14, seconds);
    }

    /// Returns whether no node has the inode.
    pub(crate) fn is_free(&self) -> bool {
        let has_ended = u32_at(&self.bytes, 0x14) != 0;
        self.mode() == 0 || (self.links() == 0 && has_ended)
    }

    pub(crate) fn has_index(&self) -> bool {
        self.flags() & FLAG_INDEX != 0
    }

    pub(crate) fn clear_index(&mut self) {
        let flags = self.flags() & !FLAG_INDEX;
        put_u32(&mut self.bytes, 0x20, flags);
    }

    /// Returns what is in the place of the pointers.
    pub(crate) fn block_map(&self) -> BlockMap {
        match self.flags() & (FLAG_EXTENTS | FLAG_INLINE_DATA) {
            0 => BlockMap::Pointers,
            FLAG_EXTENTS => BlockMap::Extents,
            _ => BlockMap::Other,
        }
    }

    fn flags(&self) -> u32 {
        u32_at(&self.bytes, 0x20)
    }

    /// Returns the block with extended attributes.
    pub(crate) fn attribute_block(&self) -> Option<BlockNumber> {
        let block = u32_at(&self.bytes, 0x68);
        (block != 0).then_some(BlockNumber(block))
    }

    pub(crate) fn clear_attribute_block(&mut self) {
        put_u32(&mut self.bytes, 0x68, 0);
    }

    /// Returns a pointer of the inode; 0 is none.
    pub(crate) fn pointer(&self, index: usize) -> u32 {
        u32_at(&self.bytes, POINTERS_AT + index * 4)
    }

    pub(crate) fn set_pointer(&mut self, index: usize, pointer: u32) {
        put_u32(&mut self.bytes, POINTERS_AT + index * 4, pointer);
    }

    /// Returns the bytes in the place of the pointers.
    pub(crate) fn map_bytes(&self) -> &[u8] {
        &self.bytes[POINTERS_AT..POINTERS_AT + POINTERS_BYTES]
    }

    /// Returns the bytes of the pointers.
    pub(crate) fn pointer_bytes(&mut self) -> &mut [u8] {
        &mut self.bytes[POINTERS_AT..POINTERS_AT + POINTERS_BYTES]
    }

    /// Returns the seconds of a time, and its nanoseconds with the higher bits of the seconds, if
    /// the inode has a field for them.
    pub(crate) fn time(&self, field: TimeField) -> (u32, Option<u32>) {
        let extra = self.has_extra(field).then(|| u32_at(&self.bytes, field.extra_at));
        (u32_at(&self.bytes, field.seconds_at), extra)
    }

    pub(crate) fn set_time(&mut self, field: TimeField, seconds: u32, extra: u32) {
        put_u32(&mut self.bytes, field.seconds_at, seconds);
        if self.has_extra(field) {
            put_u32(&mut self.bytes, field.extra_at, extra);
        }
    }

    /// Returns whether the inode has the field for the rest of a time. The bytes after its fields
    /// may hold extended attributes.
    pub(crate) fn has_extra(&self, field: TimeField) -> bool {
        self.len_bytes == FIELDS_BYTES
            && field.extra_at + 4 <= INODE_BYTES as usize + usize::from(u16_at(&self.bytes, 0x80))
    }
}
