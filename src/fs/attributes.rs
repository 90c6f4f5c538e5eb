//! The attributes of a file.

use core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

use bitflags::bitflags;

use super::time;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file with contents.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A FIFO, or a pipe.
    Fifo,
    /// A socket.
    Socket,
}

impl FileKind {
    /// Returns the letter that `ls -l` shows.
    pub fn letter(self) -> char {
        match self {
            Self::Regular => '-',
            Self::Directory => 'd',
            Self::Symlink => 'l',
            Self::CharDevice => 'c',
            Self::BlockDevice => 'b',
            Self::Fifo => 'p',
            Self::Socket => 's',
        }
    }
}

bitflags! {
    /// Permission bits, with Linux's values.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Mode: u16 {
        /// Runs with the owner's rights.
        const SET_UID = 0o4000;
        /// Runs with the group's rights; a directory's new files get its group.
        const SET_GID = 0o2000;
        /// A directory's files are removed only by their owners.
        const STICKY = 0o1000;
        /// The owner's rights.
        const OWNER = 0o700;
        /// The group's rights.
        const GROUP = 0o070;
        /// The group may execute.
        const GROUP_EXECUTE = 0o010;
        /// All others' rights.
        const OTHERS = 0o007;
        /// Others may execute.
        const ANY_EXECUTE = 0o111;
    }
}

/// The number of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceNumber {
    /// Which driver.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

impl DeviceNumber {
    /// No device.
    pub const NONE: Self = Self { major: 0, minor: 0 };

    /// Returns the number as stat has it in 64 bits.
    pub fn encoded(self) -> u64 {
        let (major, minor) = (u64::from(self.major), u64::from(self.minor));
        minor & 0xFF | (major & 0xFFF) << 8 | (minor & !0xFF) << 12 | (major & !0xFFF) << 32
    }

    /// Returns the device whose number is `encoded`.
    pub fn from_encoded(encoded: u64) -> Self {
        let major = encoded >> 8 & 0xFFF | encoded >> 32 & !0xFFF;
        let minor = encoded & 0xFF | encoded >> 12 & 0xFFFF_FF00;
        Self { major: major as u32, minor: minor as u32 }
    }
}

/// The attributes that determine who may use a file: kind, mode, owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// The kind of the file.
    pub kind: FileKind,
    /// The permission bits.
    pub mode: Mode,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
}

/// A file's attributes at one time, as stat has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The file system's number.
    pub device: u64,
    /// The file's number in its file system.
    pub inode: u64,
    /// The kind of the file.
    pub kind: FileKind,
    /// The permission bits.
    pub mode: Mode,
    /// How many names it has.
    pub links: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Which device it is, for a device.
    pub represents: DeviceNumber,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// How much of it is stored, in blocks of 512 bytes.
    pub blocks: u64,
    /// When it was last read, in nanoseconds since 1970.
    pub accessed_ns: i64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// When its attributes last changed, in nanoseconds since 1970.
    pub changed_ns: i64,
}

/// The last operation on a file, as its times record it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// It was read.
    Accessed,
    /// Its contents were changed, and with them its attributes.
    Modified,
    /// Its attributes were changed.
    Changed,
}

/// A read sets the time only if the last one set is older than this, or than the last change.
const ACCESSED_KEPT_NS: i64 = 24 * 60 * 60 * 1_000_000_000;

/// The attributes of an inode that change. Each is read and written separately: checking a
/// permission takes no lock. Writers of several hold the inode's lock.
#[derive(Debug)]
pub(super) struct Attributes {
    mode: AtomicU32,
    /// The owner in the low half, the group in the high half.
    owner: AtomicU64,
    links: AtomicU32,
    size_bytes: AtomicU64,
    accessed_ns: AtomicI64,
    modified_ns: AtomicI64,
    changed_ns: AtomicI64,
}

impl Attributes {
    /// Makes the attributes of a new file with one name, as of now.
    pub(super) fn new(mode: Mode, uid: u32, gid: u32) -> Self {
        let now_ns = time::now_ns();
        Self {
            mode: AtomicU32::new(mode.bits().into()),
            owner: AtomicU64::new(owner_word(uid, gid)),
            links: AtomicU32::new(1),
            size_bytes: AtomicU64::new(0),
            accessed_ns: AtomicI64::new(now_ns),
            modified_ns: AtomicI64::new(now_ns),
            changed_ns: AtomicI64::new(now_ns),
        }
    }

    #[inline]
    pub(super) fn mode(&self) -> Mode {
        Mode::from_bits_truncate(self.mode.load(Ordering::Relaxed) as u16)
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        self.mode.store(mode.bits().into(), Ordering::Relaxed);
    }

    /// Returns the owner and the group.
    #[inline]
    pub(super) fn owner(&self) -> (u32, u32) {
        let word = self.owner.load(Ordering::Relaxed);
        (word as u32, (word >> 32) as u32)
    }

    pub(super) fn set_owner(&self, uid: u32, gid: u32) {
        self.owner.store(owner_word(uid, gid), Ordering::Relaxed);
    }

    pub(super) fn links(&self) -> u32 {
        self.links.load(Ordering::Relaxed)
    }

    pub(super) fn set_links(&self, links: u32) {
        self.links.store(links, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes.load(Ordering::Acquire)
    }

    /// Sets the size. Contents below it were written before.
    pub(super) fn set_size_bytes(&self, size_bytes: u64) {
        self.size_bytes.store(size_bytes, Ordering::Release);
    }

    /// Returns when it was read, written and changed.
    pub(super) fn times_ns(&self) -> [i64; 3] {
        [&self.accessed_ns, &self.modified_ns, &self.changed_ns]
            .map(|time| time.load(Ordering::Relaxed))
    }

    /// Sets when it was read and written, where given, and that it was changed now.
    pub(super) fn set_times_ns(&self, accessed_ns: Option<i64>, modified_ns: Option<i64>) {
        if let Some(accessed_ns) = accessed_ns {
            self.accessed_ns.store(accessed_ns, Ordering::Relaxed);
        }
        if let Some(modified_ns) = modified_ns {
            self.modified_ns.store(modified_ns, Ordering::Relaxed);
        }
        self.changed_ns.store(time::now_ns(), Ordering::Relaxed);
    }

    /// Sets the times of an operation. A read sets its time as Linux's `relatime` does.
    pub(super) fn touch(&self, touch: Touch) {
        let now_ns = time::now_ns();
        match touch {
            Touch::Accessed => {
                let [accessed_ns, modified_ns, changed_ns] = self.times_ns();
                let is_new = accessed_ns > modified_ns && accessed_ns > changed_ns;
                if !is_new || now_ns.saturating_sub(accessed_ns) >= ACCESSED_KEPT_NS {
                    self.accessed_ns.store(now_ns, Ordering::Relaxed);
                }
            }
            Touch::Modified => {
                self.modified_ns.store(now_ns, Ordering::Relaxed);
                self.changed_ns.store(now_ns, Ordering::Relaxed);
            }
            Touch::Changed => self.changed_ns.store(now_ns, Ordering::Relaxed),
        }
    }
}

fn owner_word(uid: u32, gid: u32) -> u64 {
    u64::from(gid) << 32 | u64::from(uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn device_numbers_are_encoded_as_by_linux() {
        // glibc's makedev.
        let large = 0xFFFF_FFFF_FFF1_23FF;
        for (major, minor, encoded) in
            [(1, 3, 0x103), (8, 257, 0x10_0801), (0xFFFF_F123, !0, large)]
        {
            let number = DeviceNumber { major, minor };
            assert_eq!(number.encoded(), encoded, "{major:#x}:{minor:#x}");
            assert_eq!(DeviceNumber::from_encoded(encoded), number);
        }
    }
}
