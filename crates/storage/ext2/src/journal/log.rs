//! The blocks of the log, which is a ring.

use volume::{Medium, VolumeError};

use super::format::DAMAGE;
use super::superblock::Superblock;
use crate::block_map::Run;
use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber};
use crate::inode::{Inode, REGULAR};

/// The blocks of the log, from where it begins on.
pub(super) struct Log<'a, M> {
    volume: &'a Ext2<M>,
    inode: Inode,
    /// The log in its file.
    first: u32,
    end: u32,
    /// The next block, and how many there are before that of the start comes again.
    next: u32,
    left: u32,
    /// Where the blocks from `run_index` on are.
    run: Run,
    run_index: u64,
}

impl<'a, M: Medium> Log<'a, M> {
    /// Returns the superblock of the journal, and its log; `None` if nothing is in it that matters.
    pub(super) fn open(volume: &'a Ext2<M>) -> Result<Option<(Superblock, Self)>, VolumeError> {
        let number = volume.superblock.journal;
        if number == InodeNumber(0) {
            return Err(VolumeError::Unsupported("a journal on another disk"));
        }
        let inode = volume.read_inode(number)?;
        if inode.kind() != REGULAR {
            return Err(DAMAGE);
        }
        let blocks = inode.size() >> volume.superblock.block_shift;
        let run = Run { start: None, blocks: 0, is_new: false };
        let mut this =
            Self { volume, inode, first: 0, end: 1, next: 0, left: 1, run, run_index: 0 };
        let mut block = volume.block_buffer()?;
        this.next(&mut block)?;
        let superblock = Superblock::parse(&block, blocks)?;
        if superblock.start == 0 {
            return Ok(None);
        }
        this.first = superblock.first;
        this.end = superblock.end;
        this.next = superblock.start;
        this.left = this.end - this.first;
        Ok(Some((superblock, this)))
    }

    /// Reads the next block, and returns where it is; `None` after the last one.
    pub(super) fn next(&mut self, block: &mut [u8]) -> Result<Option<BlockNumber>, VolumeError> {
        if self.left == 0 {
            return Ok(None);
        }
        let index = u64::from(self.next);
        if !(self.run_index..self.run_index + self.run.blocks).contains(&index) {
            self.run = self.volume.find(&self.inode, index, u64::from(self.end) - index)?;
            self.run_index = index;
        }
        let start = self.run.start.ok_or(DAMAGE)?;
        let place = BlockNumber(start.0 + (index - self.run_index) as u32);
        self.volume.medium.read(self.volume.superblock.at(place), block)?;
        self.next = if self.next + 1 == self.end { self.first } else { self.next + 1 };
        self.left -= 1;
        Ok(Some(place))
    }
}
