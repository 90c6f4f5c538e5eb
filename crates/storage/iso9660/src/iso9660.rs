//! The operations of an ISO 9660 file system.

use alloc::vec::Vec;
use core::ops::Range;

use volume::{
    Attributes, ChangeableAttributes, Entry, Extent, Kind, MapFor, Medium, NewNode, NodeId,
    Properties, RenameKind, Time, Usage, Volume, VolumeError,
};

use crate::descriptors;
use crate::directory::Directory;
use crate::entries::{Entries, Found, Names};
use crate::image::Image;
use crate::name::NAME_BYTES_MAX;
use crate::record::{Record, SELF};
use crate::rock_ridge::{self, Fields};
use crate::sections::Sections;

/// The number by which Linux's statfs identifies the file system.
const MAGIC: u64 = 0x9660;
/// The permissions of a node whose mode isn't stored, as on Linux.
const DEFAULT_MODE: u16 = 0o555;
/// The bits of a mode that aren't the kind.
const MODE_MASK: u32 = 0o7777;

/// An ISO 9660 file system.
pub struct Iso9660<M> {
    image: Image<M>,
    names: Names,
    root: u64,
    blocks: u64,
    properties: Properties,
    /// The directory of the last look-up that has found a name, and the offset of the entry after
    /// it, in bytes. Programs look up the names of a directory in its order.
    last: (u64, u64),
}

impl<M: Medium> Iso9660<M> {
    /// Opens the file system on a disk, for reading.
    ///
    /// # Errors
    /// [`VolumeError::OtherKind`] if the disk has no primary volume descriptor;
    /// [`VolumeError::Damaged`] if its root directory can't be read.
    pub fn open(medium: M) -> Result<Self, VolumeError> {
        let mut image = Image::new(medium);
        let found = descriptors::read(&mut image)?;
        image.block_bytes = found.primary.block_bytes;
        let mut descriptor = found.primary;
        let root = Directory::open_named(&image, descriptor.root)?;
        let names = match (rock_ridge::detect(&image, &root.record)?, found.joliet) {
            (Some(skip), _) => Names::RockRidge { skip },
            (None, None) => Names::Plain,
            (None, Some(joliet)) => {
                descriptor = joliet;
                image.block_bytes = descriptor.block_bytes;
                Directory::open_named(&image, descriptor.root)?;
                Names::Joliet(joliet.path_table)
            }
        };
        let properties = Properties {
            block_bytes: descriptor.block_bytes,
            name_max_bytes: NAME_BYTES_MAX as u32,
            file_max_bytes: u64::from(u32::MAX) * u64::from(descriptor.block_bytes),
            has_holes: false,
            has_owners: matches!(names, Names::RockRidge { .. }),
            ignores_case: false,
            was_clean: true,
            is_replayed: false,
            magic: MAGIC,
        };
        let (root, blocks) = (descriptor.root, descriptor.blocks.into());
        Ok(Self { image, names, root, blocks, properties, last: (root, 0) })
    }

    /// Returns what Rock Ridge's fields of a record say, if there are any; `text` gets the text of
    /// a link, in pieces.
    fn fields(
        &self,
        record: &Record,
        text: &mut dyn FnMut(&[u8]) -> Result<(), VolumeError>,
    ) -> Result<Option<Fields>, VolumeError> {
        match self.names {
            Names::RockRidge { skip } => {
                rock_ridge::read(&self.image, record, skip, text).map(Some)
            }
            Names::Plain | Names::Joliet(_) => Ok(None),
        }
    }

    /// Returns the parent of a directory.
    fn parent_of(&self, directory: &Directory) -> Result<u64, VolumeError> {
        if let Names::Joliet(path_table) = self.names {
            return path_table.parent_of(&self.image, directory.node());
        }
        let record = directory.parent_record(&self.image)?;
        let fields = self.fields(&record, &mut |_| Ok(()))?;
        let moved_from = fields.and_then(|fields| fields.parent);
        Ok(moved_from.map_or_else(|| record.extent(&self.image), |block| self.image.block(block)))
    }

    /// Returns the entry of a name, if it is in this range of offsets.
    fn find(
        &self,
        directory: &Directory,
        name: &[u8],
        range: Range<u64>,
    ) -> Result<Option<Found>, VolumeError> {
        if range.is_empty() {
            return Ok(None);
        }
        let mut entries = Entries::new(&self.image, self.names, directory, range.start)?;
        while let Some(found) = entries.next()?.filter(|found| found.next <= range.end) {
            if found.name.as_bytes() == name {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Checks that an entry of `directory` is the only one of a directory below it.
    fn check_child(&self, directory: &Directory, found: &Found) -> Result<(), VolumeError> {
        let child = Directory::open_named(&self.image, found.node)?;
        let is_below = child.node() != directory.node() && child.node() != self.root;
        if !is_below || self.parent_of(&child)? != directory.node() {
            return Err(VolumeError::Damaged("the parent of a directory"));
        }
        let mut records = directory.records(&self.image, 0)?;
        while let Some(before) = records.next()? {
            if before.end() - directory.node() >= found.next {
                break;
            }
            if self.directory_of(&before)? == Some(found.node) {
                return Err(VolumeError::Damaged("a directory with two names"));
            }
        }
        Ok(())
    }

    /// Returns the directory that a record stands for; `None` if it is that of another file.
    fn directory_of(&self, record: &Record) -> Result<Option<u64>, VolumeError> {
        if record.is_directory() {
            return Ok(Some(record.extent(&self.image)));
        }
        let fields = self.fields(record, &mut |_| Ok(()))?;
        Ok(fields.and_then(|fields| fields.child).map(|block| self.image.block(block)))
    }

    /// Returns the number of bytes of the file whose first record is `record`.
    fn file_bytes(&self, record: Record) -> Result<u64, VolumeError> {
        let mut sections = Sections::new(record, u64::MAX);
        let mut len_bytes = 0;
        loop {
            len_bytes += u64::from(sections.record().len_bytes());
            if !sections.advance(&self.image)? {
                return Ok(len_bytes);
            }
        }
    }

    /// Returns where the byte `offset_bytes` of the file whose first record is `record` is, and the
    /// number of bytes in one piece from there on; `None` if it is behind the end.
    fn place(&self, record: Record, offset_bytes: u64) -> Result<Option<(u64, u64)>, VolumeError> {
        let mut sections = Sections::new(record, u64::MAX);
        let mut offset_bytes = offset_bytes;
        loop {
            let section = sections.record();
            let mut len_bytes = u64::from(section.len_bytes());
            let block_bytes = u64::from(self.properties.block_bytes);
            if section.is_interleaved() {
                return Err(VolumeError::Unsupported("an interleaved file"));
            }
            if section.has_more() && !len_bytes.is_multiple_of(block_bytes) {
                return Err(VolumeError::Unsupported("an extent that ends within a block"));
            }
            if offset_bytes < len_bytes {
                let start = section.extent(&self.image);
                if !self.image.contains(start, len_bytes) {
                    return Err(VolumeError::Damaged("the extent of a file"));
                }
                // The rest of the last block can be read as well, unless the disk ends within it.
                len_bytes = len_bytes.next_multiple_of(block_bytes);
                len_bytes = len_bytes.min(self.image.len_bytes() - start);
                return Ok(Some((start + offset_bytes, len_bytes - offset_bytes)));
            }
            offset_bytes -= len_bytes;
            if !sections.advance(&self.image)? {
                return Ok(None);
            }
        }
    }
}

/// Returns the kind of the node of a record.
fn kind_of(record: &Record, fields: Option<&Fields>) -> Result<Kind, VolumeError> {
    match fields {
        _ if record.identifier() == SELF => Ok(Kind::Directory),
        Some(fields) => fields.kind(),
        None => Ok(Kind::Regular),
    }
}

impl<M: Medium> Volume for Iso9660<M> {
    fn properties(&self) -> &Properties {
        &self.properties
    }

    fn root(&self) -> NodeId {
        NodeId(self.root)
    }

    fn usage(&mut self) -> Result<Usage, VolumeError> {
        Ok(Usage { blocks: self.blocks, ..Usage::default() })
    }

    /// The number of links of a directory is 1 without Rock Ridge, as on Linux.
    fn attributes(&mut self, node: NodeId) -> Result<Attributes, VolumeError> {
        let record = Record::read_node(&self.image, node.0)?;
        let fields = self.fields(&record, &mut |_| Ok(()))?;
        let fields = fields.as_ref();
        let kind = kind_of(&record, fields)?;
        let date = record.date();
        let size_bytes = match kind {
            Kind::Directory => record.len_bytes().into(),
            Kind::Regular => self.file_bytes(record)?,
            Kind::Symlink => {
                let text_bytes = fields.and_then(|fields| fields.text_bytes);
                text_bytes.ok_or(VolumeError::Damaged("a symbolic link without a text"))? as u64
            }
            Kind::CharDevice(..) | Kind::BlockDevice(..) | Kind::Fifo | Kind::Socket => 0,
        };
        let has_blocks = matches!(kind, Kind::Directory | Kind::Regular);
        let posix = fields.and_then(|fields| fields.posix);
        let changeable = ChangeableAttributes {
            mode: posix.map_or(DEFAULT_MODE, |posix| (posix.mode & MODE_MASK) as u16),
            uid: posix.map_or(0, |posix| posix.uid),
            gid: posix.map_or(0, |posix| posix.gid),
            size_bytes,
            accessed: fields.and_then(|fields| fields.accessed).unwrap_or(date),
            modified: fields.and_then(|fields| fields.modified).unwrap_or(date),
            changed: fields.and_then(|fields| fields.changed).unwrap_or(date),
        };
        Ok(Attributes {
            kind,
            links: posix.map_or(1, |posix| posix.links),
            blocks_512: if has_blocks { size_bytes.div_ceil(512) } else { 0 },
            changeable,
        })
    }

    fn link_text(&mut self, node: NodeId, text: &mut Vec<u8>) -> Result<(), VolumeError> {
        let record = Record::read_node(&self.image, node.0)?;
        let old_bytes = text.len();
        let fields = self.fields(&record, &mut |piece| {
            text.try_reserve(piece.len()).map_err(|_| VolumeError::NoMemory)?;
            text.extend_from_slice(piece);
            Ok(())
        });
        let result = fields.and_then(|fields| {
            if kind_of(&record, fields.as_ref())? != Kind::Symlink {
                return Err(VolumeError::NotSupported);
            }
            match fields.and_then(|fields| fields.text_bytes) {
                Some(_) => Ok(()),
                None => Err(VolumeError::Damaged("a symbolic link without a text")),
            }
        });
        if result.is_err() {
            text.truncate(old_bytes);
        }
        result
    }

    fn lookup(&mut self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, VolumeError> {
        let directory = Directory::open(&self.image, directory.0)?;
        let start = if self.last.0 == directory.node() { self.last.1 } else { 0 };
        let found = match self.find(&directory, name, start..u64::MAX)? {
            None => self.find(&directory, name, 0..start)?,
            found => found,
        };
        let Some(found) = found else {
            return Ok(None);
        };
        if found.kind == Kind::Directory {
            self.check_child(&directory, &found)?;
        }
        self.last = (directory.node(), found.next);
        Ok(Some(NodeId(found.node)))
    }

    fn parent(&mut self, directory: NodeId) -> Result<NodeId, VolumeError> {
        if directory.0 == self.root {
            return Ok(directory);
        }
        let directory = Directory::open(&self.image, directory.0)?;
        let parent = self.parent_of(&directory)?;
        Ok(NodeId(Directory::open_named(&self.image, parent)?.node()))
    }

    fn read_directory(
        &mut self,
        directory: NodeId,
        cursor: u64,
        found: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), VolumeError> {
        let directory = Directory::open(&self.image, directory.0)?;
        let mut entries = Entries::new(&self.image, self.names, &directory, cursor)?;
        while let Some(entry) = entries.next()? {
            let goes_on = found(Entry {
                name: entry.name.as_bytes(),
                node: NodeId(entry.node),
                kind: Some(entry.kind),
                next: entry.next,
            });
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// The bytes of the last block behind the end of the file belong to the extent before them.
    fn map(
        &mut self,
        node: NodeId,
        offset_bytes: u64,
        len_bytes: u64,
        purpose: MapFor,
    ) -> Result<Extent, VolumeError> {
        if purpose == MapFor::Write {
            return Err(VolumeError::ReadOnly);
        }
        let record = Record::read_node(&self.image, node.0)?;
        let fields = self.fields(&record, &mut |_| Ok(()))?;
        if kind_of(&record, fields.as_ref())? != Kind::Regular {
            return Err(VolumeError::NotSupported);
        }
        if let Some(feature) = fields.and_then(|fields| fields.unsupported) {
            return Err(VolumeError::Unsupported(feature));
        }
        let (place, available_bytes) = match self.place(record, offset_bytes)? {
            Some((place, available_bytes)) => (Some(place), available_bytes),
            None => (None, u64::MAX),
        };
        Ok(Extent { place, len_bytes: len_bytes.clamp(1, available_bytes), is_new: false })
    }

    fn forget(&mut self, _node: NodeId, _now: Time) -> Result<(), VolumeError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), VolumeError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), VolumeError> {
        Ok(())
    }

    fn set_attributes(
        &mut self,
        _node: NodeId,
        _attributes: &ChangeableAttributes,
    ) -> Result<(), VolumeError> {
        Err(VolumeError::ReadOnly)
    }

    fn create(
        &mut self,
        _directory: NodeId,
        _name: Option<&[u8]>,
        _new: &NewNode<'_>,
    ) -> Result<NodeId, VolumeError> {
        Err(VolumeError::ReadOnly)
    }

    fn link(&mut self, _directory: NodeId, _name: &[u8], _node: NodeId) -> Result<(), VolumeError> {
        Err(VolumeError::ReadOnly)
    }

    fn remove(
        &mut self,
        _directory: NodeId,
        _name: &[u8],
        _node: NodeId,
    ) -> Result<(), VolumeError> {
        Err(VolumeError::ReadOnly)
    }

    fn rename(
        &mut self,
        _from: (NodeId, &[u8], NodeId),
        _to: (NodeId, &[u8], Option<NodeId>),
        _kind: RenameKind,
    ) -> Result<(), VolumeError> {
        Err(VolumeError::ReadOnly)
    }

    fn truncate(&mut self, _node: NodeId, _size_bytes: u64) -> Result<(), VolumeError> {
        Err(VolumeError::ReadOnly)
    }
}
