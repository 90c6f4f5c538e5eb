//! Changes of the regions of an address space, and of their pages.
//!
//! Each operation changes the regions first, then the page table. Both are locked all the time, so
//! that no page fault sees only one of the changes.

use ::address_space::{
    Access, Advice, Limits, Lock, Overlap, PageRange, Progress, Region, RegionError, RegionFlags,
    RemapRequest, RemapTarget, Remapped, Removed,
};
use x86_64::VirtAddr;

use super::address_space::AddressSpace;
use super::backing::Backing;
use super::commit;
use super::fault::flags_of;
use super::mappings::Mappings;
use super::page_table::{PAGE_BYTES, UserPageTable};
use crate::sync::RwLockWriteGuard;

impl AddressSpace {
    /// Adds a region at its place. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::map`].
    pub fn map_region(
        &self,
        region: Region<Backing>,
        overlap: Overlap,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        self.note_mapping(region.backing())?;
        let mut mappings = self.mappings_for_change_of(region.range())?;
        let removed = mappings.regions.map(region, overlap, limits, commit::try_commit)?;
        finish_removal(mappings, removed);
        Ok(())
    }

    /// Finds free addresses for `len_bytes`, and adds the region that `make` returns for them.
    /// Returns these addresses. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::place`] and [`Regions::map`].
    pub fn map_region_anywhere(
        &self,
        hint: u64,
        len_bytes: u64,
        limits: &Limits,
        make: impl FnOnce(PageRange) -> Region<Backing>,
    ) -> Result<PageRange, RegionError> {
        let mut mappings = self.mappings_for_change();
        let regions = &mut mappings.regions;
        let range = regions.place(hint, len_bytes, 1)?;
        let region = make(range);
        self.note_mapping(region.backing())?;
        let removed = regions.map(region, Overlap::Refused, limits, commit::try_commit)?;
        finish_removal(mappings, removed);
        Ok(range)
    }

    /// Removes all pages of `range` from their regions. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::unmap`].
    pub fn unmap_region(&self, range: PageRange, limits: &Limits) -> Result<(), RegionError> {
        let mut mappings = self.mappings_for_change_of(range)?;
        let removed = mappings.regions.unmap(range, limits)?;
        finish_removal(mappings, removed);
        Ok(())
    }

    /// Changes the access of a program to the pages of `range`. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::protect`]; a part may have changed.
    pub fn protect_region(
        &self,
        range: PageRange,
        access: Access,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        let Mappings { regions, table } = &mut *self.mappings_for_change_of(range)?;
        let Progress { reached, result } =
            regions.protect(range, access, limits, commit::try_commit);
        if let Some(changed) = part_below(range, reached) {
            // A page that may be written from now on becomes writable at the first write, because
            // it may have other owners.
            table.protect_range(changed, flags_of(access));
        }
        result
    }

    /// Changes the length of a range, or moves it; returns its new start. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::remap`]; [`RegionError::NoMemory`] if no memory is left for a page
    /// table, after which some pages are missing at their new place.
    pub fn remap_region(
        &self,
        request: &RemapRequest,
        limits: &Limits,
    ) -> Result<PageRange, RegionError> {
        let mut mappings = self.mappings_for_change();
        let Mappings { regions, table } = &mut *mappings;
        for range in ranges_of(request).into_iter().flatten() {
            table.split_ends(range).map_err(|_| RegionError::NoMemory)?;
        }
        let Remapped { removed, moved_from, range } =
            regions.remap(request, limits, commit::try_commit)?;
        unmap_removed(table, &removed);
        let moved = moved_from.map_or(Ok(()), |from| table.move_range(from, range.start()));
        drop(mappings);
        commit::uncommit(removed.uncommitted_pages);
        drop(removed);
        moved.map_err(|_| RegionError::NoMemory).map(|()| range)
    }

    /// Records advice for the pages of `range`. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::advise`].
    pub fn advise_region(
        &self,
        range: PageRange,
        advice: Advice,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        self.mappings_for_change_of(range)?.regions.advise(range, advice, limits).result
    }

    /// Unmaps the pages of `range`. The next access to a page finds zeros, or the contents of the
    /// object. Stops at the first region that `may_discard` refuses. May wait.
    ///
    /// [`RegionError::Invalid`] at a region that is refused; [`RegionError::Unmapped`] if a part of
    /// the range is in no region. The pages before have been discarded.
    pub fn discard(
        &self,
        range: PageRange,
        may_discard: impl Fn(&Region<Backing>) -> bool,
    ) -> Result<(), RegionError> {
        let Mappings { regions, table } = &mut *self.mappings_for_change_of(range)?;
        let refused = regions.iter_range(range).find(|region| !may_discard(region));
        let end = refused.map_or(range.end(), |region| region.range().start());
        if let Some(part) = part_below(range, end) {
            table.unmap_range(part);
        }
        match (refused, regions.first_hole(range)) {
            (Some(_), _) => Err(RegionError::Invalid),
            (None, Some(_)) => Err(RegionError::Unmapped),
            (None, None) => Ok(()),
        }
    }

    /// Locks the pages of `range`, or unlocks them: mlock(2), munlock(2). May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::lock`].
    pub fn lock_pages(
        &self,
        range: PageRange,
        lock: Lock,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        self.mappings_for_change_of(range)?.regions.lock(range, lock, limits).result
    }

    /// Locks or unlocks the present pages, unless `None` is passed for them, and the pages that are
    /// mapped later: mlockall(2), munlockall(2). May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::lock_all`].
    pub fn lock_all(
        &self,
        now: Option<Lock>,
        future: Lock,
        limits: &Limits,
    ) -> Result<(), RegionError> {
        let regions = &mut self.mappings_for_change().regions;
        now.map_or(Ok(()), |lock| regions.lock_all(lock, limits))?;
        regions.set_future_lock(future);
        Ok(())
    }

    /// Returns the pages of the first region that ends above `from` and whose pages are locked and
    /// allocated at once. May wait.
    fn next_locked(&self, from: VirtAddr) -> Option<PageRange> {
        let mappings = self.mappings();
        let mut later = mappings.regions.iter().filter(|region| region.range().end() > from);
        let is_locked = |region: &&Region<Backing>| {
            let flags = RegionFlags::LOCKED | RegionFlags::LOCKED_ON_FAULT;
            region.flags() & flags == RegionFlags::LOCKED
        };
        later.find(is_locked).map(|region| region.range())
    }

    /// Allocates the pages of all regions that are locked in that way, as far as possible. May
    /// wait.
    pub fn populate_locked(&self) {
        let mut from = VirtAddr::zero();
        while let Some(range) = self.next_locked(from) {
            // As on Linux, pages that can't be allocated are skipped.
            let _ = self.populate(range);
            from = range.end();
        }
    }

    /// Begins an empty heap at `start`, after the image of a program whose data has
    /// `image_data_bytes` bytes. May wait.
    ///
    /// # Errors
    /// The errors of [`Regions::start_heap`].
    pub fn start_heap(&self, start: VirtAddr, image_data_bytes: u64) -> Result<(), RegionError> {
        self.mappings_for_change().regions.start_heap(start, image_data_bytes)
    }

    /// Moves the program break; returns the new one, or the old one if that fails. May wait.
    pub fn set_program_break(&self, end: u64, limits: &Limits) -> VirtAddr {
        let mut mappings = self.mappings_for_change();
        let Mappings { regions, table } = &mut *mappings;
        let old_end = regions.heap_end();
        let is_split = part_between(end, old_end.as_u64()).is_none_or(|removed| {
            // The heap stays unchanged if there is no memory for this.
            table.split_ends(removed).is_ok()
        });
        if !is_split {
            return old_end;
        }
        let changed =
            regions.set_program_break(end, Backing::Anonymous, limits, commit::try_commit);
        let heap_end = regions.heap_end();
        if let Ok(removed) = changed {
            finish_removal(mappings, removed);
        }
        heap_end
    }

    /// Returns the mappings, locked for a change of the pages of `range`, after splitting the huge
    /// pages that reach beyond `range`. May wait.
    ///
    /// # Errors
    /// [`RegionError::NoMemory`].
    fn mappings_for_change_of(
        &self,
        range: PageRange,
    ) -> Result<RwLockWriteGuard<'_, Mappings>, RegionError> {
        let mut mappings = self.mappings_for_change();
        mappings.table.split_ends(range).map_err(|_| RegionError::NoMemory)?;
        Ok(mappings)
    }
}

/// Returns the ranges of pages that `request` may change: the old pages; those after the new length
/// if that is shorter; those at the target. Without the ranges that are empty or not valid.
fn ranges_of(request: &RemapRequest) -> [Option<PageRange>; 3] {
    let (start, old, new) = (request.start, request.old_len_bytes, request.new_len_bytes);
    let target = match request.target {
        RemapTarget::At(target) => part_between(target, target.saturating_add(new)),
        RemapTarget::InPlace | RemapTarget::Anywhere { .. } => None,
    };
    let rest = part_between(start.saturating_add(new), start.saturating_add(old));
    [part_between(start, start.saturating_add(old)), rest, target]
}

/// Returns the pages between the addresses `start` and `end`, which are rounded up to whole pages,
/// if there are any.
fn part_between(start: u64, end: u64) -> Option<PageRange> {
    let start = start.checked_next_multiple_of(PAGE_BYTES)?;
    let end = end.checked_next_multiple_of(PAGE_BYTES)?;
    PageRange::try_new(start, end.checked_sub(start).filter(|len| *len > 0)?).ok()
}

/// Unmaps the pages of regions that were removed, and drops their objects with no lock held.
fn finish_removal(mut mappings: RwLockWriteGuard<'_, Mappings>, removed: Removed<Backing>) {
    unmap_removed(&mut mappings.table, &removed);
    drop(mappings);
    commit::uncommit(removed.uncommitted_pages);
}

fn unmap_removed(table: &mut UserPageTable, removed: &Removed<Backing>) {
    removed.regions.iter().for_each(|region| table.unmap_range(region.range()));
}

/// Returns the pages of `range` below `end`.
fn part_below(range: PageRange, end: VirtAddr) -> Option<PageRange> {
    let len_bytes = end.as_u64().checked_sub(range.start().as_u64())?;
    PageRange::try_new(range.start().as_u64(), len_bytes.min(range.len_bytes())).ok()
}
