//! A volume in use, by paths and contents, as a kernel uses it.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use volume::{
    Access, Attributes, ChangeableAttributes, Kind, MapFor, NewNode, NodeId, RenameKind, Time,
    Volume, VolumeError,
};

use super::disk::Disk;
use super::host;
use crate::{Ext2, Format};

pub(super) const NOW: Time = Time(1_700_000_000_123_456_789);

pub(super) struct Session {
    pub disk: Disk,
    pub volume: Ext2<Disk>,
}

pub(super) fn new(kind: Kind) -> NewNode<'static> {
    NewNode { kind, link_text: b"", mode: 0o644, uid: 1000, gid: 100_000, now: NOW }
}

/// Splits a path into that of its directory and its last name.
pub(super) fn split(path: &str) -> (&str, &[u8]) {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    (directory, name.as_bytes())
}

impl Session {
    pub(super) fn open(bytes: Vec<u8>) -> Self {
        Self::try_open(bytes, Access::ReadWrite).unwrap()
    }

    pub(super) fn try_open(bytes: Vec<u8>, access: Access) -> Result<Self, VolumeError> {
        let disk = Disk::new(bytes);
        Ok(Self { volume: Ext2::open(disk.clone(), access)?, disk })
    }

    /// Opens a volume for reading.
    pub(super) fn read_as(bytes: Vec<u8>, format: Format) -> Result<Self, VolumeError> {
        let disk = Disk::new(bytes);
        Ok(Self { volume: Ext2::open_for_reading(disk.clone(), format)?, disk })
    }

    pub(super) fn make(kib: u32, options: &[&str]) -> Self {
        Self::open(host::make(kib, options))
    }

    /// Closes the volume, checks it by e2fsck, and returns its bytes.
    pub(super) fn close(mut self) -> Vec<u8> {
        self.volume.close().unwrap();
        let bytes = self.disk.bytes();
        host::assert_clean(&bytes);
        bytes
    }

    /// Closes the volume, checks it, and opens it again.
    pub(super) fn reopen(self) -> Self {
        Self::open(self.close())
    }

    pub(super) fn find(&mut self, path: &str) -> NodeId {
        self.try_find(path).unwrap_or_else(|| panic!("{path} is missing"))
    }

    pub(super) fn try_find(&mut self, path: &str) -> Option<NodeId> {
        let mut node = self.volume.root();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            node = self.volume.lookup(node, name.as_bytes()).unwrap()?;
        }
        Some(node)
    }

    pub(super) fn try_create(
        &mut self,
        path: &str,
        new: &NewNode<'_>,
    ) -> Result<NodeId, VolumeError> {
        let (directory, name) = split(path);
        let directory = self.find(directory);
        self.volume.create(directory, Some(name), new)
    }

    pub(super) fn create(&mut self, path: &str, kind: Kind) -> NodeId {
        self.try_create(path, &new(kind)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(super) fn link(&mut self, path: &str, text: &[u8]) -> Result<NodeId, VolumeError> {
        self.try_create(path, &NewNode { link_text: text, ..new(Kind::Symlink) })
    }

    /// Removes a name, and its node if it was the last one.
    pub(super) fn remove(&mut self, path: &str) -> Result<(), VolumeError> {
        let (directory, name) = split(path);
        let (directory, node) = (self.find(directory), self.find(path));
        self.volume.remove(directory, name, node)?;
        self.volume.forget(node, NOW)
    }

    pub(super) fn rename(
        &mut self,
        from: &str,
        to: &str,
        kind: RenameKind,
    ) -> Result<(), VolumeError> {
        let node = self.find(from);
        let replaced = self.try_find(to);
        let ((from_path, from), (to_path, to)) = (split(from), split(to));
        let (from_directory, to_directory) = (self.find(from_path), self.find(to_path));
        self.volume.rename((from_directory, from, node), (to_directory, to, replaced), kind)?;
        match replaced {
            Some(replaced) => self.volume.forget(replaced, NOW),
            None => Ok(()),
        }
    }

    pub(super) fn attributes(&mut self, node: NodeId) -> Attributes {
        self.volume.attributes(node).unwrap()
    }

    pub(super) fn set(&mut self, node: NodeId, change: impl FnOnce(&mut ChangeableAttributes)) {
        let mut attributes = self.attributes(node).changeable;
        change(&mut attributes);
        self.volume.set_attributes(node, &attributes).unwrap();
    }

    /// Writes bytes of a file, in whole blocks as a page cache does it. New blocks are written as a
    /// whole.
    pub(super) fn write(
        &mut self,
        node: NodeId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), VolumeError> {
        let block_bytes = u64::from(self.volume.properties().block_bytes);
        let end = offset + bytes.len() as u64;
        let size = self.attributes(node).changeable.size_bytes;
        let mut at = offset / block_bytes * block_bytes;
        let mut result = Ok(());
        while at < end {
            let len = end.next_multiple_of(block_bytes) - at;
            let extent = match self.volume.map(node, at, len, MapFor::Write) {
                Ok(extent) => extent,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            assert!((1..=len).contains(&extent.len_bytes));
            let place = extent.place.expect("blocks are allocated");
            let mut data = vec![0; extent.len_bytes as usize];
            if !extent.is_new {
                self.disk.read_data(place, &mut data);
            }
            for (index, byte) in data.iter_mut().enumerate() {
                let index = at + index as u64;
                if (offset..end).contains(&index) {
                    *byte = bytes[(index - offset) as usize];
                }
            }
            self.disk.write_data(place, &data);
            at += extent.len_bytes;
        }
        let written = at.min(end).max(size);
        self.set(node, |attributes| attributes.size_bytes = written);
        result
    }

    /// Changes the size of a file. The bytes of the last block behind a smaller one become zeros.
    pub(super) fn truncate(&mut self, node: NodeId, size: u64) {
        let block_bytes = u64::from(self.volume.properties().block_bytes);
        let rest = size.next_multiple_of(block_bytes) - size;
        self.volume.truncate(node, size).unwrap();
        if rest > 0
            && let Some(place) = self.volume.map(node, size, rest, MapFor::Find).unwrap().place
        {
            self.disk.write_data(place, &vec![0; rest as usize]);
        }
        self.set(node, |attributes| attributes.size_bytes = size);
    }

    /// Reads bytes of a file.
    pub(super) fn read(&mut self, node: NodeId, offset: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let mut done = 0;
        while done < len {
            let rest = (len - done) as u64;
            let extent = self.volume.map(node, offset + done as u64, rest, MapFor::Find).unwrap();
            assert!((1..=rest).contains(&extent.len_bytes) && !extent.is_new);
            let part = extent.len_bytes as usize;
            if let Some(place) = extent.place {
                self.disk.read_data(place, &mut bytes[done..done + part]);
            }
            done += part;
        }
        bytes
    }

    /// Reads a whole file.
    pub(super) fn contents(&mut self, path: &str) -> Vec<u8> {
        let node = self.find(path);
        let size = self.attributes(node).changeable.size_bytes;
        self.read(node, 0, size as usize)
    }

    pub(super) fn text(&mut self, path: &str) -> Vec<u8> {
        let node = self.find(path);
        let mut text = Vec::from(*b"before ");
        self.volume.link_text(node, &mut text).unwrap();
        text.split_off(7)
    }

    /// Returns the entries of a directory, which are read `step` at a time.
    pub(super) fn entries(
        &mut self,
        directory: NodeId,
        step: usize,
    ) -> Vec<(String, NodeId, Option<Kind>)> {
        let mut entries = Vec::new();
        let mut cursor = 0;
        loop {
            let mut left = step;
            self.volume
                .read_directory(directory, cursor, &mut |entry| {
                    let name = String::from_utf8_lossy(entry.name).to_string();
                    entries.push((name, entry.node, entry.kind));
                    cursor = entry.next;
                    left -= 1;
                    left > 0
                })
                .unwrap();
            if left > 0 {
                return entries;
            }
        }
    }

    pub(super) fn names(&mut self, path: &str) -> Vec<String> {
        let directory = self.find(path);
        let mut names: Vec<_> =
            self.entries(directory, 7).into_iter().map(|(name, ..)| name).collect();
        names.sort();
        names
    }

    /// Returns the numbers of free blocks and nodes.
    pub(super) fn free(&mut self) -> (u64, u64) {
        let usage = self.volume.usage().unwrap();
        (usage.free_blocks, usage.free_nodes)
    }
}
