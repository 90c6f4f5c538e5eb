//! `struct stat`.

use core::fmt;

use crate::bytes::Bytes;
use crate::names::NumberNames;

/// The offsets of the fields.
///
/// Source: Linux, arch/x86/include/uapi/asm/stat.h.
const MODE: usize = 24;
const DEVICE: usize = 40;
const SIZE: usize = 48;

/// The bits of the kind of file, and their values.
///
/// Source: inode(7).
const KIND_MASK: u32 = 0o170_000;
const KINDS: NumberNames = NumberNames(&[
    (0o010_000, "S_IFIFO"),
    (0o020_000, "S_IFCHR"),
    (0o040_000, "S_IFDIR"),
    (0o060_000, "S_IFBLK"),
    (0o100_000, "S_IFREG"),
    (0o120_000, "S_IFLNK"),
    (0o140_000, "S_IFSOCK"),
]);
const SPECIAL_BITS: [(u32, &str); 3] =
    [(0o4000, "S_ISUID"), (0o2000, "S_ISGID"), (0o1000, "S_ISVTX")];

/// A file's status: shows the mode, and the size or the device.
pub(crate) struct FileStatus<'a>(pub(crate) Bytes<'a>);

impl fmt::Display for FileStatus<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = self.0.u32_at(MODE);
        let kind = mode & KIND_MASK;
        write!(f, "{{st_mode={}", KINDS.show(kind.into()))?;
        for (bit, name) in SPECIAL_BITS {
            if mode & bit != 0 {
                write!(f, "|{name}")?;
            }
        }
        write!(f, "|0{:03o}", mode & 0o777)?;
        if kind == 0o020_000 || kind == 0o060_000 {
            let device = self.0.u64_at(DEVICE);
            // Source: Linux, include/linux/kdev_t.h (new_encode_dev).
            let (major, minor) = (device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00);
            write!(f, ", st_rdev=makedev({major:#x}, {minor:#x}), ...}}")
        } else {
            write!(f, ", st_size={}, ...}}", self.0.i64_at(SIZE))
        }
    }
}
