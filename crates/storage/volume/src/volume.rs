//! The operations of a file system on a disk.

use alloc::vec::Vec;

use crate::attributes::{Attributes, ChangeableAttributes, Kind, Time};
use crate::error::VolumeError;

/// The number of a node, which no other node of the volume has while the kernel uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

/// Whether a volume may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is written, not even a mark that the volume is in use.
    ReadOnly,
    /// All operations are possible.
    ReadWrite,
}

/// What doesn't change while a volume is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// The size of the unit in which room is given to files, in bytes: a power of two.
    pub block_bytes: u32,
    /// The longest name, in bytes.
    pub name_max_bytes: u32,
    /// The largest file, in bytes.
    pub file_max_bytes: u64,
    /// Whether files may have holes. If not, the kernel allocates all bytes of a file, in ascending
    /// order, before it writes a larger size.
    pub has_holes: bool,
    /// Whether owners, groups and modes are stored. If not, those of the attributes are defaults.
    pub has_owners: bool,
    /// Whether names that differ in the case of letters are the same name.
    pub ignores_case: bool,
    /// Whether the volume was closed after it was last changed.
    pub was_clean: bool,
    /// Whether changes that are only in its journal yet are read in the place of what they replace.
    pub is_replayed: bool,
    /// The number by which Linux's statfs identifies the kind of file system.
    pub magic: u64,
}

/// The use of a volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The number of blocks for files.
    pub blocks: u64,
    /// The number of free blocks, with those for root only.
    pub free_blocks: u64,
    /// The number of free blocks for everybody.
    pub available_blocks: u64,
    /// The largest number of nodes; 0 if there is no limit.
    pub nodes: u64,
    /// The number of nodes that can still be made.
    pub free_nodes: u64,
}

/// An entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its node, which the kernel doesn't have to forget.
    pub node: NodeId,
    /// The kind of the node, if the directory tells it. Numbers of devices are 0.
    pub kind: Option<Kind>,
    /// The cursor of the next entry.
    pub next: u64,
}

/// A new node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewNode<'a> {
    /// Its kind.
    pub kind: Kind,
    /// The text of a symbolic link.
    pub link_text: &'a [u8],
    /// The permission bits, as in [`ChangeableAttributes`].
    pub mode: u16,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The present time: that of all its times.
    pub now: Time,
}

/// The effect of a rename on a name that exists at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenameKind {
    /// It is replaced.
    Replace,
    /// Both names are exchanged.
    Exchange,
}

/// The purpose of a look-up of a file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapFor {
    /// They are read, or were allocated before: a hole stays one.
    Find,
    /// They will be written: blocks are allocated for holes.
    Write,
}

/// A part of a file that is in one piece on the disk, or is a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The first byte on the disk; `None` for a hole.
    pub place: Option<u64>,
    /// The number of bytes: at least 1.
    pub len_bytes: u64,
    /// Whether its blocks were allocated by this look-up. Their bytes on the disk are undefined, and
    /// the kernel will write all those that are within the file.
    pub is_new: bool,
}

/// A file system on a disk. See the [crate](crate) for what it is responsible for.
///
/// Nodes and directories that are passed are in use by the kernel: they come from [`root`](Self::root),
/// [`lookup`](Self::lookup) or [`create`](Self::create), and were not forgotten. Names are neither
/// empty nor `.` or `..`, and contain no `/` and no zero byte. The caller has checked permissions,
/// and that no directory becomes its own descendant. Each operation may return
/// [`VolumeError::Medium`], [`VolumeError::Damaged`] and [`VolumeError::NoMemory`], and each that
/// changes something [`VolumeError::ReadOnly`].
pub trait Volume: Send {
    /// Returns what doesn't change while the volume is open.
    fn properties(&self) -> &Properties;

    /// Returns the root directory. It is never forgotten.
    fn root(&self) -> NodeId;

    /// Returns the use of the volume.
    ///
    /// # Errors
    /// See [`Volume`].
    fn usage(&mut self) -> Result<Usage, VolumeError>;

    /// Returns the attributes of a node.
    ///
    /// # Errors
    /// See [`Volume`].
    fn attributes(&mut self, node: NodeId) -> Result<Attributes, VolumeError>;

    /// Sets the attributes of a node that the kernel writes. What the format can't store is ignored.
    /// Blocks are neither allocated nor freed.
    ///
    /// # Errors
    /// See [`Volume`].
    fn set_attributes(
        &mut self,
        node: NodeId,
        attributes: &ChangeableAttributes,
    ) -> Result<(), VolumeError>;

    /// Appends the text of a symbolic link to `text`.
    ///
    /// # Errors
    /// [`VolumeError::NotSupported`] if it isn't one.
    fn link_text(&mut self, node: NodeId, text: &mut Vec<u8>) -> Result<(), VolumeError>;

    /// Returns the node of `name` in `directory`; `None` if there is no such name.
    ///
    /// # Errors
    /// [`VolumeError::NotADirectory`].
    fn lookup(&mut self, directory: NodeId, name: &[u8]) -> Result<Option<NodeId>, VolumeError>;

    /// Returns the directory that contains `directory`; the root for the root. The kernel has to forget
    /// it as one from [`lookup`](Self::lookup).
    ///
    /// # Errors
    /// [`VolumeError::NotADirectory`].
    fn parent(&mut self, directory: NodeId) -> Result<NodeId, VolumeError>;

    /// Calls `found` with the entries of `directory` from `cursor` on, which is 0 or the
    /// [`next`](Entry::next) of an entry, until it returns false. `.` and `..` are not among them.
    /// An entry that exists all the time is passed once, whatever else changes between two calls.
    ///
    /// # Errors
    /// [`VolumeError::NotADirectory`].
    fn read_directory(
        &mut self,
        directory: NodeId,
        cursor: u64,
        found: &mut dyn FnMut(Entry<'_>) -> bool,
    ) -> Result<(), VolumeError>;

    /// Makes a node with the name `name`, which is free in `directory`. Without a name, the node ends
    /// when it is forgotten.
    ///
    /// # Errors
    /// [`VolumeError::NoSpace`], [`VolumeError::NameTooLong`], [`VolumeError::InvalidName`],
    /// [`VolumeError::TooManyNames`] if `directory` can't have another directory,
    /// [`VolumeError::NotSupported`].
    fn create(
        &mut self,
        directory: NodeId,
        name: Option<&[u8]>,
        new: &NewNode<'_>,
    ) -> Result<NodeId, VolumeError>;

    /// Makes `name`, which is free in `directory`, another name of `node`, or its first one.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    fn link(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<(), VolumeError>;

    /// Removes `name`, which is a name of `node`, from `directory`. The node stays until it is
    /// forgotten.
    ///
    /// # Errors
    /// [`VolumeError::NotEmpty`] if it is a directory with entries.
    fn remove(&mut self, directory: NodeId, name: &[u8], node: NodeId) -> Result<(), VolumeError>;

    /// Moves the name `from`, a directory and the name in it, of `node` to `to`, which is free, or a
    /// name of `replaced`. The number of the node stays the same. Two names of one node are never
    /// passed.
    ///
    /// # Errors
    /// [`VolumeError::NotEmpty`] if `replaced` is a directory with entries, which isn't to be
    /// exchanged; [`VolumeError::OwnDescendant`] if a volume that ignores the case of names would move a
    /// directory below itself: the callers of others know where their directories are; those of
    /// [`create`](Self::create).
    fn rename(
        &mut self,
        from: (NodeId, &[u8], NodeId),
        to: (NodeId, &[u8], Option<NodeId>),
        kind: RenameKind,
    ) -> Result<(), VolumeError>;

    /// Returns where the bytes of a regular file from `offset_bytes` on are, at most `len_bytes` of them.
    /// They may lie behind the end of the file, where blocks may have been allocated for a write that is
    /// under way; others are a hole there for [`MapFor::Find`]. The last block of a file is passed whole.
    ///
    /// # Errors
    /// [`VolumeError::NoSpace`], [`VolumeError::TooLarge`].
    fn map(
        &mut self,
        node: NodeId,
        offset_bytes: u64,
        len_bytes: u64,
        purpose: MapFor,
    ) -> Result<Extent, VolumeError>;

    /// Frees all blocks of a file behind `size_bytes`, and sets its size to that if it is larger. The
    /// bytes of the last block behind the size stay as they are.
    ///
    /// # Errors
    /// See [`Volume`].
    fn truncate(&mut self, node: NodeId, size_bytes: u64) -> Result<(), VolumeError>;

    /// Ends the use of a node, however often it was returned. If it has no name, its blocks are freed. `now` is recorded as the time of
    /// its end.
    ///
    /// # Errors
    /// See [`Volume`].
    fn forget(&mut self, node: NodeId, now: Time) -> Result<(), VolumeError>;

    /// Writes all that the volume has kept back to the medium, and flushes it. Room that was freed
    /// before may be used again after this; until then, it is only used if no other is left.
    ///
    /// # Errors
    /// See [`Volume`].
    fn commit(&mut self) -> Result<(), VolumeError>;

    /// Does the same, and marks the volume as closed. No other operation follows.
    ///
    /// # Errors
    /// See [`Volume`].
    fn close(&mut self) -> Result<(), VolumeError>;
}
