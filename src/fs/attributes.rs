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
        /// The file runs with the owner's rights.
        const SET_UID = 0o4000;
        /// The file runs with the group's rights; new files in a directory get the directory's
        /// group.
        const SET_GID = 0o2000;
        /// Files in a directory can only be removed by their owners.
        const STICKY = 0o1000;
        /// The owner's rights.
        const OWNER = 0o700;
        /// The group's rights.
        const GROUP = 0o070;
        /// The group's right to execute.
        const GROUP_EXECUTE = 0o010;
        /// All others' rights.
        const OTHERS = 0o007;
        /// Everybody's right to execute.
        const ANY_EXECUTE = 0o111;
    }
}

/// The number of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceNumber {
    /// The number of the driver.
    pub major: u32,
    /// The number among the driver's devices.
    pub minor: u32,
}

impl DeviceNumber {
    /// No device.
    pub const NONE: Self = Self { major: 0, minor: 0 };

    /// Returns the number in the 64-bit format of stat.
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

/// The attributes that determine the access to a file: kind, mode, owner.
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

/// A file's attributes at one time, as for stat.
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
    /// The number of its names.
    pub links: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// The number of the device, for a device file.
    pub represents: DeviceNumber,
    /// Its size, in bytes.
    pub size_bytes: u64,
    /// The size of its stored part, in blocks of 512 bytes.
    pub blocks: u64,
    /// The time of the last read, in nanoseconds since 1970.
    pub accessed_ns: i64,
    /// The time of the last write, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// The time of the last change of its attributes, in nanoseconds since 1970.
    pub changed_ns: i64,
}

/// The last operation on a file, which determines the times that are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The file was read.
    Accessed,
    /// Its contents were changed, and with them its attributes.
    Modified,
    /// Its attributes were changed.
    Changed,
}

/// A read sets the time only if the stored time is older than this, or than the last change.
const ACCESSED_KEPT_NS: i64 = 24 * 60 * 60 * 1_000_000_000;

/// The attributes of an inode that can change. Each is read and written separately, so that
/// checking a permission takes no lock. Writers of several attributes hold the inode's lock.
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
    /// Makes the attributes of a new file with one name, with the present time.
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

    /// Sets the size. The contents below it have been written before.
    pub(super) fn set_size_bytes(&self, size_bytes: u64) {
        self.size_bytes.store(size_bytes, Ordering::Release);
    }

    /// Returns the times of the last read, write and change.
    pub(super) fn times_ns(&self) -> [i64; 3] {
        [&self.accessed_ns, &self.modified_ns, &self.changed_ns]
            .map(|time| time.load(Ordering::Relaxed))
    }

    /// Sets the given times of the last read and write, and the time of the last change to now.
    pub(super) fn set_times_ns(&self, accessed_ns: Option<i64>, modified_ns: Option<i64>) {
        if let Some(accessed_ns) = accessed_ns {
            self.accessed_ns.store(accessed_ns, Ordering::Relaxed);
        }
        if let Some(modified_ns) = modified_ns {
            self.modified_ns.store(modified_ns, Ordering::Relaxed);
        }
        self.changed_ns.store(time::now_ns(), Ordering::Relaxed);
    }

    /// Sets the times for an operation. A read sets its time by the rules of Linux's `relatime`. Returns
    /// whether a time was set.
    #[inline]
    pub(super) fn touch(&self, touch: Touch) -> bool {
        let now_ns = time::now_ns();
        match touch {
            Touch::Accessed => {
                let [accessed_ns, modified_ns, changed_ns] = self.times_ns();
                let is_new = accessed_ns > modified_ns && accessed_ns > changed_ns;
                if is_new && now_ns.saturating_sub(accessed_ns) < ACCESSED_KEPT_NS {
                    return false;
                }
                self.accessed_ns.store(now_ns, Ordering::Relaxed);
            }
            Touch::Modified => {
                self.modified_ns.store(now_ns, Ordering::Relaxed);
                self.changed_ns.store(now_ns, Ordering::Relaxed);
            }
            Touch::Changed => self.changed_ns.store(now_ns, Ordering::Relaxed),
        }
        true
    }

    /// Sets the times of the last read, write and change.
    pub(super) fn restore_times_ns(&self, times_ns: [i64; 3]) {
        let times = [&self.accessed_ns, &self.modified_ns, &self.changed_ns];
        for (time, time_ns) in times.into_iter().zip(times_ns) {
            time.store(time_ns, Ordering::Relaxed);
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
        // Values of glibc's makedev.
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
