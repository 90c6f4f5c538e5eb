//! The disk under a volume.

use core::fmt;
use core::ops::Range;

/// Why a transfer fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediumError {
    /// The disk has reported an error, or the range isn't within it.
    Failed,
    /// The disk is gone.
    Gone,
    /// The disk refuses writes.
    ReadOnly,
    /// No memory is left.
    NoMemory,
}

impl fmt::Display for MediumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "input/output error",
            Self::Gone => "the disk is gone",
            Self::ReadOnly => "the disk is read-only",
            Self::NoMemory => "no memory is left",
        })
    }
}

impl core::error::Error for MediumError {}

/// The bytes of a disk or a partition, at any offset. Reads and writes are cached, so a volume need
/// not keep copies of what it reads.
pub trait Medium: Send {
    /// Returns the size, in bytes.
    fn len_bytes(&self) -> u64;

    /// Reads the bytes from `at` on.
    ///
    /// # Errors
    /// [`MediumError`]; then the contents of `to` are undefined.
    fn read(&self, at: u64, to: &mut [u8]) -> Result<(), MediumError>;

    /// Writes `from` at `at`. The bytes reach the disk later, in any order with other writes.
    ///
    /// # Errors
    /// [`MediumError`].
    fn write(&self, at: u64, from: &[u8]) -> Result<(), MediumError>;

    /// Drops these bytes from the cache, because they are no longer the volume's structures: what was
    /// written to them need not reach the disk, and must not once [`Volume::map`](crate::Volume::map)
    /// has given them to a file.
    fn discard(&self, range: Range<u64>);
}
