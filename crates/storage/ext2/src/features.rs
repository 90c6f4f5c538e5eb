//! The features of a volume: which are known, and which forbid to open it.
//!
//! Source: Linux, Documentation/filesystems/ext4/super.rst, the tables of feature flags.

use volume::{Access, VolumeError};

const RESIZE_INODE: u32 = 0x10;
const SPARSE_SUPER2: u32 = 0x200;

/// Entries of directories have the kind of the node.
const FILETYPE: u32 = 0x2;

const SPARSE_SUPER: u32 = 0x1;
pub(crate) const LARGE_FILE: u32 = 0x2;
const BTREE_DIR: u32 = 0x4;

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
const READ_ONLY: [(u32, &str); 15] = [
    (0x8, "to write with the feature huge_file"),
    (0x10, "to write with the feature uninit_bg"),
    (0x20, "to write with the feature dir_nlink"),
    (0x40, "to write with the feature extra_isize"),
    (0x80, "to write with the feature has_snapshot"),
    (0x100, "to write with the feature quota"),
    (0x200, "to write with the feature bigalloc"),
    (0x400, "to write with the feature metadata_csum"),
    (0x800, "to write with the feature replica"),
    (0x1000, "to write with the feature read-only"),
    (0x2000, "to write with the feature project"),
    (0x4000, "to write with the feature shared_blocks"),
    (0x8000, "to write with the feature verity"),
    (0x1_0000, "to write with the feature orphan_present"),
    (0, "to write with an unknown feature"),
];

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
    /// Checks that a volume with these features can be opened.
    pub(crate) fn check(&self, access: Access) -> Result<(), VolumeError> {
        let unknown = self.incompatible & !FILETYPE;
        if unknown != 0 {
            return Err(VolumeError::Unsupported(name(&INCOMPATIBLE, unknown)));
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
