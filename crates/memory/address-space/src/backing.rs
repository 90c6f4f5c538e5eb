//! What backs the pages of a region.

use crate::{Access, Sharing};

/// What the pages of a region are filled from: a file from some offset on, or zeros.
///
/// It is cloned when a region is split or a process is forked, and dropped when two regions
/// are merged or one is removed. Its `clone` and `drop` may not wait, because the address space
/// is locked meanwhile.
pub trait Backing: Clone {
    /// Returns what backs the address that lies `bytes` above the one that `self` backs;
    /// `bytes` is a multiple of the page size. For a file its offset rises; anonymous memory
    /// has no offset.
    fn advanced_by(&self, bytes: u64) -> Self;

    /// Returns whether `next` backs the address that lies `bytes` above the one that `self`
    /// backs: whether `next` equals `self.advanced_by(bytes)`. If so, two regions can be merged.
    fn continues(&self, bytes: u64, next: &Self) -> bool;

    /// Returns whether it is anonymous memory: filled with zeros, and not a file or an
    /// object that can be shared.
    fn is_anonymous(&self) -> bool;

    /// Returns whether a region may have `access`: a shared mapping of a file that isn't
    /// open for writing can't be written, and a file of a file system that is mounted
    /// "noexec" can't be executed.
    fn allows(&self, access: Access, sharing: Sharing) -> bool;

    /// Returns whether it can back `len_bytes` bytes: whether the offset of the last one is
    /// one that a file can have.
    fn spans(&self, len_bytes: u64) -> bool;
}
