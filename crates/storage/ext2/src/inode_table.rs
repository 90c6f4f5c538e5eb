//! Where inodes are, and what they have to be.

use volume::{Medium, NodeId, Stage, VolumeError};

use crate::ext2::Ext2;
use crate::fields::InodeNumber;
use crate::inode::{FIELDS_BYTES, Inode};
use crate::superblock::{INODE_BYTES, ROOT};

/// The bytes of fields after the first 128 that new inodes have.
const EXTRA_BYTES: u16 = FIELDS_BYTES as u16 - INODE_BYTES as u16;

impl<M: Medium> Ext2<M> {
    /// Returns the offset of an inode, in bytes.
    fn inode_at(&self, number: InodeNumber) -> Result<u64, VolumeError> {
        if number.0 == 0 || number.0 > self.superblock.inodes {
            return Err(VolumeError::Damaged("the number of an inode"));
        }
        let (group, index) = self.superblock.inode_place(number);
        let table = self.superblock.at(self.groups.list[group as usize].inode_table);
        Ok(table + u64::from(index) * u64::from(self.superblock.inode_bytes))
    }

    /// Reads an inode.
    pub(crate) fn read_inode(&self, number: InodeNumber) -> Result<Inode, VolumeError> {
        let at = self.inode_at(number)?;
        let inode_bytes = self.superblock.inode_bytes;
        let inode = Inode::read(number, inode_bytes, |bytes| self.medium.read(at, bytes))?;
        self.verify_inode(&inode, at)?;
        Ok(inode)
    }

    /// Writes the fields of an inode.
    pub(crate) fn write_inode(&self, inode: &Inode) -> Result<(), VolumeError> {
        let at = self.inode_at(inode.number)?;
        Ok(self.medium.write(Stage::Last, at, inode.bytes())?)
    }

    /// Clears what is after the fields of an inode, such as extended attributes.
    pub(crate) fn clear_inode_rest(&self, number: InodeNumber) -> Result<(), VolumeError> {
        const ZEROS: [u8; 128] = [0; 128];
        let at = self.inode_at(number)?;
        let mut next = FIELDS_BYTES;
        while next < self.superblock.inode_bytes as usize {
            let part = ZEROS.len().min(self.superblock.inode_bytes as usize - next);
            self.medium.write(Stage::Last, at + next as u64, &ZEROS[..part])?;
            next += part;
        }
        Ok(())
    }

    /// Reads the inode of a node.
    pub(crate) fn node(&self, node: NodeId) -> Result<Inode, VolumeError> {
        let number = u32::try_from(node.0).unwrap_or(0);
        self.check_node(number)?;
        let inode = self.read_inode(InodeNumber(number))?;
        if inode.mode() == 0 {
            return Err(VolumeError::Damaged("an inode in use is free"));
        }
        Ok(inode)
    }

    /// Checks that a number is that of an inode that names can have.
    pub(crate) fn check_node(&self, number: u32) -> Result<(), VolumeError> {
        let is_node = number == ROOT.0
            || (self.superblock.first_inode..=self.superblock.inodes).contains(&number);
        if is_node { Ok(()) } else { Err(VolumeError::Damaged("the number of an inode")) }
    }

    /// Reads the inode of a directory, and checks its size.
    pub(crate) fn directory(&self, node: NodeId) -> Result<Inode, VolumeError> {
        let inode = self.node(node)?;
        if !inode.is_directory() {
            return Err(VolumeError::NotADirectory);
        }
        let size = inode.size();
        let is_size = size > 0 && size.is_multiple_of(self.superblock.block_bytes().into());
        let blocks = size >> self.superblock.block_shift;
        if !is_size || blocks > self.superblock.blocks.into() {
            return Err(VolumeError::Damaged("the size of a directory"));
        }
        self.block_map(&inode)?;
        Ok(inode)
    }

    /// Returns the number of bytes after the first 128 that a new inode uses for fields.
    pub(crate) fn extra_bytes(&self) -> u16 {
        let most = (self.superblock.inode_bytes - INODE_BYTES).min(u16::MAX.into()) as u16;
        let wanted = self.superblock.extra_inode_bytes;
        let is_usable = wanted.is_multiple_of(4) && (EXTRA_BYTES..=most).contains(&wanted);
        if is_usable { wanted } else { EXTRA_BYTES.min(most) }
    }
}
