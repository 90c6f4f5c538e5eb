//! The address space of a child: fork(2).

use crate::{Backing, Lock, RegionError, RegionFlags, Regions, Usage};

impl<B: Backing> Regions<B> {
    /// Returns a copy for a child: fork(2). Regions with [`RegionFlags::DONT_FORK`] are left
    /// out. Regions with [`RegionFlags::WIPE_ON_FORK`] are copied, but the caller doesn't
    /// copy their pages. The child's regions keep these flags, but are not locked.
    ///
    /// `commit` is as for [`map`](Self::map), with all pages that the child commits.
    ///
    /// # Errors
    /// [`NoMemory`](RegionError::NoMemory), [`CommitLimit`](RegionError::CommitLimit).
    pub fn try_clone(&self, commit: impl FnOnce(u64) -> bool) -> Result<Self, RegionError> {
        let mut tree = self.tree.try_clone()?;
        let mut usage = self.usage;
        let not_copied =
            self.iter().filter(|region| region.flags().contains(RegionFlags::DONT_FORK));
        for region in not_copied {
            usage = usage.minus(Usage::of_region(region));
            tree.remove(region.range.start);
        }
        Usage::default().commit(usage, commit)?;
        let Self { bounds, program_break, .. } = *self;
        let mut child = Self { tree, bounds, usage, program_break, future_lock: Lock::None };
        child.unlock_child();
        Ok(child)
    }
}
