//! The journal: its transactions, and the newest copies of blocks that follow from them.
//!
//! | module | what |
//! | --- | --- |
//! | [`superblock`] | where the log begins, and its format |
//! | [`log`] | the blocks of the log, in their order |
//! | [`format`] | what the blocks of the log begin and end with |
//! | [`tags`] | the blocks whose copies follow, and those whose older copies don't count |
//! | [`transactions`] | the changes of complete transactions |
//!
//! Source: Linux, Documentation/filesystems/ext4/journal.rst.

mod format;
mod log;
mod superblock;
mod tags;
mod transactions;

use alloc::vec::Vec;

use volume::{Medium, VolumeError};

use crate::ext2::Ext2;
use crate::replayed::Copy;
use format::{BlockKind, DAMAGE};
use log::Log;
use tags::Tags;
use transactions::Transactions;

/// Returns the newest copies of blocks that the journal has, in the order of the blocks.
///
/// A transaction counts if it is complete. The last one may not be: the machine has stopped while it
/// was written. One that is complete, but isn't as it was written, is damage.
pub(crate) fn read<M: Medium>(volume: &Ext2<M>) -> Result<Vec<Copy>, VolumeError> {
    let Some((superblock, mut log)) = Log::open(volume)? else {
        return Ok(Vec::new());
    };
    let format = &superblock.format;
    let mut transactions = Transactions::new(volume.superblock.blocks);
    let mut block = volume.block_buffer()?;
    let mut contents = volume.block_buffer()?;
    let mut is_broken = false;
    while log.next(&mut block)?.is_some() {
        let sequence = superblock.sequence.wrapping_add(transactions.complete());
        match format::kind(&block, sequence) {
            // A commit block may follow.
            None if is_broken => {}
            None => break,
            Some(BlockKind::Commit) => {
                if is_broken || !format.is_commit_intact(&mut block) {
                    return Err(DAMAGE);
                }
                transactions.commit();
            }
            Some(_) if is_broken || !format.is_intact(&mut block) => is_broken = true,
            Some(BlockKind::Revocation) => {
                for number in tags::revoked(&block, format)? {
                    transactions.revoke(number)?;
                }
            }
            Some(BlockKind::Descriptor) => {
                let mut tags = Tags::new(&block, format);
                while let Some(tag) = tags.next()? {
                    let Some(place) = log.next(&mut contents)? else {
                        return transactions.finish();
                    };
                    is_broken |= !format.is_copy_intact(tag.checksum, sequence, &contents);
                    transactions.add(&tag, place)?;
                }
            }
        }
    }
    transactions.finish()
}
