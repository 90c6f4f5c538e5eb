//! One file of an archive.

/// The bits of a mode for the kind of file: Linux's S_IFMT.
const KIND_BITS: u32 = 0o170_000;

/// A kind of file. Source: Linux, include/uapi/linux/stat.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A FIFO.
    Fifo,
    /// A character device.
    CharacterDevice,
    /// A directory.
    Directory,
    /// A block device.
    BlockDevice,
    /// A file with contents.
    Regular,
    /// A symbolic link; its target is its contents.
    SymbolicLink,
    /// A socket.
    Socket,
}

/// A device's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

/// A file of an archive. Its name is not checked: it may be absolute, contain `..`, or
/// occur twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The offset of its header, counted as
    /// [`InitramfsError::offset`](crate::InitramfsError::offset).
    pub offset: usize,
    /// The path, without a NUL. It may not be UTF-8.
    pub name: &'a [u8],
    /// The kind of file, and its permission bits.
    pub mode: u32,
    /// The user that owns it.
    pub uid: u32,
    /// The group that owns it.
    pub gid: u32,
    /// The number of its names.
    pub link_count: u32,
    /// The time of its last change, in seconds since 1970.
    pub modified_s: u32,
    /// Its number on the device from which it was archived.
    pub inode: u32,
    /// The device from which it was archived.
    pub device: Device,
    /// The device that the file represents, if it is a device file.
    pub represented_device: Device,
    /// The number of its archive in the part.
    pub archive: u32,
    /// Its contents: a slice of the part.
    pub contents: &'a [u8],
}

/// The common key of all names of one file, within a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkKey {
    archive: u32,
    device: Device,
    inode: u32,
    kind: EntryKind,
}

impl Entry<'_> {
    /// Returns the kind of file, or `None` if it is unknown; Linux ignores such an entry.
    pub fn kind(&self) -> Option<EntryKind> {
        EntryKind::from_mode(self.mode)
    }

    /// Returns the common key of all names of the file; `None` for a file with one name, a
    /// directory or a symbolic link.
    ///
    /// The first entry with a key makes the file, each later one adds a name. As a rule only
    /// the last entry has contents; the contents of an entry replace those of earlier
    /// entries.
    pub fn link_key(&self) -> Option<LinkKey> {
        let kind = self.kind().filter(|kind| {
            self.link_count >= 2 && !matches!(kind, EntryKind::Directory | EntryKind::SymbolicLink)
        })?;
        Some(LinkKey { archive: self.archive, device: self.device, inode: self.inode, kind })
    }
}

impl EntryKind {
    pub(crate) fn from_mode(mode: u32) -> Option<Self> {
        Some(match mode & KIND_BITS {
            0o010_000 => Self::Fifo,
            0o020_000 => Self::CharacterDevice,
            0o040_000 => Self::Directory,
            0o060_000 => Self::BlockDevice,
            0o100_000 => Self::Regular,
            0o120_000 => Self::SymbolicLink,
            0o140_000 => Self::Socket,
            _ => return None,
        })
    }
}
