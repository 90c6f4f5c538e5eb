//! Attributes, and the clusters of files.

use ::volume::{
    Attributes, ChangeableAttributes, Extent, Kind, MapFor, Medium, Stage, Time, VolumeError,
};

use crate::chain::Chain;
use crate::directory::{Contents, count_directories};
use crate::entry::{ARCHIVE, FILE_BYTES_MAX, READ_ONLY};
use crate::fat::Fat;
use crate::nodes::{Key, Node};
use crate::table::Table;

/// The mode of a node, as Linux shows it.
const MODE: u16 = 0o755;
const WRITE_BITS: u16 = 0o222;

impl<M: Medium> Fat<M> {
    /// See [`Volume::attributes`](::volume::Volume::attributes).
    pub(crate) fn attributes_of(&mut self, key: Key) -> Result<Attributes, VolumeError> {
        let cluster_bytes = u64::from(self.table.geometry.cluster_bytes);
        let node = self.nodes.get(key)?;
        let is_named = key == Key::ROOT || node.at.is_some();
        let entry = node.entry;
        let (kind, links, mode, size_bytes);
        if entry.is_directory() {
            let directories = match node.directories {
                Some(count) => count,
                None => count_directories(&mut self.table, &mut node.contents)?,
            };
            node.directories = Some(directories);
            (kind, mode) = (Kind::Directory, MODE);
            links = if is_named { 2 + directories } else { 0 };
            size_bytes = node.contents.len_bytes(&mut self.table)?.into();
        } else {
            (kind, links) = (Kind::Regular, u32::from(is_named));
            let is_read_only = entry.attributes() & READ_ONLY != 0;
            mode = if is_read_only { MODE & !WRITE_BITS } else { MODE };
            size_bytes = u64::from(entry.size_bytes());
        }
        let blocks_bytes = match &node.contents {
            Contents::Fixed { .. } => size_bytes,
            // To count the clusters of a large file only for this would take long.
            Contents::Chain(chain) => chain
                .known_count()
                .map_or(size_bytes.div_ceil(cluster_bytes), u64::from)
                .saturating_mul(cluster_bytes),
        };
        let is_root = key == Key::ROOT;
        let time = |time: Time| if is_root { Time(0) } else { time };
        let modified = time(entry.modified());
        Ok(Attributes {
            kind,
            links,
            blocks_512: blocks_bytes / 512,
            changeable: ChangeableAttributes {
                mode,
                uid: 0,
                gid: 0,
                size_bytes,
                accessed: time(entry.accessed()),
                modified,
                changed: modified,
            },
        })
    }

    /// See [`Volume::set_attributes`](::volume::Volume::set_attributes).
    pub(crate) fn set_attributes_of(
        &mut self,
        key: Key,
        attributes: &ChangeableAttributes,
    ) -> Result<(), VolumeError> {
        let node = self.nodes.get(key)?;
        let mut entry = node.entry;
        entry.set_modified(attributes.modified);
        entry.set_accessed(attributes.accessed);
        if !entry.is_directory() {
            let size = u32::try_from(attributes.size_bytes).map_err(|_| VolumeError::TooLarge)?;
            entry.set_size_bytes(size);
            let is_read_only = attributes.mode & WRITE_BITS == 0;
            let mut flags = entry.attributes() & !READ_ONLY;
            flags |= if is_read_only { READ_ONLY } else { 0 };
            let is_written = entry.modified() != node.entry.modified()
                || entry.size_bytes() != node.entry.size_bytes();
            flags |= if is_written { ARCHIVE } else { 0 };
            entry.set_attributes(flags);
        }
        if key == Key::ROOT || node.entry == entry {
            return Ok(());
        }
        self.table.begin_change()?;
        let node = self.nodes.get(key)?;
        node.entry = entry;
        write_entry(&self.table, node)
    }

    /// See [`Volume::map`](::volume::Volume::map).
    pub(crate) fn map_of(
        &mut self,
        key: Key,
        offset_bytes: u64,
        len_bytes: u64,
        purpose: MapFor,
    ) -> Result<Extent, VolumeError> {
        let len_bytes = len_bytes.max(1);
        let hole = Extent { place: None, len_bytes, is_new: false };
        let node = self.nodes.get(key)?;
        let chain = file_chain(node)?;
        if offset_bytes >= FILE_BYTES_MAX {
            return match purpose {
                MapFor::Find => Ok(hole),
                MapFor::Write => Err(VolumeError::TooLarge),
            };
        }
        let len_bytes = len_bytes.min(FILE_BYTES_MAX - offset_bytes);
        let cluster_bytes = u64::from(self.table.geometry.cluster_bytes);
        let within = offset_bytes % cluster_bytes;
        // A file has less than 2^32 bytes, and a cluster at least 512.
        let index = (offset_bytes / cluster_bytes) as u32;
        let max_count = (within + len_bytes).div_ceil(cluster_bytes) as u32;

        let mut is_new = false;
        let run = match chain.run(&mut self.table, index, max_count)? {
            Some(run) => run,
            None if purpose == MapFor::Find => return Ok(hole),
            None => {
                if chain.count(&mut self.table)? != index {
                    // The kernel allocates in ascending order, so these bytes were there before.
                    return Err(VolumeError::Damaged("a file has more bytes than clusters"));
                }
                self.table.begin_change()?;
                is_new = true;
                let run = chain.extend(&mut self.table, max_count)?;
                if index == 0 {
                    node.entry.set_first_cluster(Some(run.first));
                    write_entry(&self.table, node)?;
                }
                run
            }
        };
        Ok(Extent {
            place: Some(self.table.geometry.cluster_at(run.first) + within),
            len_bytes: len_bytes.min(u64::from(run.count) * cluster_bytes - within),
            is_new,
        })
    }

    /// See [`Volume::truncate`](::volume::Volume::truncate).
    pub(crate) fn truncate_to(&mut self, key: Key, size_bytes: u64) -> Result<(), VolumeError> {
        let cluster_bytes = u64::from(self.table.geometry.cluster_bytes);
        let node = self.nodes.get(key)?;
        file_chain(node)?;
        let Ok(size) = u32::try_from(size_bytes) else {
            return Ok(());
        };
        self.table.begin_change()?;
        let mut entry = node.entry;
        entry.set_size_bytes(entry.size_bytes().min(size));
        let kept = size_bytes.div_ceil(cluster_bytes) as u32;
        if kept == 0 {
            entry.set_first_cluster(None);
        }
        if node.entry != entry {
            node.entry = entry;
            write_entry(&self.table, node)?;
        }
        file_chain(node)?.truncate(&mut self.table, kept, false)
    }
}

/// Writes the entry of a node to its place, if it has one.
fn write_entry<M: Medium>(table: &Table<M>, node: &Node) -> Result<(), VolumeError> {
    match node.at {
        Some(at) => Ok(table.medium.write(Stage::Last, at, &node.entry.0)?),
        None => Ok(()),
    }
}

/// Returns the clusters of a file.
fn file_chain(node: &mut Node) -> Result<&mut Chain, VolumeError> {
    match &mut node.contents {
        Contents::Chain(chain) if !node.entry.is_directory() => Ok(chain),
        _ => Err(VolumeError::NotSupported),
    }
}
