//! The backing of the pages of a region.

use crate::{Access, Sharing};

/// The source of a region's contents: a file from some offset on, or zeros.
///
/// A backing is cloned when a region is split or a process is forked, and dropped when two
/// regions are merged or one is removed. `clone` and `drop` may not wait, because the address
/// space is locked meanwhile.
pub trait Backing: Clone {
    /// Returns the backing of the address that is `bytes` above the one that `self` backs;
    /// `bytes` is a multiple of the page size. The offset in a file rises; anonymous memory
    /// has no offset.
    fn advanced_by(&self, bytes: u64) -> Self;

    /// Returns whether `next` equals `self.advanced_by(bytes)`. If so, two regions can be
    /// merged.
    fn continues(&self, bytes: u64, next: &Self) -> bool;

    /// Returns whether the backing is anonymous memory: filled with zeros, and not a file
    /// or an object that can be shared.
    fn is_anonymous(&self) -> bool;

    /// Returns whether a region may have `access`: a shared mapping of a file that isn't
    /// open for writing can't be written, and a file of a file system that is mounted
    /// "noexec" can't be executed.
    fn allows(&self, access: Access, sharing: Sharing) -> bool;

    /// Returns whether the backing has `len_bytes` bytes: whether a file can have the
    /// offset of the last one.
    fn spans(&self, len_bytes: u64) -> bool;
}
