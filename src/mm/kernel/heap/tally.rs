//! Counts of allocated and freed bytes, by the sizes that were requested.

/// The sums of one place: a CPU's small blocks, or all other blocks. A block may be freed at
/// another place than where it was allocated, so only the sums over all places yield the number in
/// use. The sums never reach 2^64.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) allocated_bytes: u64,
    pub(super) freed_bytes: u64,
    pub(super) allocations: u64,
    pub(super) frees: u64,
}

impl Tally {
    pub(super) const ZERO: Self =
        Self { allocated_bytes: 0, freed_bytes: 0, allocations: 0, frees: 0 };

    #[inline]
    pub(super) fn note_allocated(&mut self, bytes: usize) {
        self.allocated_bytes = self.allocated_bytes.wrapping_add(bytes as u64);
        self.allocations = self.allocations.wrapping_add(1);
    }

    #[inline]
    pub(super) fn note_freed(&mut self, bytes: usize) {
        self.freed_bytes = self.freed_bytes.wrapping_add(bytes as u64);
        self.frees = self.frees.wrapping_add(1);
    }

    /// Counts that a block of `old_bytes` has `new_bytes` now.
    pub(super) fn note_resized(&mut self, old_bytes: usize, new_bytes: usize) {
        self.freed_bytes = self.freed_bytes.wrapping_add(old_bytes as u64);
        self.allocated_bytes = self.allocated_bytes.wrapping_add(new_bytes as u64);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.allocated_bytes = self.allocated_bytes.wrapping_add(other.allocated_bytes);
        self.freed_bytes = self.freed_bytes.wrapping_add(other.freed_bytes);
        self.allocations = self.allocations.wrapping_add(other.allocations);
        self.frees = self.frees.wrapping_add(other.frees);
    }

    /// Returns the number of bytes in use.
    pub(super) fn used_bytes(&self) -> u64 {
        self.allocated_bytes.saturating_sub(self.freed_bytes)
    }

    /// Returns the number of blocks in use.
    pub(super) fn used_blocks(&self) -> u64 {
        self.allocations.saturating_sub(self.frees)
    }
}
