//! The nodes that are in use, and their numbers.

use alloc::collections::BTreeMap;

use ::volume::{NodeId, VolumeError};

use crate::directory::Contents;
use crate::entry::{ENTRY_BYTES, ShortEntry};

/// The number of bits for a node's home. No FAT volume has more than 2^44 bytes, or 2^39 slots.
const HOME_BITS: u32 = 40;
const VARIANTS_MAX: u64 = 1 << (u64::BITS - HOME_BITS);
/// The home of nodes that never had a name. The entries of all others are after the boot sector.
const NAMELESS_HOME: u64 = 0;
const ROOT_HOME: u64 = 1;

/// The number of a node: the place of the entry that it had when its use began, and a variant to tell it
/// from other nodes in use whose entries were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    home: u64,
    variant: u64,
}

impl Key {
    pub const ROOT: Self = Self { home: ROOT_HOME, variant: 0 };

    pub fn id(self) -> NodeId {
        NodeId(self.home | self.variant << HOME_BITS)
    }

    pub fn of(id: NodeId) -> Self {
        Self { home: id.0 & ((1 << HOME_BITS) - 1), variant: id.0 >> HOME_BITS }
    }
}

/// A node in use.
pub(crate) struct Node {
    /// Its entry, as it is on the disk if the node has a name.
    pub entry: ShortEntry,
    /// The place of its entry; `None` if it has no name, and for the root.
    pub at: Option<u64>,
    /// The directory in which its entry is, or was last.
    pub parent: Key,
    pub contents: Contents,
    /// The number of directories in it, if it is known.
    pub directories: Option<u32>,
    /// The number of nodes in the table whose parent it is. It stays in the table for them.
    children: u32,
    is_in_use: bool,
}

impl Node {
    pub fn new(entry: ShortEntry, at: Option<u64>, parent: Key, contents: Contents) -> Self {
        Self { entry, at, parent, contents, directories: None, children: 0, is_in_use: true }
    }

    /// Returns the first cluster of a directory with a chain.
    fn directory_cluster(&self) -> Option<u32> {
        match &self.contents {
            Contents::Chain(chain) if self.entry.is_directory() => chain.first(),
            _ => None,
        }
    }
}

/// The nodes in use and their parents.
#[derive(Default)]
pub(crate) struct Nodes {
    nodes: BTreeMap<Key, Node>,
    /// The nodes by the places of their entries.
    places: BTreeMap<u64, Key>,
    /// The directories by their first clusters.
    directories: BTreeMap<u32, Key>,
}

impl Nodes {
    /// Returns a node.
    pub fn get(&mut self, key: Key) -> Result<&mut Node, VolumeError> {
        self.nodes.get_mut(&key).ok_or(VolumeError::Damaged("the node is not in use"))
    }

    /// Returns the number that the node with its entry at `at` has or would get.
    pub fn key_at(&self, at: u64) -> Result<Key, VolumeError> {
        match self.places.get(&at) {
            Some(&key) => Ok(key),
            None => self.unused_key(at / u64::from(ENTRY_BYTES)),
        }
    }

    /// Returns the number for a node without a name.
    pub fn nameless_key(&self) -> Result<Key, VolumeError> {
        self.unused_key(NAMELESS_HOME)
    }

    fn unused_key(&self, home: u64) -> Result<Key, VolumeError> {
        let all = Key { home, variant: 0 }..=Key { home, variant: u64::MAX };
        // The number 0 isn't used.
        let least = u64::from(home == NAMELESS_HOME);
        let variant = self.nodes.range(all).next_back().map_or(least, |(key, _)| key.variant + 1);
        match variant {
            ..VARIANTS_MAX => Ok(Key { home, variant }),
            _ => Err(VolumeError::NoMemory),
        }
    }

    /// Begins the use of the node with its entry at `at`, if it is in the table.
    pub fn reuse(&mut self, at: u64) -> Option<Key> {
        let key = *self.places.get(&at)?;
        self.nodes.get_mut(&key)?.is_in_use = true;
        Some(key)
    }

    /// Begins the use of a node of the table.
    pub fn begin_use(&mut self, key: Key) -> Result<(), VolumeError> {
        self.get(key)?.is_in_use = true;
        Ok(())
    }

    /// Puts a node into the table, which doesn't have it.
    pub fn insert(&mut self, key: Key, node: Node) -> Result<(), VolumeError> {
        if let Some(first) = node.directory_cluster()
            && let Some(other) = self.directories.insert(first, key)
        {
            // So a directory is never its own ancestor.
            self.directories.insert(first, other);
            return Err(VolumeError::Damaged("two directories have the same clusters"));
        }
        if let Some(at) = node.at {
            self.places.insert(at, key);
        }
        if let Some(parent) = self.nodes.get_mut(&node.parent) {
            parent.children += 1;
        }
        self.nodes.insert(key, node);
        Ok(())
    }

    /// Records that the entry of a node was removed.
    pub fn unname(&mut self, key: Key) -> Result<(), VolumeError> {
        if let Some(at) = self.get(key)?.at.take() {
            self.places.remove(&at);
        }
        Ok(())
    }

    /// Records that a node has the entry `entry` at `at` of `parent`.
    pub fn rename(
        &mut self,
        key: Key,
        parent: Key,
        entry: ShortEntry,
        at: u64,
    ) -> Result<(), VolumeError> {
        self.unname(key)?;
        let node = self.get(key)?;
        (node.entry, node.at) = (entry, Some(at));
        let old_parent = core::mem::replace(&mut node.parent, parent);
        self.places.insert(at, key);
        self.get(parent)?.children += 1;
        self.release(old_parent);
        Ok(())
    }

    /// Ends the use of a node.
    pub fn forget(&mut self, key: Key) -> Result<(), VolumeError> {
        let node = self.get(key)?;
        node.is_in_use = false;
        self.drop_unused(key);
        Ok(())
    }

    /// Returns the nodes in the table that have no name.
    pub fn unnamed(&mut self) -> impl Iterator<Item = &mut Node> {
        let nodes = self.nodes.iter_mut();
        nodes.filter(|(key, node)| **key != Key::ROOT && node.at.is_none()).map(|(_, node)| node)
    }

    /// Removes the record of a directory's first cluster, before the cluster is freed.
    pub fn unlink_directory(&mut self, key: Key) -> Result<(), VolumeError> {
        if let Some(first) = self.get(key)?.directory_cluster() {
            self.directories.remove(&first);
        }
        Ok(())
    }

    fn release(&mut self, parent: Key) {
        if let Some(node) = self.nodes.get_mut(&parent) {
            node.children -= 1;
            self.drop_unused(parent);
        }
    }

    /// Drops a node that is neither in use nor a parent, and then its parents likewise.
    fn drop_unused(&mut self, key: Key) {
        let mut key = key;
        while key != Key::ROOT
            && let Some(node) = self.nodes.get(&key)
            && !node.is_in_use
            && node.children == 0
        {
            if let Some(first) = node.directory_cluster() {
                self.directories.remove(&first);
            }
            if let Some(at) = node.at {
                self.places.remove(&at);
            }
            let parent = node.parent;
            self.nodes.remove(&key);
            match self.nodes.get_mut(&parent) {
                Some(node) => node.children -= 1,
                None => return,
            }
            key = parent;
        }
    }
}
