//! How a file is opened.

use bitflags::bitflags;

bitflags! {
    /// How a file is opened, with Linux's values for x86-64 (`O_…`), so that system calls pass them
    /// on. Without [`WRITE_ONLY`](Self::WRITE_ONLY) and [`READ_WRITE`](Self::READ_WRITE) it is only
    /// read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OpenFlags: u32 {
        /// It is only written.
        const WRITE_ONLY = 0o1;
        /// It is read and written.
        const READ_WRITE = 0o2;
        /// It is made if it is missing.
        const CREATE = 0o100;
        /// It is an error if the file exists.
        const EXCLUSIVE = 0o200;
        /// A terminal doesn't become the controlling one.
        const NO_CONTROLLING_TERMINAL = 0o400;
        /// It is emptied.
        const TRUNCATE = 0o1000;
        /// Each write is appended to the file.
        const APPEND = 0o2000;
        /// Nothing waits.
        const NONBLOCK = 0o4000;
        /// Each write waits until its data is stored.
        const DATA_SYNC = 0o1_0000;
        /// A signal says when it is ready.
        const ASYNC = 0o2_0000;
        /// The page cache isn't used.
        const DIRECT = 0o4_0000;
        /// It may be larger than 2 GiB; always so.
        const LARGE_FILE = 0o10_0000;
        /// It has to be a directory.
        const DIRECTORY = 0o20_0000;
        /// A symbolic link at the end isn't followed.
        const NO_FOLLOW = 0o40_0000;
        /// Reading it doesn't change its time.
        const NO_ACCESS_TIME = 0o100_0000;
        /// An exec closes it.
        const CLOSE_ON_EXEC = 0o200_0000;
        /// Each write waits until it is stored.
        const SYNC = 0o401_0000;
        /// Only its place is used.
        const PATH = 0o1000_0000;
        /// It is made without a name in this directory.
        const UNNAMED = 0o2020_0000;
    }
}

/// The flags that [`OpenFile::set_flags`](super::open_file::OpenFile::set_flags) changes.
pub const CHANGEABLE: OpenFlags = OpenFlags::APPEND
    .union(OpenFlags::NONBLOCK)
    .union(OpenFlags::ASYNC)
    .union(OpenFlags::DIRECT)
    .union(OpenFlags::NO_ACCESS_TIME);

/// The flags that only matter while it is opened.
pub(super) const OPENING: OpenFlags = OpenFlags::CREATE
    .union(OpenFlags::EXCLUSIVE)
    .union(OpenFlags::NO_CONTROLLING_TERMINAL)
    .union(OpenFlags::TRUNCATE)
    .union(OpenFlags::CLOSE_ON_EXEC);

impl OpenFlags {
    /// Returns whether the file can be read.
    #[inline]
    pub fn can_read(self) -> bool {
        !self.intersects(Self::WRITE_ONLY | Self::PATH)
    }

    /// Returns whether the file can be written.
    #[inline]
    pub fn can_write(self) -> bool {
        self.intersects(Self::WRITE_ONLY | Self::READ_WRITE) && !self.contains(Self::PATH)
    }
}
