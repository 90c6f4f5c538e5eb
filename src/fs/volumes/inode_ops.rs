//! The operations of inodes of a file system on a disk.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::Any;

use volume::{NewNode, NodeId, Time, Volume};

use super::convert::{OperationError, file_kind, inode_kind, node_kind, set_attributes};
use super::directory;
use super::file_store::FileStore;
use super::mounted::Mounted;
use super::node::Node;
use crate::fs::attributes::{FileKind, Mode, Touch};
use crate::fs::directory_entry::{DirectoryEntry, RenameKind};
use crate::fs::error::FsError;
use crate::fs::inode::{Inode, InodeOps};
use crate::fs::io::{BytesMut, Source};
use crate::fs::new_inode::{NewInode, NewKind};
use crate::fs::page_cache::PageCache;
use crate::fs::time;
use crate::sync::Rank;

/// The operations of an inode.
struct Ops {
    node: Arc<Node>,
    /// The text of a symbolic link.
    text: Option<Box<[u8]>>,
}

/// Returns the node of an inode of such a file system.
fn node_of(inode: &Inode) -> Result<&Arc<Node>, FsError> {
    let ops: &dyn Any = inode.ops();
    let ops: Option<&Ops> = ops.downcast_ref();
    ops.map(|ops| &ops.node).ok_or(FsError::CrossesMount)
}

/// Returns the inode of a node that the volume knows to be used; makes it if it isn't in memory.
///
/// # Errors
/// [`FsError::NoMemory`], or the error of the volume.
pub(super) fn inode_of(
    mounted: &Arc<Mounted>,
    volume: &mut dyn Volume,
    id: NodeId,
) -> Result<Arc<Inode>, OperationError> {
    if let Some(inode) = mounted.find(id) {
        return Ok(inode);
    }
    let attributes = volume.attributes(id)?;
    let mut text = Vec::new();
    let kind = file_kind(attributes.kind);
    if kind == FileKind::Symlink {
        volume.link_text(id, &mut text)?;
    }
    let changeable = &attributes.changeable;
    let new = NewInode {
        kind: inode_kind(attributes.kind, &[]),
        mode: Mode::from_bits_truncate(changeable.mode),
        uid: changeable.uid,
        gid: changeable.gid,
    };
    let node = Node::try_new(mounted.clone(), id, attributes.blocks_512)?;
    let pages = match kind {
        FileKind::Regular => {
            PageCache::try_stored(Box::try_new(FileStore(node.clone()))?, Rank::PageTransfers)?
        }
        _ => PageCache::new(None),
    };
    let text = (kind == FileKind::Symlink).then(|| text.into_boxed_slice());
    let ops = Box::try_new(Ops { node: node.clone(), text })?;
    let inode = Inode::try_new_with(mounted.file_system(), id.0, &new, ops, pages)?;
    set_attributes(&inode, changeable);
    inode.attributes().set_links(attributes.links);
    node.set_inode(&inode);
    mounted.add(id, &inode)?;
    Ok(inode)
}

/// Sets the attributes of an inode that change with names.
fn refresh(volume: &mut dyn Volume, inode: &Inode) -> Result<(), OperationError> {
    let node = node_of(inode)?;
    let stored = volume.attributes(node.id())?;
    inode.attributes().set_links(stored.links);
    if inode.is_directory() {
        inode.attributes().set_size_bytes(stored.changeable.size_bytes);
    }
    node.note_blocks(stored.blocks_512);
    Ok(())
}

/// Removes an inode from those that are written back, if it has lost its last name.
fn leave_if_nameless(inode: &Inode, node: &Node) {
    if inode.attributes().links() == 0 {
        node.note_unlisted();
        node.mounted().leave_unwritten(node.id());
    }
}

/// Zeros to be written.
struct Zeros(usize);

impl Source for Zeros {
    fn left(&self) -> usize {
        self.0
    }

    fn fill(&mut self, bytes: BytesMut<'_>) -> usize {
        let len = bytes.len();
        match bytes {
            BytesMut::Slice(bytes) => bytes.fill(0),
            BytesMut::Frame(bytes) => bytes.zero(),
        }
        self.0 -= len;
        len
    }
}

impl InodeOps for Ops {
    fn lookup(&self, _directory: &Inode, name: &[u8]) -> Result<Option<Arc<Inode>>, FsError> {
        let mounted = self.node.mounted();
        mounted.with(|volume| match volume.lookup(self.node.id(), name)? {
            Some(id) => inode_of(mounted, volume, id).map(Some),
            None => Ok(None),
        })
    }

    fn create(
        &self,
        directory: &Inode,
        name: Option<&[u8]>,
        new: NewInode<'_>,
    ) -> Result<Arc<Inode>, FsError> {
        let mounted = self.node.mounted();
        let now = Time(time::now_ns());
        let node = NewNode {
            kind: node_kind(new.kind),
            link_text: if let NewKind::Symlink(text) = new.kind { text } else { b"" },
            mode: new.mode.bits(),
            uid: new.uid,
            gid: new.gid,
            now,
        };
        let made = mounted.with(|volume| {
            let id = volume.create(self.node.id(), name, &node)?;
            let made = inode_of(mounted, volume, id);
            if made.is_err() {
                // The first error is returned.
                let _ = name.map(|name| volume.remove(self.node.id(), name, id));
                let _ = volume.forget(id, now);
            }
            refresh(volume, directory)?;
            made
        })?;
        if name.is_some() {
            directory.touch(Touch::Modified);
        }
        Ok(made)
    }

    fn link(&self, directory: &Inode, name: &[u8], inode: &Arc<Inode>) -> Result<(), FsError> {
        let node = node_of(inode)?;
        if inode.attributes().links() == 0 && !inode.is_linkable() {
            return Err(FsError::NotFound);
        }
        self.node.mounted().with(|volume| {
            volume.link(self.node.id(), name, node.id())?;
            refresh(volume, inode)?;
            refresh(volume, directory)
        })?;
        directory.touch(Touch::Modified);
        inode.touch(Touch::Changed);
        Ok(())
    }

    fn remove(&self, directory: &Inode, name: &[u8], inode: &Inode) -> Result<(), FsError> {
        let node = node_of(inode)?;
        self.node.mounted().with(|volume| {
            volume.remove(self.node.id(), name, node.id())?;
            refresh(volume, inode)?;
            refresh(volume, directory)
        })?;
        directory.touch(Touch::Modified);
        inode.touch(Touch::Changed);
        leave_if_nameless(inode, node);
        Ok(())
    }

    fn rename(
        &self,
        (from, from_name, moved): (&Inode, &[u8], &Inode),
        (to, to_name, replaced): (&Inode, &[u8], Option<&Inode>),
        kind: RenameKind,
    ) -> Result<(), FsError> {
        let (to_node, moved_node) = (node_of(to)?.id(), node_of(moved)?.id());
        let replaced_node = replaced.map(node_of).transpose()?.map(|node| node.id());
        let kind = match kind {
            RenameKind::Replace => volume::RenameKind::Replace,
            RenameKind::Exchange => volume::RenameKind::Exchange,
        };
        self.node.mounted().with(|volume| {
            let from_place = (self.node.id(), from_name, moved_node);
            volume.rename(from_place, (to_node, to_name, replaced_node), kind)?;
            for inode in [Some(from), Some(to), Some(moved), replaced].into_iter().flatten() {
                refresh(volume, inode)?;
            }
            Ok(())
        })?;
        from.touch(Touch::Modified);
        to.touch(Touch::Modified);
        moved.touch(Touch::Changed);
        if let Some(replaced) = replaced {
            replaced.touch(Touch::Changed);
            leave_if_nameless(replaced, node_of(replaced)?);
        }
        Ok(())
    }

    fn read_directory(
        &self,
        directory: &Inode,
        cursor: u64,
        found: &mut dyn FnMut(DirectoryEntry<'_>) -> bool,
    ) -> Result<(), FsError> {
        if !directory.is_directory() {
            return Err(FsError::NotADirectory);
        }
        directory::read(self.node.mounted(), self.node.id(), cursor, found)
    }

    fn link_text(&self) -> Option<&[u8]> {
        self.text.as_deref()
    }

    fn resize(&self, inode: &Inode, size_bytes: u64) -> Result<(), FsError> {
        let mounted = self.node.mounted();
        let old_bytes = inode.size_bytes();
        if size_bytes > mounted.properties().file_max_bytes {
            return Err(FsError::TooLarge);
        }
        if size_bytes >= old_bytes {
            self.fill_gap(inode, size_bytes)?;
            inode.attributes().set_size_bytes(size_bytes);
            return Ok(());
        }
        inode.attributes().set_size_bytes(size_bytes);
        let result =
            inode.pages().truncate(size_bytes).and_then(|()| self.node.truncate(size_bytes));
        if result.is_err() {
            inode.attributes().set_size_bytes(old_bytes);
        }
        result
    }

    fn fill_gap(&self, inode: &Inode, offset: u64) -> Result<(), FsError> {
        let size_bytes = inode.size_bytes();
        if self.node.mounted().properties().has_holes || offset <= size_bytes {
            return Ok(());
        }
        let len = (offset - size_bytes) as usize;
        let (written, result) = inode.pages().write(size_bytes, len, &mut Zeros(len));
        inode.attributes().set_size_bytes(size_bytes + written as u64);
        result
    }

    fn note_change(&self) {
        self.node.note_attributes();
    }

    fn write_back(&self, inode: &Inode) -> Result<(), FsError> {
        self.node.note_unlisted();
        let pages = inode.pages().write_back();
        // After the contents, so that the size on the disk includes no bytes that were never written.
        let attributes = self.node.write_attributes(inode);
        // Pages that a program may change by a mapping are written again later.
        let listed = if inode.pages().is_dirty() { self.node.note_changed() } else { Ok(()) };
        pages.and(attributes).and(listed)
    }

    fn sync(&self) -> Result<(), FsError> {
        let mounted = self.node.mounted();
        let written = self.node.inode().map_or(Ok(()), |inode| self.node.write_attributes(&inode));
        let committed = mounted.with(|volume| Ok(volume.commit()?));
        written.and(committed)
    }

    fn blocks_512(&self) -> Option<u64> {
        Some(self.node.blocks_512())
    }
}
