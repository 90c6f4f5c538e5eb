//! An open volume.

use ::volume::{Access, Medium, Properties, Time, VolumeError};

use crate::boot_sector::{BOOT_SECTOR_BYTES, Geometry};
use crate::chain::Chain;
use crate::directory::{Contents, Record, find};
use crate::entry::{DIRECTORY, FILE_BYTES_MAX, ShortEntry};
use crate::name::{NAME_MAX_BYTES, Name};
use crate::nodes::{Key, Node, Nodes};
use crate::table::Table;

/// The number of FAT in Linux's statfs.
const MAGIC: u64 = 0x4D44;

/// A FAT volume on a medium.
pub struct Fat<M> {
    pub(crate) table: Table<M>,
    pub(crate) nodes: Nodes,
    pub(crate) properties: Properties,
}

impl<M: Medium> Fat<M> {
    /// Opens the volume that is on `medium`.
    ///
    /// # Errors
    /// [`VolumeError::OtherKind`], [`VolumeError::Damaged`], [`VolumeError::Unsupported`],
    /// [`VolumeError::Medium`].
    pub fn open(medium: M, access: Access) -> Result<Self, VolumeError> {
        let medium_bytes = medium.len_bytes();
        if medium_bytes < BOOT_SECTOR_BYTES as u64 {
            return Err(VolumeError::OtherKind);
        }
        let mut sector = [0; BOOT_SECTOR_BYTES];
        medium.read(0, &mut sector)?;
        let geometry = Geometry::parse(&sector, medium_bytes)?;
        let root = Contents::of_root(geometry.root);
        let mut table = Table::new(medium, geometry, access);
        table.read_state()?;
        let properties = Properties {
            block_bytes: table.geometry.cluster_bytes,
            name_max_bytes: NAME_MAX_BYTES,
            file_max_bytes: FILE_BYTES_MAX,
            has_holes: false,
            has_owners: false,
            ignores_case: true,
            was_clean: table.state.was_clean,
            is_replayed: false,
            magic: MAGIC,
        };
        let mut nodes = Nodes::default();
        let entry = ShortEntry::new(DIRECTORY, Time(0));
        nodes.insert(Key::ROOT, Node::new(entry, None, Key::ROOT, root))?;
        Ok(Self { table, nodes, properties })
    }

    /// Returns a directory.
    pub(crate) fn directory(&mut self, key: Key) -> Result<&mut Node, VolumeError> {
        let node = self.nodes.get(key)?;
        if node.entry.is_directory() { Ok(node) } else { Err(VolumeError::NotADirectory) }
    }

    /// Returns the entry with a name in a directory.
    pub(crate) fn find(
        &mut self,
        directory: Key,
        name: &Name<'_>,
    ) -> Result<Option<Record>, VolumeError> {
        self.directory(directory)?;
        find(&mut self.table, &mut self.nodes.get(directory)?.contents, name)
    }

    /// Begins the use of the node with an entry of a directory.
    pub(crate) fn use_node(&mut self, directory: Key, record: &Record) -> Result<Key, VolumeError> {
        if let Some(key) = self.nodes.reuse(record.at) {
            return Ok(key);
        }
        let first = record.short.first_cluster(self.table.geometry.kind);
        if record.short.is_directory() {
            let first = first.ok_or(VolumeError::Damaged("a directory has no clusters"))?;
            self.table.check(first)?;
        }
        let key = self.nodes.key_at(record.at)?;
        let contents = Contents::Chain(Chain::new(first));
        self.nodes.insert(key, Node::new(record.short, Some(record.at), directory, contents))?;
        Ok(key)
    }

    /// Frees the clusters of a node that has no name.
    pub(crate) fn free_unnamed(&mut self, key: Key) -> Result<(), VolumeError> {
        let node = self.nodes.get(key)?;
        if key == Key::ROOT || node.at.is_some() {
            return Ok(());
        }
        self.nodes.unlink_directory(key)?;
        free(&mut self.table, self.nodes.get(key)?)
    }
}

/// Frees the clusters of a node.
pub(crate) fn free<M: Medium>(table: &mut Table<M>, node: &mut Node) -> Result<(), VolumeError> {
    let is_directory = node.entry.is_directory();
    match &mut node.contents {
        Contents::Chain(chain) if chain.first().is_some() => {
            table.begin_change()?;
            chain.truncate(table, 0, is_directory)
        }
        _ => Ok(()),
    }
}
