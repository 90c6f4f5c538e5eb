//! The operations of a volume.

use alloc::vec::Vec;

use volume::{
    Attributes, ChangeableAttributes, Entry, Extent, MapFor, Medium, NewNode, NodeId, Properties,
    RenameKind, Time, Usage, Volume, VolumeError,
};

use crate::ext2::Ext2;
use crate::fields::InodeNumber;
use crate::inode::{ACCESSED, CHANGED, Inode, MODIFIED, PERMISSIONS, REGULAR};
use crate::node::kind;
use crate::superblock::ROOT;
use crate::time;
use crate::tree::file_max_blocks;
use crate::truncate::Contents;

const ROOT_NODE: NodeId = NodeId(ROOT.0 as u64);

/// The most bytes that are looked up at once: more than a file has.
const LEN_BYTES_MAX: u64 = 1 << 60;

impl<M: Medium> Ext2<M> {
    /// Reads the inode of a file.
    fn file(&self, node: NodeId) -> Result<Inode, VolumeError> {
        let inode = self.node(node)?;
        if inode.kind() != REGULAR {
            return Err(VolumeError::NotSupported);
        }
        Ok(inode)
    }
}

impl<M: Medium> Volume for Ext2<M> {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn root(&self) -> NodeId {
        ROOT_NODE
    }

    fn usage(&mut self) -> Result<Usage, VolumeError> {
        let superblock = &self.superblock;
        Ok(Usage {
            blocks: u64::from(superblock.blocks).saturating_sub(self.groups.structure_blocks),
            free_blocks: self.free_blocks,
            available_blocks: self.free_blocks.saturating_sub(superblock.reserved_blocks.into()),
            nodes: superblock.inodes.into(),
            free_nodes: self.free_inodes,
        })
    }

    fn attributes(&mut self, node: NodeId) -> Result<Attributes, VolumeError> {
        let inode = self.node(node)?;
        let size_bytes = inode.size();
        let blocks_512 = match self.superblock.features.has_huge_files() {
            true => inode.wide_sectors(self.superblock.block_shift),
            false => inode.sectors().into(),
        };
        if inode.kind() == REGULAR && size_bytes > self.properties.file_max_bytes {
            return Err(VolumeError::Damaged("the size of a file"));
        }
        Ok(Attributes {
            kind: kind(&inode)?,
            links: inode.links().into(),
            blocks_512,
            changeable: ChangeableAttributes {
                mode: inode.mode() & PERMISSIONS,
                uid: inode.uid(),
                gid: inode.gid(),
                size_bytes,
                accessed: time::get(&inode, ACCESSED),
                modified: time::get(&inode, MODIFIED),
                changed: time::get(&inode, CHANGED),
            },
        })
    }

    fn set_attributes(
        &mut self,
        node: NodeId,
        attributes: &ChangeableAttributes,
    ) -> Result<(), VolumeError> {
        self.begin_change()?;
        let mut inode = self.node(node)?;
        if inode.kind() == REGULAR {
            let size = attributes.size_bytes;
            if size > self.properties.file_max_bytes {
                return Err(VolumeError::TooLarge);
            }
            inode.set_size(size);
            if size > i32::MAX as u64 {
                self.mark_large_file()?;
            }
        }
        inode.set_permissions(attributes.mode);
        inode.set_owner(attributes.uid, attributes.gid);
        time::set(&mut inode, ACCESSED, attributes.accessed);
        time::set(&mut inode, MODIFIED, attributes.modified);
        time::set(&mut inode, CHANGED, attributes.changed);
        self.write_inode(&inode)
    }

    fn link_text(&mut self, node: NodeId, text: &mut Vec<u8>) -> Result<(), VolumeError> {
        let mut inode = self.node(node)?;
        self.read_text(&mut inode, text)
    }

    fn lookup(&mut self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, VolumeError> {
        self.find_node(directory, name)
    }

    fn parent(&mut self, directory: NodeId) -> Result<NodeId, VolumeError> {
        let inode = self.directory(directory)?;
        if inode.number == ROOT {
            return Ok(ROOT_NODE);
        }
        let (_, parent) = self.find_parent(&inode)?;
        let parent = NodeId(parent.0.into());
        match self.directory(parent) {
            Ok(_) => Ok(parent),
            Err(VolumeError::NotADirectory) => {
                Err(VolumeError::Damaged("the parent of a directory"))
            }
            Err(error) => Err(error),
        }
    }

    fn read_directory(
        &mut self,
        directory: NodeId,
        cursor: u64,
        found: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), VolumeError> {
        let inode = self.directory(directory)?;
        self.list(&inode, cursor, found)
    }

    fn create(
        &mut self,
        directory: NodeId,
        name: Option<&[u8]>,
        new: &NewNode<'_>,
    ) -> Result<NodeId, VolumeError> {
        self.create_node(directory, name, new)
    }

    fn link(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<(), VolumeError> {
        self.link_node(directory, name, node)
    }

    fn remove(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<(), VolumeError> {
        self.remove_name(directory, name, node)
    }

    fn rename(
        &mut self,
        from: (NodeId, &[u8], NodeId),
        to: (NodeId, &[u8], Option<NodeId>),
        kind: RenameKind,
    ) -> Result<(), VolumeError> {
        self.rename_node(from, to, kind)
    }

    fn map(
        &mut self,
        node: NodeId,
        offset_bytes: u64,
        len_bytes: u64,
        purpose: MapFor,
    ) -> Result<Extent, VolumeError> {
        if purpose == MapFor::Write {
            self.begin_change()?;
        }
        let mut inode = self.file(node)?;
        let shift = self.superblock.block_shift;
        let max_bytes = file_max_blocks(&self.superblock) << shift;
        let len_bytes = len_bytes.clamp(1, LEN_BYTES_MAX);
        let is_within = offset_bytes.checked_add(len_bytes).is_some_and(|end| end <= max_bytes);
        if !is_within && purpose == MapFor::Write {
            return Err(VolumeError::TooLarge);
        }
        let skipped = offset_bytes & ((1 << shift) - 1);
        let blocks = skipped.saturating_add(len_bytes).div_ceil(1 << shift);
        let index = offset_bytes >> shift;
        let run = match purpose {
            MapFor::Find => self.find(&inode, index, blocks)?,
            MapFor::Write => self.find_or_allocate(&mut inode, index, blocks)?,
        };
        let len_bytes = ((run.blocks << shift) - skipped).min(len_bytes);
        let Some(start) = run.start else {
            return Ok(Extent { place: None, len_bytes, is_new: false });
        };
        let (place, len_bytes) =
            self.medium.place(self.superblock.at(start) + skipped, len_bytes)?;
        Ok(Extent { place: Some(place), len_bytes, is_new: run.is_new })
    }

    fn truncate(&mut self, node: NodeId, size_bytes: u64) -> Result<(), VolumeError> {
        self.begin_change()?;
        let mut inode = self.file(node)?;
        let first = size_bytes.div_ceil(self.superblock.block_bytes().into());
        inode.set_size(inode.size().min(size_bytes));
        self.free_blocks_from(&mut inode, first, Contents::File)
    }

    fn forget(&mut self, node: NodeId, now: Time) -> Result<(), VolumeError> {
        if node == ROOT_NODE || self.is_read_only() {
            return Ok(());
        }
        let number = u32::try_from(node.0).unwrap_or(0);
        if !self.nameless.take(InodeNumber(number)) {
            return Ok(());
        }
        let mut inode = self.node(node)?;
        if inode.links() > 0 || inode.is_free() {
            return Ok(());
        }
        self.begin_change()?;
        self.end_node(&mut inode, now)
    }

    fn commit(&mut self) -> Result<(), VolumeError> {
        if self.is_read_only() {
            return Ok(());
        }
        self.write_counts()?;
        self.flush()
    }

    fn close(&mut self) -> Result<(), VolumeError> {
        self.commit()?;
        self.end_changes()?;
        self.commit()
    }
}
