//! The text of symbolic links: in the inode if it is short, or else in a block.

use alloc::vec::Vec;

use volume::{Medium, Stage, VolumeError};

use crate::ext2::Ext2;
use crate::inode::{Inode, POINTERS_BYTES, SYMLINK};

const DAMAGE: VolumeError = VolumeError::Damaged("the text of a symbolic link");

impl<M: Medium> Ext2<M> {
    /// Checks that a text can be that of a link.
    pub(crate) fn check_text(&self, text: &[u8]) -> Result<(), VolumeError> {
        // A zero byte has to follow it in the block.
        if text.len() >= self.superblock.block_bytes() as usize {
            return Err(VolumeError::NameTooLong);
        }
        if text.is_empty() || text.contains(&0) { Err(VolumeError::InvalidName) } else { Ok(()) }
    }

    /// Returns whether an inode is that of a link with its text in it: no blocks but that of the
    /// extended attributes.
    pub(crate) fn has_text(&self, inode: &Inode) -> bool {
        let per_block = self.superblock.block_bytes() / 512;
        let other = if inode.attribute_block().is_some() { per_block } else { 0 };
        inode.kind() == SYMLINK && inode.sectors() <= other
    }

    /// Writes the text of a new link, which was checked.
    pub(crate) fn write_text(&mut self, inode: &mut Inode, text: &[u8]) -> Result<(), VolumeError> {
        inode.set_size(text.len() as u64);
        if text.len() < POINTERS_BYTES {
            inode.pointer_bytes()[..text.len()].copy_from_slice(text);
            return self.write_inode(inode);
        }
        let run = self.find_or_allocate(inode, 0, 1)?;
        let block = run.start.expect("blocks are allocated for a hole");
        self.clear_block(block)?;
        Ok(self.medium.write(Stage::First, self.superblock.at(block), text)?)
    }

    /// Appends the text of a link.
    pub(crate) fn read_text(
        &self,
        inode: &mut Inode,
        text: &mut Vec<u8>,
    ) -> Result<(), VolumeError> {
        if inode.kind() != SYMLINK {
            return Err(VolumeError::NotSupported);
        }
        let has_text = self.has_text(inode);
        let end = if has_text { POINTERS_BYTES } else { self.superblock.block_bytes() as usize };
        let size = inode.size() as usize;
        if size == 0 || size >= end {
            return Err(DAMAGE);
        }
        text.try_reserve(size).map_err(|_| VolumeError::NoMemory)?;
        let before = text.len();
        if has_text {
            text.extend_from_slice(&inode.pointer_bytes()[..size]);
        } else {
            let block = self.find(inode, 0, 1)?.start.ok_or(DAMAGE)?;
            text.resize(before + size, 0);
            if let Err(error) = self.medium.read(self.superblock.at(block), &mut text[before..]) {
                text.truncate(before);
                return Err(error.into());
            }
        }
        if text[before..].contains(&0) {
            text.truncate(before);
            return Err(DAMAGE);
        }
        Ok(())
    }
}
