//! The operations of a volume.

use alloc::string::String;
use alloc::vec::Vec;

use ::volume::{
    Access, Attributes, ChangeableAttributes, Entry, Extent, Kind, MapFor, Medium, NewNode, NodeId,
    Properties, RenameKind, Time, Usage, Volume, VolumeError,
};

use crate::directory::EntryReader;
use crate::fat::{Fat, free};
use crate::name::Name;
use crate::nodes::Key;

impl<M: Medium> Volume for Fat<M> {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn root(&self) -> NodeId {
        Key::ROOT.id()
    }

    fn usage(&mut self) -> Result<Usage, VolumeError> {
        let free = self.table.free_clusters()?.into();
        Ok(Usage {
            blocks: self.table.geometry.clusters.into(),
            free_blocks: free,
            available_blocks: free,
            nodes: 0,
            free_nodes: 0,
        })
    }

    fn attributes(&mut self, node: NodeId) -> Result<Attributes, VolumeError> {
        self.attributes_of(Key::of(node))
    }

    fn set_attributes(
        &mut self,
        node: NodeId,
        attributes: &ChangeableAttributes,
    ) -> Result<(), VolumeError> {
        self.set_attributes_of(Key::of(node), attributes)
    }

    fn link_text(&mut self, _node: NodeId, _text: &mut Vec<u8>) -> Result<(), VolumeError> {
        Err(VolumeError::NotSupported)
    }

    fn lookup(&mut self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, VolumeError> {
        let directory = Key::of(directory);
        self.directory(directory)?;
        let Some(name) = Name::to_find(name) else {
            return Ok(None);
        };
        match self.find(directory, &name)? {
            Some(record) => Ok(Some(self.use_node(directory, &record)?.id())),
            None => Ok(None),
        }
    }

    fn parent(&mut self, directory: NodeId) -> Result<NodeId, VolumeError> {
        let parent = self.directory(Key::of(directory))?.parent;
        self.nodes.begin_use(parent)?;
        Ok(parent.id())
    }

    fn read_directory(
        &mut self,
        directory: NodeId,
        cursor: u64,
        found: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), VolumeError> {
        let directory = Key::of(directory);
        self.directory(directory)?;
        let Ok(slot) = u32::try_from(cursor) else {
            return Ok(());
        };
        let mut entries = EntryReader::new(slot);
        let mut name = String::new();
        loop {
            let contents = &mut self.nodes.get(directory)?.contents;
            let Some(record) = entries.next(&mut self.table, contents)? else {
                return Ok(());
            };
            name.clear();
            entries.with_name(&record, |chars| name.extend(chars));
            let kind = if record.short.is_directory() { Kind::Directory } else { Kind::Regular };
            let is_continued = found(Entry {
                name: name.as_bytes(),
                node: self.nodes.key_at(record.at)?.id(),
                kind: Some(kind),
                next: u64::from(record.slot) + 1,
            });
            if !is_continued {
                return Ok(());
            }
        }
    }

    fn create(
        &mut self,
        directory: NodeId,
        name: Option<&[u8]>,
        new: &NewNode<'_>,
    ) -> Result<NodeId, VolumeError> {
        self.create_in(Key::of(directory), name, new).map(Key::id)
    }

    fn link(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<(), VolumeError> {
        self.link_in(Key::of(directory), name, Key::of(node))
    }

    fn remove(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<(), VolumeError> {
        self.remove_from(Key::of(directory), name, Key::of(node))
    }

    fn rename(
        &mut self,
        (from, from_name, node): (NodeId, &[u8], NodeId),
        (to, to_name, replaced): (NodeId, &[u8], Option<NodeId>),
        kind: RenameKind,
    ) -> Result<(), VolumeError> {
        match kind {
            RenameKind::Replace => self.move_name(
                (Key::of(from), from_name, Key::of(node)),
                (Key::of(to), to_name, replaced.map(Key::of)),
            ),
            // No order of writes keeps both files when power fails.
            RenameKind::Exchange => Err(VolumeError::NotSupported),
        }
    }

    fn map(
        &mut self,
        node: NodeId,
        offset_bytes: u64,
        len_bytes: u64,
        purpose: MapFor,
    ) -> Result<Extent, VolumeError> {
        self.map_of(Key::of(node), offset_bytes, len_bytes, purpose)
    }

    fn truncate(&mut self, node: NodeId, size_bytes: u64) -> Result<(), VolumeError> {
        self.truncate_to(Key::of(node), size_bytes)
    }

    fn forget(&mut self, node: NodeId, _now: Time) -> Result<(), VolumeError> {
        let key = Key::of(node);
        let freed = self.free_unnamed(key);
        self.nodes.forget(key)?;
        freed
    }

    fn commit(&mut self) -> Result<(), VolumeError> {
        match self.table.access {
            Access::ReadOnly => Ok(()),
            Access::ReadWrite => {
                self.table.write_info()?;
                self.table.flush()
            }
        }
    }

    fn close(&mut self) -> Result<(), VolumeError> {
        if self.table.access == Access::ReadOnly {
            return Ok(());
        }
        for node in self.nodes.unnamed() {
            free(&mut self.table, node)?;
        }
        self.commit()?;
        // With the chains that were freed just now.
        self.table.flush()?;
        self.table.mark_closed()?;
        self.table.flush()
    }
}
