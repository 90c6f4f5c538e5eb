//! What CPUs ask of each other.

/// What targets flush from their TLBs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The address of the first page.
    pub start: u64,
    /// How many pages of 4 KiB, or [`Self::ALL_PAGES`].
    pub pages: u64,
    /// The address space, by whatever the kernel tells them apart.
    pub space: u64,
    /// The space's generation after the change (see [`Tags`](crate::Tags)).
    pub generation: u64,
}

impl Request {
    /// Stands for everything that a TLB holds of the space, in [`Self::pages`].
    pub const ALL_PAGES: u64 = u64::MAX;
}
