//! An open volume: what it keeps in memory, and how that is written back.

use volume::{Access, Medium, Properties, Stage, VolumeError};

use crate::cached_bitmap::CachedBitmap;
use crate::features::{Format, LARGE_FILE};
use crate::fields::{BlockNumber, InodeNumber};
use crate::freed::Freed;
use crate::group::{Groups, overlap};
use crate::known_names::KnownNames;
use crate::nameless::Nameless;
use crate::removals::Removals;
use crate::replayed::Replayed;
use crate::room::Room;
use crate::superblock::{
    FREE_BLOCKS_AT, FREE_INODES_AT, MAGIC, NAME_MAX_BYTES, READ_ONLY_FEATURES_AT, ROOT, STATE_AT,
    STATE_VALID, SUPERBLOCK_AT, Superblock,
};
use crate::tree::file_max_bytes;

const ZEROS: [u8; 4096] = [0; 4096];

/// A volume in the format ext2, or one of its successors that is only read.
///
/// The superblock and the group descriptors are in memory, and one bitmap of blocks and one of
/// inodes. Counts are written back by `commit`; all else is written at once.
#[derive(Debug)]
pub struct Ext2<M> {
    pub(crate) medium: Replayed<M>,
    pub(crate) superblock: Superblock,
    pub(crate) groups: Groups,
    pub(crate) free_blocks: u64,
    pub(crate) free_inodes: u64,
    pub(crate) block_bitmap: CachedBitmap,
    pub(crate) inode_bitmap: CachedBitmap,
    /// What was freed since the last flush, and is still in use on the disk.
    pub(crate) freed_blocks: Freed,
    pub(crate) freed_inodes: Freed,
    pub(crate) removals: Removals,
    /// Where a directory has room for an entry.
    pub(crate) room: Option<Room>,
    /// The directory that was searched last, and in which of its blocks an entry was found.
    pub(crate) last_found: Option<(InodeNumber, u64)>,
    /// The names of a large directory that is searched again and again.
    pub(crate) known_names: Option<KnownNames>,
    /// The nodes that may end when they are forgotten.
    pub(crate) nameless: Nameless,
    pub(crate) properties: Properties,
    access: Access,
    /// Whether the disk has the mark that the volume is in use.
    is_marked: bool,
}

impl<M: Medium> Ext2<M> {
    /// Opens the ext2 volume on `medium`.
    ///
    /// A volume that needs the recovery of its journal isn't opened, and one with a feature that
    /// only readers need not know is opened for reading only. One that wasn't closed is opened, and
    /// doesn't become clean by [`close`](volume::Volume::close): a check has to mend it.
    ///
    /// # Errors
    /// [`VolumeError::OtherKind`] if the disk holds no ext2, [`VolumeError::Unsupported`],
    /// [`VolumeError::Damaged`], [`VolumeError::Medium`], [`VolumeError::NoMemory`].
    pub fn open(medium: M, access: Access) -> Result<Self, VolumeError> {
        let volume = Self::load(Replayed::new(medium), Format::Ext2, access)?;
        volume.check_root()?;
        Ok(volume)
    }

    /// Reads the superblock and the groups.
    pub(crate) fn load(
        medium: Replayed<M>,
        format: Format,
        access: Access,
    ) -> Result<Self, VolumeError> {
        let superblock = Superblock::read(&medium, format, access)?;
        let groups = Groups::read(&medium, &superblock)?;
        let block_bytes = superblock.block_bytes();
        let properties = Properties {
            block_bytes,
            name_max_bytes: NAME_MAX_BYTES as u32,
            file_max_bytes: file_max_bytes(&superblock),
            has_holes: true,
            has_owners: true,
            ignores_case: false,
            was_clean: superblock.is_clean(),
            is_replayed: false,
            magic: MAGIC.into(),
        };
        Ok(Self {
            free_blocks: groups.list.iter().map(|group| u64::from(group.free_blocks)).sum(),
            free_inodes: groups.list.iter().map(|group| u64::from(group.free_inodes)).sum(),
            block_bitmap: CachedBitmap::try_new(block_bytes)?,
            inode_bitmap: CachedBitmap::try_new(block_bytes)?,
            freed_blocks: Freed::default(),
            freed_inodes: Freed::default(),
            removals: Removals::try_new()?,
            room: None,
            last_found: None,
            known_names: None,
            nameless: Nameless::default(),
            is_marked: false,
            medium,
            superblock,
            groups,
            properties,
            access,
        })
    }

    /// Checks that the root is a directory.
    pub(crate) fn check_root(&self) -> Result<(), VolumeError> {
        match self.read_inode(ROOT)?.is_directory() {
            true => Ok(()),
            false => Err(VolumeError::Damaged("the root is no directory")),
        }
    }

    /// Returns whether the volume was opened for reading only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.access == Access::ReadOnly
    }

    /// Begins an operation that changes something: the first one marks the volume as in use.
    pub(crate) fn begin_change(&mut self) -> Result<(), VolumeError> {
        if self.is_read_only() {
            return Err(VolumeError::ReadOnly);
        }
        if !self.is_marked {
            self.write_state(Stage::First, self.superblock.state & !STATE_VALID)?;
            self.is_marked = true;
        }
        Ok(())
    }

    /// Writes the counts that have changed.
    pub(crate) fn write_counts(&mut self) -> Result<(), VolumeError> {
        if !self.groups.have_changed() {
            return Ok(());
        }
        for (at, count) in [(FREE_BLOCKS_AT, self.free_blocks), (FREE_INODES_AT, self.free_inodes)]
        {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.medium.write(Stage::Last, SUPERBLOCK_AT + at, &count.to_le_bytes())?;
        }
        self.groups.write(&self.medium, &self.superblock)
    }

    /// Writes all changes to the disk. What was freed before may be used again.
    pub(crate) fn flush(&mut self) -> Result<(), VolumeError> {
        self.medium.flush()?;
        if self.remove_entries()? {
            self.medium.flush()?;
        }
        self.freed_blocks.clear();
        self.freed_inodes.clear();
        Ok(())
    }

    /// Writes the state that the volume had when it was opened.
    pub(crate) fn end_changes(&mut self) -> Result<(), VolumeError> {
        if self.is_marked {
            self.write_state(Stage::Last, self.superblock.state)?;
            self.is_marked = false;
        }
        Ok(())
    }

    fn write_state(&self, stage: Stage, state: u16) -> Result<(), VolumeError> {
        Ok(self.medium.write(stage, SUPERBLOCK_AT + STATE_AT, &state.to_le_bytes())?)
    }

    /// Marks that there is a file of 2 GiB or more.
    pub(crate) fn mark_large_file(&mut self) -> Result<(), VolumeError> {
        let features = &mut self.superblock.features.read_only;
        if *features & LARGE_FILE == 0 {
            *features |= LARGE_FILE;
            let bytes = features.to_le_bytes();
            self.medium.write(Stage::First, SUPERBLOCK_AT + READ_ONLY_FEATURES_AT, &bytes)?;
        }
        Ok(())
    }

    /// Checks that `blocks` blocks from `start` on are the volume's, and may belong to files.
    pub(crate) fn check_run(&self, start: BlockNumber, blocks: u32) -> Result<(), VolumeError> {
        const DAMAGE: VolumeError = VolumeError::Damaged("the number of a block");
        let superblock = &self.superblock;
        let run = u64::from(start.0)..u64::from(start.0) + u64::from(blocks);
        if start.0 < superblock.first_data_block || run.end > superblock.blocks.into() {
            return Err(DAMAGE);
        }
        let last = BlockNumber(start.0 + blocks.max(1) - 1);
        for group in superblock.group_of(start)..=superblock.group_of(last) {
            let structures = self.groups.list[group as usize].structures(group, superblock);
            if structures.iter().any(|structure| overlap(structure, &run)) {
                return Err(DAMAGE);
            }
        }
        Ok(())
    }

    /// Fills a new block with zeros.
    pub(crate) fn clear_block(&self, block: BlockNumber) -> Result<(), VolumeError> {
        let zeros = &ZEROS[..self.superblock.block_bytes() as usize];
        Ok(self.medium.write(Stage::First, self.superblock.at(block), zeros)?)
    }

    /// Drops blocks from the cache of the disk, which no longer hold structures.
    pub(crate) fn discard(&mut self, start: BlockNumber, blocks: u32) {
        let from = self.superblock.at(start);
        let range = from..from + (u64::from(blocks) << self.superblock.block_shift);
        self.removals.leave_out_range(&range);
        self.medium.discard(range);
    }
}
