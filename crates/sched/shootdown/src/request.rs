//! The requests that CPUs send to each other.

/// The pages that targets flush from their TLBs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The address of the first page.
    pub start: u64,
    /// The number of pages of 4 KiB, or [`Self::ALL_PAGES`].
    pub pages: u64,
    /// The address space, by a number that the kernel chooses.
    pub space: u64,
    /// The space's generation after the change (see [`Tags`](crate::Tags)).
    pub generation: u64,
}

impl Request {
    /// The value of [`Self::pages`] for everything that a TLB holds of the space.
    pub const ALL_PAGES: u64 = u64::MAX;
}
