//! The flags of an open file.

use bitflags::bitflags;

bitflags! {
    /// The flags of an open file, with Linux's values for x86-64 (`O_…`), so that system calls can
    /// pass them on. Without [`WRITE_ONLY`](Self::WRITE_ONLY) and [`READ_WRITE`](Self::READ_WRITE),
    /// the file can only be read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct OpenFlags: u32 {
        /// The file can only be written.
        const WRITE_ONLY = 0o1;
        /// The file can be read and written.
        const READ_WRITE = 0o2;
        /// The file is made if it doesn't exist.
        const CREATE = 0o100;
        /// The call fails if the file exists.
        const EXCLUSIVE = 0o200;
        /// A terminal doesn't become the controlling terminal.
        const NO_CONTROLLING_TERMINAL = 0o400;
        /// The file is emptied.
        const TRUNCATE = 0o1000;
        /// Each write is appended to the file.
        const APPEND = 0o2000;
        /// Operations never wait.
        const NONBLOCK = 0o4000;
        /// Each write waits until its data is stored.
        const DATA_SYNC = 0o1_0000;
        /// A signal is sent when the file is ready.
        const ASYNC = 0o2_0000;
        /// The page cache isn't used.
        const DIRECT = 0o4_0000;
        /// The file may be larger than 2 GiB; always on.
        const LARGE_FILE = 0o10_0000;
        /// The file has to be a directory.
        const DIRECTORY = 0o20_0000;
        /// A symbolic link at the end isn't followed.
        const NO_FOLLOW = 0o40_0000;
        /// Reads don't change the access time.
        const NO_ACCESS_TIME = 0o100_0000;
        /// An exec closes it.
        const CLOSE_ON_EXEC = 0o200_0000;
        /// Each write waits until its data and attributes are stored.
        const SYNC = 0o401_0000;
        /// The file is open only as a path.
        const PATH = 0o1000_0000;
        /// The file is made in this directory, without a name.
        const UNNAMED = 0o2020_0000;
    }
}

/// The flags that [`OpenFile::set_flags`](super::open_file::OpenFile::set_flags) changes.
pub const CHANGEABLE: OpenFlags = OpenFlags::APPEND
    .union(OpenFlags::NONBLOCK)
    .union(OpenFlags::ASYNC)
    .union(OpenFlags::DIRECT)
    .union(OpenFlags::NO_ACCESS_TIME);

/// The flags that have an effect only while the file is opened.
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
