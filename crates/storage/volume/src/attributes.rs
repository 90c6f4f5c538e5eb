//! The attributes of a node.

/// The kind of a node. Devices have their numbers, major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file with contents.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice(u32, u32),
    /// A block device.
    BlockDevice(u32, u32),
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
}

/// A time, in nanoseconds since 1970. A volume stores it as exactly as its format allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// The attributes that the kernel writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeableAttributes {
    /// The permission bits, with those for set-user-ID, set-group-ID and sticky.
    pub mode: u16,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The size of a file, in bytes. Written for regular files only.
    pub size_bytes: u64,
    /// The time of the last read.
    pub accessed: Time,
    /// The time of the last write.
    pub modified: Time,
    /// The time of the last change of the attributes.
    pub changed: Time,
}

/// The attributes of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The kind of the node.
    pub kind: Kind,
    /// The number of its names. A directory counts its `.` and the `..` of the directories in it.
    pub links: u32,
    /// The room that it takes, in units of 512 bytes.
    pub blocks_512: u64,
    /// The other attributes. The size is that of a file's contents, of a link's text, or of a
    /// directory's entries.
    pub changeable: ChangeableAttributes,
}
