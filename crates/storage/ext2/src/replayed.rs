//! A disk on which some blocks have newer copies in a journal.

use alloc::vec::Vec;
use core::ops::Range;

use volume::{Medium, MediumError, Stage, VolumeError};

use crate::fields::BlockNumber;

/// The bytes at the start of a block that a journal has replaced by zeros, as it marks its own
/// blocks by them.
pub(crate) const ESCAPED: [u8; 4] = 0xC03B_3998_u32.to_be_bytes();

/// The newest copy of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// The block.
    pub block: BlockNumber,
    /// The block of the journal with its contents.
    pub place: BlockNumber,
    /// Whether the contents begin with [`ESCAPED`], and the copy does not.
    pub is_escaped: bool,
}

/// A disk on which blocks are read from where their newest copies are. If there are any, nothing may
/// be written.
#[derive(Debug)]
pub(crate) struct Replayed<M> {
    medium: M,
    /// In the order of blocks, one for each.
    copies: Vec<Copy>,
    /// The logarithm of the bytes of a block.
    block_shift: u32,
}

impl<M: Medium> Replayed<M> {
    /// Returns a disk without newer copies.
    pub(crate) fn new(medium: M) -> Self {
        Self { medium, copies: Vec::new(), block_shift: 0 }
    }

    /// Returns the same disk with newer copies of some blocks, which are in the order of the blocks.
    pub(crate) fn with(self, copies: Vec<Copy>, block_shift: u32) -> Self {
        debug_assert!(copies.is_sorted_by(|one, next| one.block < next.block));
        Self { copies, block_shift, ..self }
    }

    /// Returns the first of the bytes from `at` on whose block has a newer copy, and that copy.
    fn next_copy(&self, at: u64) -> Option<(u64, &Copy)> {
        let block = at >> self.block_shift;
        let index = self.copies.partition_point(|copy| u64::from(copy.block.0) < block);
        let copy = self.copies.get(index)?;
        Some((self.at(copy.block).max(at), copy))
    }

    fn at(&self, block: BlockNumber) -> u64 {
        u64::from(block.0) << self.block_shift
    }

    /// Returns where the bytes from `at` on are, of which there are `len_bytes`, and how many of them
    /// are in one piece there.
    ///
    /// # Errors
    /// [`VolumeError::Unsupported`] if they are nowhere, as their copy is escaped.
    pub(crate) fn place(&self, at: u64, len_bytes: u64) -> Result<(u64, u64), VolumeError> {
        match self.next_copy(at) {
            Some((first, copy)) if first == at => {
                if copy.is_escaped {
                    return Err(VolumeError::Unsupported("a file's block escaped in the journal"));
                }
                let skipped = at - self.at(copy.block);
                let rest = (1 << self.block_shift) - skipped;
                Ok((self.at(copy.place) + skipped, len_bytes.min(rest)))
            }
            Some((first, _)) => Ok((at, len_bytes.min(first - at))),
            None => Ok((at, len_bytes)),
        }
    }
}

impl<M: Medium> Medium for Replayed<M> {
    fn len_bytes(&self) -> u64 {
        self.medium.len_bytes()
    }

    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError> {
        let (mut at, mut to) = (at, to);
        while let Some((first, copy)) = self.next_copy(at)
            && first - at < to.len() as u64
        {
            let (before, rest) = to.split_at_mut((first - at) as usize);
            if !before.is_empty() {
                self.medium.read(at, before)?;
            }
            let skipped = first - self.at(copy.block);
            let len = ((1 << self.block_shift) - skipped).min(rest.len() as u64);
            let (part, rest) = rest.split_at_mut(len as usize);
            self.medium.read(self.at(copy.place) + skipped, part)?;
            if copy.is_escaped {
                let escaped = ESCAPED.iter().skip(skipped as usize);
                part.iter_mut().zip(escaped).for_each(|(byte, escaped)| *byte = *escaped);
            }
            (at, to) = (first + len, rest);
        }
        if to.is_empty() { Ok(()) } else { self.medium.read(at, to) }
    }

    fn write(&self, stage: Stage, at: u64, from: &[u8]) -> Result<(), MediumError> {
        if self.copies.is_empty() {
            self.medium.write(stage, at, from)
        } else {
            Err(MediumError::ReadOnly)
        }
    }

    fn flush(&self) -> Result<(), MediumError> {
        self.medium.flush()
    }

    fn discard(&self, range: Range<u64>) {
        self.medium.discard(range);
    }
}
