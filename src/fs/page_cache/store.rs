//! The place where pages are stored outside of memory.

use core::ops::Range;

use crate::block::transfers::Transfers;
use crate::fs::error::FsError;
use crate::mm::kernel::frames::SharedFrame;
use crate::mm::kernel::layout::FRAME_BYTES;

/// The size of a page, in bytes.
pub const PAGE_BYTES: u64 = FRAME_BYTES;

/// The unit in which changes are noted, in bytes.
pub const SECTOR_BYTES: u64 = 512;

/// The place where the pages of a file, or of a device, are stored outside of memory. All methods may
/// wait, and none is called with spin locks held.
pub trait PageStore: Send + Sync {
    /// Returns the size of the contents, in bytes.
    fn size_bytes(&self) -> u64;

    /// Returns the size of a sector, in bytes: the unit in which it can be accessed.
    fn sector_bytes(&self) -> u64;

    /// Reads the bytes of `range`, which are whole sectors, into `pages`. The first of these gets the first
    /// byte, at its place in a page. The range begins before the end; bytes behind it are undefined.
    ///
    /// # Errors
    /// The error of the device.
    fn read(&self, range: Range<u64>, pages: &[SharedFrame]) -> Result<(), FsError>;

    /// Makes room for the bytes of `range`, which will be written.
    ///
    /// # Errors
    /// [`FsError::NoSpace`], [`FsError::TooLarge`], or the error of the device.
    fn reserve(&self, range: Range<u64>) -> Result<(), FsError>;

    /// Gives the room back that was made for bytes from `offset` on, which were not written after all.
    /// They are behind the end.
    fn release(&self, offset: u64);

    /// Begins to write the bytes of `range`, which are whole sectors, from `pages`. The first of these has
    /// the first byte. Bytes for which there is no room, because the file has become shorter, are left
    /// out. The write ends with `transfers`.
    ///
    /// # Errors
    /// The error of the device, if it can't begin. A part may be written.
    fn begin_write<'a>(
        &'a self,
        range: Range<u64>,
        pages: &[SharedFrame],
        transfers: &mut Transfers<'a>,
    ) -> Result<(), FsError>;

    /// Called when a page becomes dirty: makes sure that it will be written back.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    fn note_dirty(&self) -> Result<(), FsError>;

    /// Returns whether pages are written by the sectors that have changed, because others know the
    /// other sectors of the page better; otherwise as a whole.
    fn is_by_sector(&self) -> bool {
        false
    }
}
