//! What a new inode is to be.

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::error::FsError;

/// The kind of a new inode.
#[derive(Clone, Copy, Debug)]
pub enum NewKind<'a> {
    /// A file without contents.
    Regular,
    /// A directory without entries.
    Directory,
    /// A symbolic link with this text.
    Symlink(&'a [u8]),
    /// A character device.
    CharDevice(DeviceNumber),
    /// A block device.
    BlockDevice(DeviceNumber),
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
}

impl NewKind<'_> {
    /// Returns the kind of file, and the device's number.
    pub fn parts(self) -> (FileKind, DeviceNumber) {
        match self {
            Self::Regular => (FileKind::Regular, DeviceNumber::NONE),
            Self::Directory => (FileKind::Directory, DeviceNumber::NONE),
            Self::Symlink(_) => (FileKind::Symlink, DeviceNumber::NONE),
            Self::CharDevice(number) => (FileKind::CharDevice, number),
            Self::BlockDevice(number) => (FileKind::BlockDevice, number),
            Self::Fifo => (FileKind::Fifo, DeviceNumber::NONE),
            Self::Socket => (FileKind::Socket, DeviceNumber::NONE),
        }
    }
}

/// A new inode.
#[derive(Clone, Copy, Debug)]
pub struct NewInode<'a> {
    /// The kind of the file.
    pub kind: NewKind<'a>,
    /// Its permission bits.
    pub mode: Mode,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

/// Returns the reason why a directory in which only the kernel makes files can't have a new one of
/// `kind`, as on Linux.
pub(super) fn refusal(has_name: bool, kind: NewKind<'_>) -> FsError {
    match kind {
        _ if !has_name => FsError::NotSupported,
        NewKind::Regular => FsError::PermissionDenied,
        _ => FsError::NotPermitted,
    }
}
