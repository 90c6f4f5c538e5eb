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

/// When a write reaches the disk, among the writes since the last [`Medium::flush`]. If power fails, and
/// the disk has written them in another order than it got them, all of a stage are there before any
/// of a later one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// What nothing on the disk leads to yet, and the mark that the volume is in use.
    First,
    /// What leads to that.
    Second,
    /// What leads to what is written in the second stage.
    Third,
    /// All else.
    Last,
}

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

    /// Writes `from` at `at`. The bytes reach the disk by the next [`flush`](Self::flush), and not
    /// before. A sector (512 bytes) that is written in several stages is written as a whole in the
    /// first of them.
    ///
    /// # Errors
    /// [`MediumError`].
    fn write(&self, stage: Stage, at: u64, from: &[u8]) -> Result<(), MediumError>;

    /// Writes all to the disk, one stage after the other, so that it is there if power fails.
    ///
    /// # Errors
    /// [`MediumError`].
    fn flush(&self) -> Result<(), MediumError>;

    /// Drops these bytes from the cache, because they are no longer the volume's structures: what was
    /// written to them need not reach the disk, and must not once [`Volume::map`](crate::Volume::map)
    /// has given them to a file.
    fn discard(&self, range: Range<u64>);
}
