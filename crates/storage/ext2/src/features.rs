//! The features of a volume: which are known, and which forbid to open it.
//!
//! Source: Linux, Documentation/filesystems/ext4/super.rst, the tables of feature flags.

use volume::{Access, VolumeError};

const RESIZE_INODE: u32 = 0x10;
const SPARSE_SUPER2: u32 = 0x200;

/// Entries of directories have the kind of the node.
const FILETYPE: u32 = 0x2;
/// The journal has changes that are missing elsewhere.
const RECOVER: u32 = 0x4;
const EXTENTS: u32 = 0x40;
const WIDE: u32 = 0x80;
const MMP: u32 = 0x100;
const FLEX_BG: u32 = 0x200;
const EA_INODE: u32 = 0x400;
const CSUM_SEED: u32 = 0x2000;
const LARGE_DIR: u32 = 0x4000;

const SPARSE_SUPER: u32 = 0x1;
pub(crate) const LARGE_FILE: u32 = 0x2;
const BTREE_DIR: u32 = 0x4;
const HUGE_FILE: u32 = 0x8;
const BIGALLOC: u32 = 0x200;
const METADATA_CSUM: u32 = 0x400;

/// The features without which a volume can't be read.
const INCOMPATIBLE: [(u32, &str); 16] = [
    (0x1, "the feature compression"),
    (0x4, "a journal that needs recovery"),
    (0x8, "the feature journal_dev"),
    (0x10, "the feature meta_bg"),
    (0x40, "the feature extents"),
    (0x80, "the feature 64bit"),
    (0x100, "the feature mmp"),
    (0x200, "the feature flex_bg"),
    (0x400, "the feature ea_inode"),
    (0x1000, "the feature dirdata"),
    (0x2000, "the feature metadata_csum_seed"),
    (0x4000, "the feature large_dir"),
    (0x8000, "the feature inline_data"),
    (0x1_0000, "the feature encrypt"),
    (0x2_0000, "the feature casefold"),
    (0, "an unknown feature"),
];

/// The features without which a volume can't be changed.
const READ_ONLY: [(u32, &str); 14] = [
    (0x8, "to write with the feature huge_file"),
    (0x10, "to write with the feature uninit_bg"),
    (0x20, "to write with the feature dir_nlink"),
    (0x40, "to write with the feature extra_isize"),
    (0x80, "to write with the feature has_snapshot"),
    (0x100, "to write with the feature quota"),
    (0x400, "to write with the feature metadata_csum"),
    (0x800, "to write with the feature replica"),
    (0x1000, "to write with the feature read-only"),
    (0x2000, "to write with the feature project"),
    (0x4000, "to write with the feature shared_blocks"),
    (0x8000, "to write with the feature verity"),
    (0x1_0000, "to write with the feature orphan_present"),
    (0, "to write with an unknown feature"),
];

/// A version of the format, by the features that it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The second extended file system.
    Ext2,
    /// The third one, with a journal.
    Ext3,
    /// The fourth one, with extents.
    Ext4,
}

impl Format {
    /// Returns the features that a reader has to know, and knows.
    fn known(self) -> u32 {
        match self {
            Self::Ext2 => FILETYPE,
            Self::Ext3 => FILETYPE | RECOVER,
            // That another machine may use the volume, the places of bitmaps, and large attributes
            // don't matter to a reader, nor does the depth of an index.
            Self::Ext4 => {
                let ignored = MMP | FLEX_BG | EA_INODE | LARGE_DIR;
                FILETYPE | RECOVER | EXTENTS | WIDE | CSUM_SEED | ignored
            }
        }
    }
}

/// The features of a volume.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Features {
    /// Those that an implementation need not know.
    pub compatible: u32,
    /// Those that it has to know.
    pub incompatible: u32,
    /// Those that it has to know in order to write.
    pub read_only: u32,
}

impl Features {
    /// Checks that a volume of `format` with these features can be opened.
    pub(crate) fn check(&self, format: Format, access: Access) -> Result<(), VolumeError> {
        let unknown = self.incompatible & !format.known();
        if unknown != 0 {
            return Err(VolumeError::Unsupported(name(&INCOMPATIBLE, unknown)));
        }
        // The numbers of its groups count clusters of blocks.
        if self.read_only & BIGALLOC != 0 {
            return Err(VolumeError::Unsupported("the feature bigalloc"));
        }
        let unknown = self.read_only & !(SPARSE_SUPER | LARGE_FILE | BTREE_DIR);
        if unknown != 0 && access == Access::ReadWrite {
            return Err(VolumeError::Unsupported(name(&READ_ONLY, unknown)));
        }
        Ok(())
    }

    /// Returns whether entries of directories have the kind of the node.
    pub(crate) fn has_file_types(&self) -> bool {
        self.incompatible & FILETYPE != 0
    }

    /// Returns whether the journal has changes that are missing elsewhere.
    pub(crate) fn needs_recovery(&self) -> bool {
        self.incompatible & RECOVER != 0
    }

    /// Returns whether inodes may have extents.
    pub(crate) fn has_extents(&self) -> bool {
        self.incompatible & EXTENTS != 0
    }

    /// Returns whether numbers of blocks have 64 bits, and so group descriptors have more bytes.
    pub(crate) fn is_wide(&self) -> bool {
        self.incompatible & WIDE != 0
    }

    /// Returns whether the structures of a group may be in another one.
    pub(crate) fn has_flexible_groups(&self) -> bool {
        self.incompatible & FLEX_BG != 0
    }

    /// Returns whether the room of a file is counted by 48 bits.
    pub(crate) fn has_huge_files(&self) -> bool {
        self.read_only & HUGE_FILE != 0
    }

    /// Returns whether structures have checksums.
    pub(crate) fn has_checksums(&self) -> bool {
        self.read_only & METADATA_CSUM != 0
    }

    /// Returns whether the superblock has the seed of checksums.
    pub(crate) fn has_checksum_seed(&self) -> bool {
        self.incompatible & CSUM_SEED != 0
    }

    /// Returns whether only some groups have copies of the superblock.
    pub(crate) fn has_sparse_copies(&self) -> bool {
        self.read_only & SPARSE_SUPER != 0
    }

    /// Returns whether at most two groups, which the superblock names, have copies of it.
    pub(crate) fn has_two_copies(&self) -> bool {
        self.compatible & SPARSE_SUPER2 != 0
    }

    /// Returns whether there are blocks for further group descriptors.
    pub(crate) fn has_reserved_descriptors(&self) -> bool {
        self.compatible & RESIZE_INODE != 0
    }
}

/// Returns the name of the first of the features `unknown`.
fn name(names: &[(u32, &'static str)], unknown: u32) -> &'static str {
    names
        .iter()
        .find(|(bit, _)| *bit == 0 || unknown & bit != 0)
        .map_or("an unknown feature", |(_, name)| name)
}
