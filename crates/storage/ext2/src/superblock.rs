//! The superblock, and the places of a volume that follow from it.
//!
//! Source: "The Second Extended File System", D. Poirier, "Superblock"; Linux,
//! Documentation/filesystems/ext4/super.rst.

use volume::{Access, Medium, VolumeError};

use crate::checksum::{START, checksum};
use crate::features::{Features, Format};
use crate::fields::{BlockNumber, InodeNumber, u16_at, u32_at};

/// The offset of the superblock, in bytes.
pub(crate) const SUPERBLOCK_AT: u64 = 1024;
pub(crate) const SUPERBLOCK_BYTES: usize = 1024;

/// The offsets of the fields that are written.
pub(crate) const FREE_BLOCKS_AT: u64 = 0x0C;
pub(crate) const FREE_INODES_AT: u64 = 0x10;
pub(crate) const STATE_AT: u64 = 0x3A;
pub(crate) const READ_ONLY_FEATURES_AT: u64 = 0x64;

const UUID: core::ops::Range<usize> = 0x68..0x78;
const CHECKSUM_AT: usize = 0x3FC;

/// The bits of the state: the volume was closed; errors were found.
pub(crate) const STATE_VALID: u16 = 1;
const STATE_ERRORS: u16 = 2;

pub(crate) const MAGIC: u16 = 0xEF53;
/// The bytes of a group descriptor, and what it may have with block numbers of 64 bits.
pub(crate) const DESCRIPTOR_BYTES: u32 = 32;
pub(crate) const WIDE_DESCRIPTOR_BYTES: u32 = 64;
pub(crate) const DESCRIPTOR_BYTES_MAX: u32 = 1024;
/// The longest name, in bytes.
pub(crate) const NAME_MAX_BYTES: usize = 255;
/// The inode of the root directory.
pub(crate) const ROOT: InodeNumber = InodeNumber(2);
/// The first inode that isn't reserved, of revision 0.
const FIRST_INODE: u32 = 11;
/// The bytes of an inode of revision 0.
pub(crate) const INODE_BYTES: u32 = 128;
/// The fewest blocks that a group has, as mke2fs makes it.
const GROUP_BLOCKS_MIN: u32 = 256;

/// The fields of the superblock. [`Superblock::parse`] has checked them.
#[derive(Clone, Debug)]
pub(crate) struct Superblock {
    pub inodes: u32,
    pub blocks: u32,
    pub reserved_blocks: u32,
    pub first_data_block: u32,
    /// The logarithm of the bytes of a block.
    pub block_shift: u32,
    pub blocks_per_group: u32,
    pub inodes_per_group: u32,
    pub state: u16,
    /// Whether the revision is 1, which has features.
    pub is_dynamic: bool,
    pub first_inode: u32,
    pub inode_bytes: u32,
    pub features: Features,
    /// The bytes after the first 128 that a new inode uses for fields.
    pub extra_inode_bytes: u16,
    /// The bytes of a group descriptor.
    pub descriptor_bytes: u32,
    /// The checksum with which those of structures begin, if they have any.
    pub checksum_seed: Option<u32>,
    /// The inode of the journal; 0 if the volume has none, or one on another disk.
    pub journal: InodeNumber,
    reserved_descriptor_blocks: u32,
    copy_groups: [u32; 2],
}

fn require(condition: bool, what: &'static str) -> Result<(), VolumeError> {
    if condition { Ok(()) } else { Err(VolumeError::Damaged(what)) }
}

/// Checks the checksum of a superblock with `features`, and returns the one with which those of other
/// structures begin.
fn checksum_seed(
    bytes: &[u8; SUPERBLOCK_BYTES],
    features: &Features,
) -> Result<Option<u32>, VolumeError> {
    const CRC_32C: u8 = 1;
    if !features.has_checksums() {
        return Ok(None);
    }
    if bytes[0x175] != CRC_32C {
        return Err(VolumeError::Unsupported("another checksum than CRC-32C"));
    }
    let is_intact = checksum(START, &bytes[..CHECKSUM_AT]) == u32_at(bytes, CHECKSUM_AT);
    require(is_intact, "the checksum of the superblock")?;
    let seed = match features.has_checksum_seed() {
        true => u32_at(bytes, 0x270),
        false => checksum(START, &bytes[UUID]),
    };
    Ok(Some(seed))
}

impl Superblock {
    /// Reads the superblock of a volume of `format`.
    pub(crate) fn read<M: Medium>(
        medium: &M,
        format: Format,
        access: Access,
    ) -> Result<Self, VolumeError> {
        let disk_bytes = medium.len_bytes();
        if disk_bytes < SUPERBLOCK_AT + SUPERBLOCK_BYTES as u64 {
            return Err(VolumeError::OtherKind);
        }
        let mut bytes = [0; SUPERBLOCK_BYTES];
        medium.read(SUPERBLOCK_AT, &mut bytes)?;
        Self::parse(&bytes, disk_bytes, format, access)
    }

    /// Reads the fields of the superblock of a volume on a disk of `disk_bytes`.
    pub(crate) fn parse(
        bytes: &[u8; SUPERBLOCK_BYTES],
        disk_bytes: u64,
        format: Format,
        access: Access,
    ) -> Result<Self, VolumeError> {
        if u16_at(bytes, 0x38) != MAGIC {
            return Err(VolumeError::OtherKind);
        }
        let is_dynamic = match u32_at(bytes, 0x4C) {
            0 => false,
            1 => true,
            _ => return Err(VolumeError::Unsupported("a revision of ext2 after 1")),
        };
        let mut features = Features::default();
        if is_dynamic {
            features.compatible = u32_at(bytes, 0x5C);
            features.incompatible = u32_at(bytes, 0x60);
            features.read_only = u32_at(bytes, 0x64);
        }
        features.check(format, access)?;
        if features.is_wide() && u32_at(bytes, 0x150) != 0 {
            return Err(VolumeError::Unsupported("a volume of 2^32 blocks or more"));
        }
        let block_shift = match u32_at(bytes, 0x18) {
            shift @ 0..=2 => 10 + shift,
            3..=6 => return Err(VolumeError::Unsupported("a block of more than 4096 bytes")),
            _ => return Err(VolumeError::Damaged("the size of a block")),
        };
        let has_reserved = features.has_reserved_descriptors();
        let this = Self {
            inodes: u32_at(bytes, 0),
            blocks: u32_at(bytes, 0x04),
            reserved_blocks: u32_at(bytes, 0x08),
            first_data_block: u32_at(bytes, 0x14),
            block_shift,
            blocks_per_group: u32_at(bytes, 0x20),
            inodes_per_group: u32_at(bytes, 0x28),
            state: u16_at(bytes, STATE_AT as usize),
            is_dynamic,
            first_inode: if is_dynamic { u32_at(bytes, 0x54) } else { FIRST_INODE },
            inode_bytes: if is_dynamic { u16_at(bytes, 0x58).into() } else { INODE_BYTES },
            features,
            extra_inode_bytes: u16_at(bytes, 0x15E),
            descriptor_bytes: match features.is_wide() {
                true => u16_at(bytes, 0xFE).into(),
                false => DESCRIPTOR_BYTES,
            },
            checksum_seed: checksum_seed(bytes, &features)?,
            journal: InodeNumber(u32_at(bytes, 0xE0)),
            reserved_descriptor_blocks: if has_reserved { u16_at(bytes, 0xCE).into() } else { 0 },
            copy_groups: [u32_at(bytes, 0x24C), u32_at(bytes, 0x250)],
        };
        require(u32_at(bytes, 0x1C) == u32_at(bytes, 0x18), "the size of a fragment")?;
        this.check(disk_bytes)?;
        Ok(this)
    }

    fn check(&self, disk_bytes: u64) -> Result<(), VolumeError> {
        let block_bytes = self.block_bytes();
        let bits = block_bytes * 8;
        let first = u32::from(block_bytes == 1024);
        require(self.first_data_block == first, "the first block")?;
        require(self.blocks > first, "the number of blocks")?;
        let end = u64::from(self.blocks) << self.block_shift;
        require(end <= disk_bytes, "it is larger than the disk")?;
        let is_size = self.inode_bytes.is_power_of_two()
            && (INODE_BYTES..=block_bytes).contains(&self.inode_bytes);
        require(is_size, "the size of an inode")?;
        let is_group = (GROUP_BLOCKS_MIN..=bits).contains(&self.blocks_per_group)
            && self.blocks_per_group.is_multiple_of(8);
        require(is_group, "the number of blocks of a group")?;
        let is_size = self.descriptor_bytes.is_power_of_two()
            && match self.features.is_wide() {
                true => WIDE_DESCRIPTOR_BYTES..=DESCRIPTOR_BYTES_MAX,
                false => DESCRIPTOR_BYTES..=DESCRIPTOR_BYTES,
            }
            .contains(&self.descriptor_bytes);
        require(is_size, "the size of a group descriptor")?;
        let per_block = block_bytes / self.inode_bytes;
        let is_group = (1..=bits).contains(&self.inodes_per_group)
            && self.inodes_per_group.is_multiple_of(per_block);
        require(is_group, "the number of inodes of a group")?;
        let inodes = u64::from(self.groups()) * u64::from(self.inodes_per_group);
        require(u64::from(self.inodes) == inodes, "the number of inodes")?;
        let is_first = (FIRST_INODE..=self.inodes).contains(&self.first_inode);
        require(is_first, "the number of the first inode")
    }

    /// Returns whether the volume was closed after it was last changed, and has no known errors.
    pub(crate) fn is_clean(&self) -> bool {
        self.state & (STATE_VALID | STATE_ERRORS) == STATE_VALID
    }

    pub(crate) fn block_bytes(&self) -> u32 {
        1 << self.block_shift
    }

    /// Returns the logarithm of the numbers of blocks in a table of them.
    pub(crate) fn pointers_shift(&self) -> u32 {
        self.block_shift - 2
    }

    /// Returns the offset of a block, in bytes.
    pub(crate) fn at(&self, block: BlockNumber) -> u64 {
        u64::from(block.0) << self.block_shift
    }

    /// Returns the number of groups.
    pub(crate) fn groups(&self) -> u32 {
        (self.blocks - self.first_data_block).div_ceil(self.blocks_per_group)
    }

    /// Returns the group of a block of the volume.
    pub(crate) fn group_of(&self, block: BlockNumber) -> u32 {
        (block.0 - self.first_data_block) / self.blocks_per_group
    }

    /// Returns the first block of a group.
    pub(crate) fn group_start(&self, group: u32) -> u32 {
        self.first_data_block + group * self.blocks_per_group
    }

    /// Returns the number of blocks of a group.
    pub(crate) fn group_blocks(&self, group: u32) -> u32 {
        (self.blocks - self.group_start(group)).min(self.blocks_per_group)
    }

    /// Returns the group of an inode, and its index there. The inode is one of the volume.
    pub(crate) fn inode_place(&self, inode: InodeNumber) -> (u32, u32) {
        ((inode.0 - 1) / self.inodes_per_group, (inode.0 - 1) % self.inodes_per_group)
    }

    /// Returns the number of blocks of a group's inodes.
    pub(crate) fn inode_table_blocks(&self) -> u32 {
        self.inodes_per_group / (self.block_bytes() / self.inode_bytes)
    }

    /// Returns the number of blocks at the start of a group that hold the superblock, the group
    /// descriptors and the room for more of them.
    pub(crate) fn copy_blocks(&self, group: u32) -> u32 {
        if !self.has_copy(group) {
            return 0;
        }
        let per_block = self.block_bytes() / self.descriptor_bytes;
        1 + self.groups().div_ceil(per_block) + self.reserved_descriptor_blocks
    }

    fn has_copy(&self, group: u32) -> bool {
        let is_power_of = |base: u32| {
            let mut power = base;
            while power < group {
                power = power.saturating_mul(base);
            }
            power == group
        };
        if group == 0 {
            true
        } else if self.features.has_two_copies() {
            self.copy_groups.contains(&group)
        } else if self.features.has_sparse_copies() {
            group == 1 || [3, 5, 7].into_iter().any(is_power_of)
        } else {
            true
        }
    }
}
