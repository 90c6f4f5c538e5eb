//! Names of nodes: to make, move and remove them, with the counts of names.

use volume::{Kind, Medium, NewNode, NodeId, RenameKind, VolumeError};

use crate::directory::Place;
use crate::ext2::Ext2;
use crate::fields::InodeNumber;
use crate::inode::Inode;
use crate::superblock::{NAME_MAX_BYTES, ROOT};

/// The most names of a node. The names of a directory are its own, `.`, and each `..` in it.
const LINKS_MAX: u16 = 32_000;

/// A name that is moved: the directory, the place of the name in it, and the node.
struct Name {
    directory: Inode,
    place: Place,
    node: Inode,
}

fn check_name(name: &[u8]) -> Result<(), VolumeError> {
    if name.len() > NAME_MAX_BYTES { Err(VolumeError::NameTooLong) } else { Ok(()) }
}

impl<M: Medium> Ext2<M> {
    /// Finds the node of a name.
    pub(crate) fn find_node(
        &mut self,
        directory: NodeId,
        name: &[u8],
    ) -> Result<Option<NodeId>, VolumeError> {
        let directory = self.directory(directory)?;
        if name.len() > NAME_MAX_BYTES {
            return Ok(None);
        }
        let Some(place) = self.find_entry(&directory, name)? else { return Ok(None) };
        let node = NodeId(place.record.inode.map_or(0, |inode| inode.0).into());
        let inode = self.node(node)?;
        if inode.links() == 0 {
            return Err(VolumeError::Damaged("a name of a free inode"));
        }
        // So no directory contains itself, by however many others.
        if inode.is_directory() {
            let (_, parent) = self.find_parent(&self.directory(node)?)?;
            if inode.number == ROOT || parent != directory.number {
                return Err(VolumeError::Damaged("a directory in two directories"));
            }
        }
        Ok(Some(node))
    }

    /// Reads a directory that is to get a name.
    fn directory_for_name(&self, directory: NodeId, name: &[u8]) -> Result<Inode, VolumeError> {
        check_name(name)?;
        let directory = self.directory(directory)?;
        // It was removed.
        if directory.links() == 0 { Err(VolumeError::NotSupported) } else { Ok(directory) }
    }

    /// Makes a node, with a name or without.
    pub(crate) fn create_node(
        &mut self,
        directory: NodeId,
        name: Option<&[u8]>,
        new: &NewNode<'_>,
    ) -> Result<NodeId, VolumeError> {
        self.begin_change()?;
        let mut directory = self.directory_for_name(directory, name.unwrap_or_default())?;
        self.check_new(new)?;
        let is_directory = new.kind == Kind::Directory;
        if is_directory && name.is_none() {
            return Err(VolumeError::NotSupported);
        }
        if is_directory && directory.links() >= LINKS_MAX {
            return Err(VolumeError::TooManyNames);
        }
        let links = if is_directory { 2 } else { u16::from(name.is_some()) };
        let mut inode = self.begin_node(directory.number, new, links)?;
        match name {
            None => self.nameless.add(inode.number),
            Some(name) => {
                if let Err(error) = self.add_entry(&mut directory, name, &inode) {
                    self.end_node(&mut inode, new.now)?;
                    return Err(error);
                }
            }
        }
        if is_directory {
            directory.set_links(directory.links() + 1);
            self.write_inode(&directory)?;
        }
        Ok(NodeId(inode.number.0.into()))
    }

    /// Gives a node a further name.
    pub(crate) fn link_node(
        &mut self,
        directory: NodeId,
        name: &[u8],
        node: NodeId,
    ) -> Result<(), VolumeError> {
        self.begin_change()?;
        let mut directory = self.directory_for_name(directory, name)?;
        let mut inode = self.node(node)?;
        if inode.is_directory() {
            return Err(VolumeError::NotSupported);
        }
        if inode.links() >= LINKS_MAX {
            return Err(VolumeError::TooManyNames);
        }
        self.add_entry(&mut directory, name, &inode)?;
        inode.set_links(inode.links() + 1);
        self.write_inode(&inode)
    }

    /// Removes a name of a node.
    pub(crate) fn remove_name(
        &mut self,
        directory: NodeId,
        name: &[u8],
        node: NodeId,
    ) -> Result<(), VolumeError> {
        self.begin_change()?;
        let found = self.name(directory, name, node)?;
        self.check_removal(&found)?;
        self.remove_entry(found.directory.number, name, &found.place)?;
        self.count_removal(&found)
    }

    /// Finds a name, and reads its directory and its node.
    fn name(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<Name, VolumeError> {
        let directory = self.directory(directory)?;
        let node = self.node(node)?;
        let place = self.find_name(&directory, name, node.number)?;
        Ok(Name { directory, place, node })
    }

    /// Checks that a node can lose a name.
    fn check_removal(&self, name: &Name) -> Result<(), VolumeError> {
        let number = name.node.number;
        if number == ROOT || number == name.directory.number || name.node.links() == 0 {
            return Err(VolumeError::Damaged("the number of names of an inode"));
        }
        if name.node.is_directory() {
            let directory = self.directory(NodeId(number.0.into()))?;
            if !self.is_empty(&directory)? {
                return Err(VolumeError::NotEmpty);
            }
        }
        Ok(())
    }

    /// Counts a name less of a node. The node stays until it is forgotten.
    fn count_removal(&mut self, name: &Name) -> Result<(), VolumeError> {
        let mut inode = self.read_inode(name.node.number)?;
        let links = if inode.is_directory() { 0 } else { inode.links().saturating_sub(1) };
        inode.set_links(links);
        // A time of its end would make it a free one.
        inode.set_ended(0);
        self.write_inode(&inode)?;
        if links == 0 {
            self.nameless.add(inode.number);
        }
        if inode.is_directory() { self.count_links(name.directory.number, -1) } else { Ok(()) }
    }

    /// Changes the number of a directory's names.
    fn count_links(&mut self, directory: InodeNumber, change: i16) -> Result<(), VolumeError> {
        if change == 0 {
            return Ok(());
        }
        let mut inode = self.read_inode(directory)?;
        // Its own name and its `.` stay, however wrong the number was.
        inode.set_links(inode.links().saturating_add_signed(change).max(2));
        self.write_inode(&inode)
    }

    /// Moves a name, or exchanges two.
    pub(crate) fn rename_node(
        &mut self,
        from: (NodeId, &[u8], NodeId),
        to: (NodeId, &[u8], Option<NodeId>),
        kind: RenameKind,
    ) -> Result<(), VolumeError> {
        self.begin_change()?;
        let mut directory = self.directory_for_name(to.0, to.1)?;
        let from_name = self.name(from.0, from.1, from.2)?;
        let Some(replaced) = to.2 else {
            self.check_move(&from_name, &directory, 0)?;
            self.add_entry(&mut directory, to.1, &from_name.node)?;
            // The new entry may have taken room of the old one.
            let from_name = self.name(from.0, from.1, from.2)?;
            self.remove_entry(from_name.directory.number, from.1, &from_name.place)?;
            return self.move_parent(&from_name.node, from_name.directory.number, directory.number);
        };
        if replaced == from.2 {
            return Ok(());
        }
        let to_name = self.name(to.0, to.1, replaced)?;
        let is_directory = i16::from(to_name.node.is_directory());
        self.check_move(&from_name, &directory, -is_directory)?;
        let (from_directory, to_directory) = (from_name.directory.number, directory.number);
        match kind {
            RenameKind::Replace => {
                self.check_removal(&to_name)?;
                self.change_entry(&to_name.place, &from_name.node)?;
                self.remove_entry(from_directory, from.1, &from_name.place)?;
                self.count_removal(&to_name)?;
            }
            RenameKind::Exchange => {
                let other = i16::from(from_name.node.is_directory());
                self.check_move(&to_name, &from_name.directory, -other)?;
                self.change_entry(&to_name.place, &from_name.node)?;
                self.change_entry(&from_name.place, &to_name.node)?;
                self.move_parent(&to_name.node, to_directory, from_directory)?;
            }
        }
        self.move_parent(&from_name.node, from_directory, to_directory)
    }

    /// Checks that a node can get another parent, which has `change` more names otherwise.
    fn check_move(&self, name: &Name, to: &Inode, change: i16) -> Result<(), VolumeError> {
        if !name.node.is_directory() || name.directory.number == to.number {
            return Ok(());
        }
        self.find_parent(&self.directory(NodeId(name.node.number.0.into()))?)?;
        if to.links().saturating_add_signed(change) >= LINKS_MAX {
            return Err(VolumeError::TooManyNames);
        }
        Ok(())
    }

    /// Changes the entry `..` of a node, if it is a directory, and the numbers of names that follow.
    fn move_parent(
        &mut self,
        node: &Inode,
        from: InodeNumber,
        to: InodeNumber,
    ) -> Result<(), VolumeError> {
        if !node.is_directory() || from == to {
            return Ok(());
        }
        let (place, _) = self.find_parent(node)?;
        let parent = self.read_inode(to)?;
        self.change_entry(&place, &parent)?;
        self.count_links(from, -1)?;
        self.count_links(to, 1)
    }
}
