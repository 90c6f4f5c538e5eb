//! How nodes get and lose names.

use ::volume::{Kind, Medium, NewNode, Stage, Time, VolumeError};

use crate::chain::Chain;
use crate::directory::{Contents, Record, is_empty};
use crate::entry::{ARCHIVE, DIRECTORY, DOT, DOT_DOT, ENTRY_BYTES, ShortEntry};
use crate::fat::Fat;
use crate::insertion::{insert, remove};
use crate::name::Name;
use crate::nodes::{Key, Node};

impl<M: Medium> Fat<M> {
    /// See [`Volume::create`](::volume::Volume::create).
    pub(crate) fn create_in(
        &mut self,
        directory: Key,
        name: Option<&[u8]>,
        new: &NewNode<'_>,
    ) -> Result<Key, VolumeError> {
        let attributes = match new.kind {
            Kind::Regular => ARCHIVE,
            Kind::Directory if name.is_some() => DIRECTORY,
            _ => return Err(VolumeError::NotSupported),
        };
        let mut entry = ShortEntry::new(attributes, new.now);
        let mut chain = Chain::default();
        self.directory(directory)?;
        let Some(name) = name else {
            self.table.begin_change()?;
            let key = self.nodes.nameless_key()?;
            self.nodes.insert(key, Node::new(entry, None, directory, Contents::Chain(chain)))?;
            return Ok(key);
        };
        let name = Name::to_make(name)?;
        self.check_free(directory, &name)?;
        self.table.begin_change()?;
        if attributes == DIRECTORY {
            self.add_directory(&mut chain, directory, new.now)?;
            entry.set_first_cluster(chain.first());
        }
        let parent = self.nodes.get(directory)?;
        let contents = &mut parent.contents;
        let inserted = insert(&mut self.table, contents, &name, entry, None, Stage::Third);
        let (entry, at) = match inserted {
            Ok(inserted) => inserted,
            Err(error) => {
                chain.truncate(&mut self.table, 0, true)?;
                return Err(error);
            }
        };
        let key = self.nodes.key_at(at)?;
        self.nodes.insert(key, Node::new(entry, Some(at), directory, Contents::Chain(chain)))?;
        if attributes == DIRECTORY {
            self.count_directory(directory, 1)?;
        }
        Ok(key)
    }

    /// See [`Volume::link`](::volume::Volume::link).
    pub(crate) fn link_in(
        &mut self,
        directory: Key,
        name: &[u8],
        key: Key,
    ) -> Result<(), VolumeError> {
        let node = self.nodes.get(key)?;
        if node.at.is_some() || node.entry.is_directory() {
            return Err(VolumeError::NotSupported);
        }
        let entry = node.entry;
        let name = Name::to_make(name)?;
        self.check_free(directory, &name)?;
        self.table.begin_change()?;
        let parent = self.nodes.get(directory)?;
        let contents = &mut parent.contents;
        let (entry, at) = insert(&mut self.table, contents, &name, entry, None, Stage::Third)?;
        self.nodes.rename(key, directory, entry, at)
    }

    /// See [`Volume::remove`](::volume::Volume::remove).
    pub(crate) fn remove_from(
        &mut self,
        directory: Key,
        name: &[u8],
        key: Key,
    ) -> Result<(), VolumeError> {
        let record = self.find_node(directory, name, key)?;
        let is_directory = self.check_removable(key)?;
        self.table.begin_change()?;
        remove(&mut self.table, &mut self.nodes.get(directory)?.contents, &record)?;
        self.nodes.unname(key)?;
        if is_directory {
            self.count_directory(directory, -1)?;
        }
        Ok(())
    }

    /// See [`Volume::rename`](::volume::Volume::rename).
    pub(crate) fn move_name(
        &mut self,
        (from, from_name, key): (Key, &[u8], Key),
        (to, to_name, replaced): (Key, &[u8], Option<Key>),
    ) -> Result<(), VolumeError> {
        let old = self.find_node(from, from_name, key)?;
        let node = self.nodes.get(key)?;
        let (mut entry, is_directory) = (node.entry, node.entry.is_directory());
        if is_directory {
            self.check_not_below(to, key)?;
        }
        let node = self.nodes.get(key)?;
        // The new name is on the disk before the old one is removed, and usually after the clusters.
        let stage = match &node.contents {
            Contents::Chain(chain) if !chain.is_flushed(&self.table) => Stage::Third,
            _ => Stage::Second,
        };
        let at;
        if let Some(replaced) = replaced {
            let target = self.find_node(to, to_name, replaced)?;
            let replaces_directory = self.check_removable(replaced)?;
            self.table.begin_change()?;
            // One write, so that the name exists at each time.
            entry.set_name_of(&target.short);
            at = target.at;
            self.table.medium.write(stage, at, &entry.0)?;
            self.nodes.unname(replaced)?;
            if replaces_directory {
                self.count_directory(to, -1)?;
            }
        } else {
            let name = Name::to_make(to_name)?;
            // The name may change only in the case of letters.
            let same = self.find(to, &name)?.map(|record| record.at);
            if same.is_some_and(|at| at != old.at) {
                return Err(VolumeError::Exists);
            }
            self.check_named(to)?;
            self.table.begin_change()?;
            let contents = &mut self.nodes.get(to)?.contents;
            (entry, at) = insert(&mut self.table, contents, &name, entry, same, stage)?;
        }
        self.nodes.rename(key, to, entry, at)?;
        if is_directory && from != to {
            self.set_dot_dot(key, to)?;
            self.count_directory(from, -1)?;
            self.count_directory(to, 1)?;
        }
        remove(&mut self.table, &mut self.nodes.get(from)?.contents, &old)
    }

    /// Returns the entry of a node, which has the name `name` in a directory.
    fn find_node(&mut self, directory: Key, name: &[u8], key: Key) -> Result<Record, VolumeError> {
        let at = self.nodes.get(key)?.at;
        let record = match Name::to_find(name) {
            Some(name) => self.find(directory, &name)?,
            None => None,
        };
        record
            .filter(|record| at == Some(record.at))
            .ok_or(VolumeError::Damaged("the node has lost its name"))
    }

    /// Fails if a directory can't have an entry with this name.
    fn check_free(&mut self, directory: Key, name: &Name<'_>) -> Result<(), VolumeError> {
        self.check_named(directory)?;
        match self.find(directory, name)? {
            Some(_) => Err(VolumeError::Exists),
            None => Ok(()),
        }
    }

    /// Fails if a directory was removed.
    fn check_named(&mut self, directory: Key) -> Result<(), VolumeError> {
        match self.directory(directory)?.at {
            None if directory != Key::ROOT => Err(VolumeError::NotADirectory),
            _ => Ok(()),
        }
    }

    /// Fails if a directory is `ancestor`, or below it. The caller's view may be older: between its look-ups
    /// and this, directories above may have moved.
    fn check_not_below(&mut self, directory: Key, ancestor: Key) -> Result<(), VolumeError> {
        let mut at = directory;
        while at != Key::ROOT {
            if at == ancestor {
                return Err(VolumeError::OwnDescendant);
            }
            at = self.nodes.get(at)?.parent;
        }
        Ok(())
    }

    /// Fails if a node is a directory with entries. Returns whether it is a directory.
    fn check_removable(&mut self, key: Key) -> Result<bool, VolumeError> {
        let node = self.nodes.get(key)?;
        if !node.entry.is_directory() {
            return Ok(false);
        }
        match is_empty(&mut self.table, &mut node.contents)? {
            true => Ok(true),
            false => Err(VolumeError::NotEmpty),
        }
    }

    /// Changes the number of directories in a directory.
    fn count_directory(&mut self, directory: Key, change: i32) -> Result<(), VolumeError> {
        let node = self.nodes.get(directory)?;
        node.directories = node.directories.map(|count| count.saturating_add_signed(change));
        Ok(())
    }

    /// Allocates the cluster of a new directory, with `.` and `..`.
    fn add_directory(
        &mut self,
        chain: &mut Chain,
        parent: Key,
        now: Time,
    ) -> Result<(), VolumeError> {
        let parent_cluster = self.dot_dot_cluster(parent)?;
        chain.extend_with_zeros(&mut self.table)?;
        let mut bytes = [0; 2 * ENTRY_BYTES as usize];
        let dots = [(DOT, chain.first()), (DOT_DOT, parent_cluster)];
        for (slot, (name, cluster)) in bytes.chunks_exact_mut(ENTRY_BYTES as usize).zip(dots) {
            let mut entry = ShortEntry::new(DIRECTORY, now);
            entry.set_name(name);
            entry.set_first_cluster(cluster);
            slot.copy_from_slice(&entry.0);
        }
        let first = chain.first().expect("the chain was just extended");
        let at = self.table.geometry.cluster_at(first);
        Ok(self.table.medium.write(Stage::First, at, &bytes)?)
    }

    /// Returns the cluster that `..` has in a directory in `parent`: none if that is the root.
    fn dot_dot_cluster(&mut self, parent: Key) -> Result<Option<u32>, VolumeError> {
        Ok(match &self.nodes.get(parent)?.contents {
            Contents::Chain(chain) if parent != Key::ROOT => chain.first(),
            _ => None,
        })
    }

    /// Makes `..` of a directory refer to another parent.
    fn set_dot_dot(&mut self, key: Key, parent: Key) -> Result<(), VolumeError> {
        let cluster = self.dot_dot_cluster(parent)?;
        let contents = &mut self.nodes.get(key)?.contents;
        let Some(at) = contents.slot_at(&mut self.table, 1)? else {
            return Ok(());
        };
        let mut entry = ShortEntry([0; ENTRY_BYTES as usize]);
        self.table.medium.read(at, &mut entry.0)?;
        if *entry.name() != DOT_DOT {
            return Ok(());
        }
        entry.set_first_cluster(cluster);
        Ok(self.table.medium.write(Stage::Third, at, &entry.0)?)
    }
}
