//! Attributes and errors of volumes as those of files.

use alloc::alloc::AllocError;

use volume::{ChangeableAttributes, Kind, MediumError, Time, VolumeError};

use crate::fs::attributes::{DeviceNumber, FileKind, Mode};
use crate::fs::error::FsError;
use crate::fs::inode::Inode;
use crate::fs::new_inode::NewKind;

impl From<MediumError> for FsError {
    fn from(error: MediumError) -> Self {
        match error {
            MediumError::Failed => Self::Io,
            MediumError::Gone => Self::WrongDevice,
            MediumError::ReadOnly => Self::ReadOnly,
            MediumError::NoMemory => Self::NoMemory,
        }
    }
}

/// The error of an operation with a volume: its own, which says what is damaged, or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperationError {
    /// The volume can't do it.
    Volume(VolumeError),
    /// Something else fails.
    Other(FsError),
}

impl From<VolumeError> for OperationError {
    fn from(error: VolumeError) -> Self {
        Self::Volume(error)
    }
}

impl From<FsError> for OperationError {
    fn from(error: FsError) -> Self {
        Self::Other(error)
    }
}

impl From<AllocError> for OperationError {
    fn from(error: AllocError) -> Self {
        Self::Other(error.into())
    }
}

impl From<VolumeError> for FsError {
    fn from(error: VolumeError) -> Self {
        match error {
            VolumeError::Medium(error) => error.into(),
            VolumeError::Damaged(_) => Self::Damaged,
            VolumeError::OtherKind
            | VolumeError::Unsupported(_)
            | VolumeError::InvalidName
            | VolumeError::OwnDescendant => Self::InvalidArgument,
            VolumeError::NoSpace => Self::NoSpace,
            VolumeError::Exists => Self::Exists,
            VolumeError::NotEmpty => Self::NotEmpty,
            VolumeError::NotADirectory => Self::NotADirectory,
            VolumeError::NameTooLong => Self::NameTooLong,
            VolumeError::TooManyNames => Self::TooManyNames,
            VolumeError::TooLarge => Self::TooLarge,
            VolumeError::NotSupported => Self::NotPermitted,
            VolumeError::ReadOnly => Self::ReadOnly,
            VolumeError::NoMemory => Self::NoMemory,
        }
    }
}

/// Returns an error of a device as one of a medium.
pub(super) fn medium_error(error: FsError) -> MediumError {
    match error {
        FsError::WrongDevice | FsError::NoDevice => MediumError::Gone,
        FsError::ReadOnly | FsError::NotPermitted => MediumError::ReadOnly,
        FsError::NoMemory => MediumError::NoMemory,
        _ => MediumError::Failed,
    }
}

/// Returns the kind of a new node.
pub(super) fn node_kind(kind: NewKind<'_>) -> Kind {
    match kind {
        NewKind::Regular => Kind::Regular,
        NewKind::Directory => Kind::Directory,
        NewKind::Symlink(_) => Kind::Symlink,
        NewKind::CharDevice(DeviceNumber { major, minor }) => Kind::CharDevice(major, minor),
        NewKind::BlockDevice(DeviceNumber { major, minor }) => Kind::BlockDevice(major, minor),
        NewKind::Fifo => Kind::Fifo,
        NewKind::Socket => Kind::Socket,
    }
}

/// Returns the kind of an inode for a node; `text` is that of a symbolic link.
pub(super) fn inode_kind(kind: Kind, text: &[u8]) -> NewKind<'_> {
    match kind {
        Kind::Regular => NewKind::Regular,
        Kind::Directory => NewKind::Directory,
        Kind::Symlink => NewKind::Symlink(text),
        Kind::CharDevice(major, minor) => NewKind::CharDevice(DeviceNumber { major, minor }),
        Kind::BlockDevice(major, minor) => NewKind::BlockDevice(DeviceNumber { major, minor }),
        Kind::Fifo => NewKind::Fifo,
        Kind::Socket => NewKind::Socket,
    }
}

/// Returns the kind of file of a node.
pub(super) fn file_kind(kind: Kind) -> FileKind {
    inode_kind(kind, b"").parts().0
}

/// Returns the attributes of an inode that a volume stores.
pub(super) fn attributes_of(inode: &Inode) -> ChangeableAttributes {
    let (uid, gid) = inode.owner();
    let [accessed, modified, changed] = inode.attributes().times_ns().map(Time);
    ChangeableAttributes {
        mode: inode.mode().bits(),
        uid,
        gid,
        size_bytes: inode.size_bytes(),
        accessed,
        modified,
        changed,
    }
}

/// Sets the attributes of an inode, as a volume stores them.
pub(super) fn set_attributes(inode: &Inode, stored: &ChangeableAttributes) {
    let attributes = inode.attributes();
    attributes.set_mode(Mode::from_bits_truncate(stored.mode));
    attributes.set_owner(stored.uid, stored.gid);
    attributes.set_size_bytes(stored.size_bytes);
    attributes.restore_times_ns([stored.accessed.0, stored.modified.0, stored.changed.0]);
}
