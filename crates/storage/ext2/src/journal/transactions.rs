//! The changes of transactions.

use alloc::vec::Vec;
use core::cmp::Reverse;

use volume::VolumeError;

use super::format::DAMAGE;
use super::tags::Tag;
use crate::fields::BlockNumber;
use crate::replayed::Copy;

/// A copy of a block, and the transaction that has it, counted from the oldest one.
#[derive(Clone, Copy, Debug)]
struct Change {
    copy: Copy,
    transaction: u32,
    /// The number of changes before it.
    index: u32,
}

/// A block whose copies in `transaction` and those before it don't count.
#[derive(Clone, Copy, Debug)]
struct Revocation {
    block: BlockNumber,
    transaction: u32,
}

/// The changes of transactions, from the oldest one on.
#[derive(Debug)]
pub(super) struct Transactions {
    /// The number of blocks of the volume.
    blocks: u32,
    changes: Vec<Change>,
    revocations: Vec<Revocation>,
    /// The number of complete transactions, and how many of both they have.
    complete: u32,
    complete_changes: usize,
    complete_revocations: usize,
}

impl Transactions {
    /// Returns no transactions of a volume of `blocks` blocks.
    pub(super) fn new(blocks: u32) -> Self {
        Self {
            blocks,
            changes: Vec::new(),
            revocations: Vec::new(),
            complete: 0,
            complete_changes: 0,
            complete_revocations: 0,
        }
    }

    /// Returns the number of complete transactions.
    pub(super) fn complete(&self) -> u32 {
        self.complete
    }

    fn block(&self, number: u64) -> Result<BlockNumber, VolumeError> {
        let number = u32::try_from(number).ok().filter(|number| *number < self.blocks);
        Ok(BlockNumber(number.ok_or(DAMAGE)?))
    }

    /// Adds a copy of a block, which is at `place`, to the transaction that isn't complete yet.
    pub(super) fn add(&mut self, tag: &Tag, place: BlockNumber) -> Result<(), VolumeError> {
        let copy = Copy { block: self.block(tag.block)?, place, is_escaped: tag.is_escaped };
        self.changes.try_reserve(1).map_err(|_| VolumeError::NoMemory)?;
        let index = self.changes.len() as u32;
        self.changes.push(Change { copy, transaction: self.complete, index });
        Ok(())
    }

    /// Adds a revocation to the transaction that isn't complete yet.
    pub(super) fn revoke(&mut self, number: u64) -> Result<(), VolumeError> {
        let block = self.block(number)?;
        self.revocations.try_reserve(1).map_err(|_| VolumeError::NoMemory)?;
        self.revocations.push(Revocation { block, transaction: self.complete });
        Ok(())
    }

    /// Makes the transaction complete. The next one begins.
    pub(super) fn commit(&mut self) {
        self.complete += 1;
        self.complete_changes = self.changes.len();
        self.complete_revocations = self.revocations.len();
    }

    /// Returns the newest copies of blocks by complete transactions, in the order of the blocks.
    pub(super) fn finish(mut self) -> Result<Vec<Copy>, VolumeError> {
        self.changes.truncate(self.complete_changes);
        self.revocations.truncate(self.complete_revocations);
        self.revocations.sort_unstable_by_key(|this| (this.block, this.transaction));
        // The newest one of a block is the first of them.
        self.changes.sort_unstable_by_key(|this| (this.copy.block, Reverse(this.index)));
        let mut copies = Vec::new();
        let mut before = None;
        for change in &self.changes {
            if before.replace(change.copy.block) == Some(change.copy.block)
                || self.is_revoked(change)
            {
                continue;
            }
            copies.try_reserve(1).map_err(|_| VolumeError::NoMemory)?;
            copies.push(change.copy);
        }
        Ok(copies)
    }

    /// Returns whether a change doesn't count, by a revocation in its transaction or a later one.
    fn is_revoked(&self, change: &Change) -> bool {
        let end =
            self.revocations.partition_point(|revocation| revocation.block <= change.copy.block);
        let last = end.checked_sub(1).map(|index| self.revocations[index]);
        last.is_some_and(|revocation| {
            revocation.block == change.copy.block && revocation.transaction >= change.transaction
        })
    }
}
