//! Nodes: their kinds, their beginning and their end.

use volume::{Kind, Medium, NewNode, Stage, Time, VolumeError};

use crate::ext2::Ext2;
use crate::fields::{BlockNumber, InodeNumber, u32_at};
use crate::inode::{
    ACCESSED, BLOCK_DEVICE, CHANGED, CHAR_DEVICE, CREATED, DIRECTORY, FIFO, Inode, MODIFIED,
    PERMISSIONS, REGULAR, SOCKET, SYMLINK,
};
use crate::time;
use crate::truncate::Contents;

/// The header of a block with extended attributes: the magic number, and the number of inodes that
/// share it.
const ATTRIBUTES_MAGIC: u32 = 0xEA02_0000;
const ATTRIBUTES_SHARED_AT: usize = 4;

/// The largest numbers of devices: 12 bits and 20 bits.
const MAJOR_MAX: u32 = 0xFFF;
const MINOR_MAX: u32 = 0xF_FFFF;

/// Returns the bits of the mode for a kind.
fn mode_kind(kind: Kind) -> u16 {
    match kind {
        Kind::Regular => REGULAR,
        Kind::Directory => DIRECTORY,
        Kind::Symlink => SYMLINK,
        Kind::CharDevice(..) => CHAR_DEVICE,
        Kind::BlockDevice(..) => BLOCK_DEVICE,
        Kind::Fifo => FIFO,
        Kind::Socket => SOCKET,
    }
}

/// Returns the kind of an inode.
pub(crate) fn kind(inode: &Inode) -> Result<Kind, VolumeError> {
    Ok(match inode.kind() {
        REGULAR => Kind::Regular,
        DIRECTORY => Kind::Directory,
        SYMLINK => Kind::Symlink,
        CHAR_DEVICE => {
            let (major, minor) = device(inode);
            Kind::CharDevice(major, minor)
        }
        BLOCK_DEVICE => {
            let (major, minor) = device(inode);
            Kind::BlockDevice(major, minor)
        }
        FIFO => Kind::Fifo,
        SOCKET => Kind::Socket,
        _ => return Err(VolumeError::Damaged("the kind of an inode")),
    })
}

/// Returns the numbers of a device: 8 bits each in the first pointer, or 12 and 20 bits in the
/// second one, of which the minor number has the bits 0 to 7 and 20 to 31.
fn device(inode: &Inode) -> (u32, u32) {
    match inode.pointer(0) {
        0 => {
            let number = inode.pointer(1);
            (number >> 8 & MAJOR_MAX, number & 0xFF | number >> 12 & 0xF_FF00)
        }
        number => (number >> 8 & 0xFF, number & 0xFF),
    }
}

fn set_device(inode: &mut Inode, major: u32, minor: u32) {
    if major <= 0xFF && minor <= 0xFF {
        inode.set_pointer(0, major << 8 | minor);
    } else {
        inode.set_pointer(1, minor & 0xFF | major << 8 | (minor & 0xF_FF00) << 12);
    }
}

impl<M: Medium> Ext2<M> {
    /// Checks that a new node can be stored.
    pub(crate) fn check_new(&self, new: &NewNode<'_>) -> Result<(), VolumeError> {
        match new.kind {
            Kind::Symlink => self.check_text(new.link_text),
            Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor)
                if major > MAJOR_MAX || minor > MINOR_MAX =>
            {
                Err(VolumeError::NotSupported)
            }
            _ => Ok(()),
        }
    }

    /// Makes a node, which was checked, with `links` names. If that fails, nothing is left of it.
    pub(crate) fn begin_node(
        &mut self,
        parent: InodeNumber,
        new: &NewNode<'_>,
        links: u16,
    ) -> Result<Inode, VolumeError> {
        let number = self.allocate_inode(parent, new.kind == Kind::Directory)?;
        let mut inode = self.read_inode(number)?;
        let mode = mode_kind(new.kind) | new.mode & PERMISSIONS;
        inode.reset(mode, links, self.extra_bytes());
        inode.set_owner(new.uid, new.gid);
        for field in [ACCESSED, CHANGED, MODIFIED] {
            time::set(&mut inode, field, new.now);
        }
        if inode.has_extra(CREATED) {
            time::set(&mut inode, CREATED, new.now);
        }
        match self.fill_node(&mut inode, parent, new) {
            Ok(()) => Ok(inode),
            Err(error) => {
                self.end_node(&mut inode, new.now)?;
                Err(error)
            }
        }
    }

    fn fill_node(
        &mut self,
        inode: &mut Inode,
        parent: InodeNumber,
        new: &NewNode<'_>,
    ) -> Result<(), VolumeError> {
        self.clear_inode_rest(inode.number)?;
        match new.kind {
            Kind::Directory => self.fill_directory(inode, parent),
            Kind::Symlink => self.write_text(inode, new.link_text),
            Kind::CharDevice(major, minor) | Kind::BlockDevice(major, minor) => {
                set_device(inode, major, minor);
                self.write_inode(inode)
            }
            Kind::Regular | Kind::Fifo | Kind::Socket => self.write_inode(inode),
        }
    }

    /// Ends a node: frees its blocks and its inode. Damage is reported in the end.
    pub(crate) fn end_node(&mut self, inode: &mut Inode, now: Time) -> Result<(), VolumeError> {
        let is_directory = inode.is_directory();
        if self.known_names.as_ref().is_some_and(|known| known.directory() == inode.number) {
            self.known_names = None;
        }
        let freed = match inode.kind() {
            REGULAR => self.free_blocks_from(inode, 0, Contents::File),
            SYMLINK if self.has_text(inode) => Ok(()),
            DIRECTORY | SYMLINK => self.free_blocks_from(inode, 0, Contents::Structures),
            _ => Ok(()),
        };
        let released = inode.attribute_block().map_or(Ok(()), |block| self.free_attributes(block));
        for result in [freed, released] {
            match result {
                Ok(()) | Err(VolumeError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        inode.clear_attribute_block();
        inode.set_links(0);
        inode.set_size(0);
        inode.set_sectors(0);
        // Programs take the times of the first years for numbers of inodes, which were there while
        // a list of nodes without names was kept.
        let seconds = u32::try_from(now.0.div_euclid(1_000_000_000).max(0)).unwrap_or(u32::MAX);
        inode.set_ended(seconds.max(self.superblock.inodes));
        self.write_inode(inode)?;
        self.free_inode(inode.number, is_directory)?;
        freed.and(released)
    }

    /// Frees a block with extended attributes, or counts one inode less that shares it.
    fn free_attributes(&mut self, block: BlockNumber) -> Result<(), VolumeError> {
        self.check_run(block, 1)?;
        let mut header = [0; 8];
        let at = self.superblock.at(block);
        self.medium.read(at, &mut header)?;
        if u32_at(&header, 0) != ATTRIBUTES_MAGIC {
            return Err(VolumeError::Damaged("the extended attributes of an inode"));
        }
        let shared = u32_at(&header, ATTRIBUTES_SHARED_AT);
        if shared > 1 {
            let at = at + ATTRIBUTES_SHARED_AT as u64;
            return Ok(self.medium.write(Stage::Last, at, &(shared - 1).to_le_bytes())?);
        }
        self.discard(block, 1);
        self.free_run(block, 1)
    }
}
