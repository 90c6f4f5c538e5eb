//! The calls that map, unmap and change pages.

use std::vec::Vec;

use super::{END, FILE_END, GUARD, LOWEST, Model, Outcome, Page, Run};
use crate::{Access, Advice, Attributes, Overlap, PAGE_BYTES, RegionError, RegionFlags, Sharing};

/// The page up to which a change was made, and its result.
pub(crate) type Reached = (u64, Result<(), RegionError>);

impl Model {
    pub(crate) fn map(&mut self, new: Run, overlap: Overlap) -> Outcome {
        let Run { start, end, page } = new;
        if start < LOWEST {
            return Err(RegionError::TooLow);
        }
        if end > END {
            return Err(RegionError::OutOfBounds);
        }
        let removed = self.cut(start, end);
        if overlap == Overlap::Refused && !removed.is_empty() {
            return Err(RegionError::Occupied);
        }
        if page.has(RegionFlags::GROWS_DOWN) && !page.is_private_anonymous() {
            return Err(RegionError::Invalid);
        }
        if page.file.is_some_and(|(_, first)| first + (end - start) > FILE_END) {
            return Err(RegionError::OffsetOverflow);
        }
        if !page.is_allowed() {
            return Err(RegionError::Forbidden);
        }
        let count = self.runs().len();
        let most = self.limits.regions;
        if count > most || (self.splits_one(start, end) && count == most) {
            return Err(RegionError::TooManyRegions);
        }
        let mut after = self.clone();
        for number in start..end {
            after.set(number, Some(page.nth(number - start)));
        }
        self.become_if_allowed(after, true, page)?;
        Ok(removed)
    }

    pub(crate) fn unmap(&mut self, start: u64, end: u64) -> Outcome {
        let removed = self.cut(start, end);
        if self.splits_one(start, end) && self.runs().len() >= self.limits.regions {
            return Err(RegionError::TooManyRegions);
        }
        for number in start..end.min(END) {
            if let Some(page) = self.at(number) {
                self.available += u64::from(page.committed);
            }
            self.set(number, None);
        }
        Ok(removed)
    }

    pub(crate) fn protect(&mut self, start: u64, end: u64, access: Access) -> Reached {
        let mut reached = start;
        while reached < end {
            let Some(run) = self.run_at(reached) else {
                return (reached, Err(RegionError::Unmapped));
            };
            let part_end = run.end.min(end);
            if run.page.attributes.access != access {
                let attributes = Attributes { access, ..run.page.attributes };
                if let Err(error) = self.change(reached, part_end, attributes, true) {
                    return (reached, Err(error));
                }
            }
            reached = part_end;
        }
        (reached, Ok(()))
    }

    pub(crate) fn advise(&mut self, start: u64, end: u64, advice: Advice) -> Reached {
        let mut result = Ok(());
        let mut reached = start;
        while reached < end {
            let Some(run) = self.run_at(reached) else {
                result = Err(RegionError::Unmapped);
                reached += 1;
                continue;
            };
            let part_end = run.end.min(end);
            if advice == Advice::WipeOnFork && !run.page.is_private_anonymous() {
                return (reached, Err(RegionError::Invalid));
            }
            let mut attributes = run.page.attributes;
            let flags = &mut attributes.flags;
            let order = RegionFlags::SEQUENTIAL | RegionFlags::RANDOM;
            match advice {
                Advice::Normal => flags.remove(order),
                Advice::Sequential => *flags = (*flags - order) | RegionFlags::SEQUENTIAL,
                Advice::Random => *flags = (*flags - order) | RegionFlags::RANDOM,
                Advice::DontFork => flags.insert(RegionFlags::DONT_FORK),
                Advice::DoFork => flags.remove(RegionFlags::DONT_FORK),
                Advice::WipeOnFork => flags.insert(RegionFlags::WIPE_ON_FORK),
                Advice::KeepOnFork => flags.remove(RegionFlags::WIPE_ON_FORK),
                Advice::DontDump => flags.insert(RegionFlags::DONT_DUMP),
                Advice::DoDump => flags.remove(RegionFlags::DONT_DUMP),
                Advice::HugePage => {
                    flags.remove(RegionFlags::NO_HUGE_PAGE);
                    flags.insert(RegionFlags::HUGE_PAGE);
                }
                Advice::NoHugePage => {
                    flags.remove(RegionFlags::HUGE_PAGE);
                    flags.insert(RegionFlags::NO_HUGE_PAGE);
                }
            }
            if attributes != run.page.attributes
                && let Err(error) = self.change(reached, part_end, attributes, false)
            {
                return (reached, Err(error));
            }
            reached = part_end;
        }
        (reached, result)
    }

    /// Changes those pages of one region that differ.
    fn change(
        &mut self,
        start: u64,
        end: u64,
        attributes: Attributes,
        is_access: bool,
    ) -> Result<(), RegionError> {
        let mut after = self.clone();
        let (mut data, mut committed) = (0, 0);
        for number in start..end {
            let before = self.at(number).expect("the pages are in a region");
            let mut page = Page { attributes, ..before };
            if is_access && !page.is_allowed() {
                return Err(RegionError::Forbidden);
            }
            page.committed |= page.commits();
            data += u64::from(page.is_data() && !before.is_data());
            committed += u64::from(page.committed && !before.committed);
            after.set(number, Some(page));
        }
        if data > 0 && after.usage().data_pages > self.limits.data_bytes / PAGE_BYTES {
            return Err(RegionError::DataLimit);
        }
        let (before, now) = (self.runs().len(), after.runs().len());
        if now > before && now > self.limits.regions {
            return Err(RegionError::TooManyRegions);
        }
        after.available = self.available.checked_sub(committed).ok_or(RegionError::CommitLimit)?;
        *self = after;
        Ok(())
    }

    /// Grows a stack to `page`. Returns the new pages.
    pub(crate) fn grow_stack(
        &mut self,
        page: u64,
        limit_bytes: u64,
    ) -> Result<Option<(u64, u64)>, RegionError> {
        let runs = self.runs();
        let above = runs.iter().find(|run| run.end > page).ok_or(RegionError::Unmapped)?;
        if above.start <= page {
            return Ok(None);
        }
        if !above.page.has(RegionFlags::GROWS_DOWN) {
            return Err(RegionError::Unmapped);
        }
        if page < LOWEST {
            return Err(RegionError::TooLow);
        }
        let nearest = (page.saturating_sub(GUARD)..page).rev().find_map(|number| self.at(number));
        if nearest.is_some_and(|nearest| {
            !nearest.has(RegionFlags::GROWS_DOWN) && !nearest.attributes.access.is_empty()
        }) {
            return Err(RegionError::GuardGap);
        }
        let mut after = self.clone();
        for number in page..above.start {
            after.set(number, Some(above.page));
        }
        let pages = self.limits.address_space_bytes / PAGE_BYTES;
        if after.usage().total_pages > pages {
            return Err(RegionError::AddressSpaceLimit);
        }
        if (above.end - page) * PAGE_BYTES > limit_bytes {
            return Err(RegionError::StackLimit);
        }
        self.become_if_allowed(after, false, above.page)?;
        Ok(Some((page, above.start)))
    }

    pub(crate) fn set_program_break(&mut self, end: u64) -> Outcome {
        let (start, old_end) = self.heap;
        if start == 0 || end < start {
            return Err(RegionError::TooLow);
        }
        if end - start + self.image_data_bytes > self.limits.data_bytes {
            return Err(RegionError::DataLimit);
        }
        let (new, old) = (end.div_ceil(PAGE_BYTES), old_end.div_ceil(PAGE_BYTES));
        if new > END {
            return Err(RegionError::OutOfBounds);
        }
        let removed = if new < old {
            self.unmap(new, old)?
        } else if new > old {
            // The next region, or its guard gap, leaves a page.
            if let Some(next) = self.runs().into_iter().find(|run| run.end > old) {
                let guard = if next.page.has(RegionFlags::GROWS_DOWN) { GUARD } else { 0 };
                if new + 1 > next.start.saturating_sub(guard) {
                    return Err(RegionError::Occupied);
                }
            }
            let attributes = Attributes {
                access: Access::READ | Access::WRITE,
                sharing: Sharing::Private,
                flags: RegionFlags::empty(),
            };
            let page = Page { attributes, committed: true, file: None };
            self.map(Run { start: old, end: new, page }, Overlap::Refused)?
        } else {
            Vec::new()
        };
        self.heap.1 = end;
        Ok(removed)
    }

    /// Returns the child's pages, and commits their memory.
    pub(crate) fn fork(&mut self) -> Result<Self, RegionError> {
        let mut child = self.clone();
        for page in &mut child.pages {
            page.take_if(|page| page.has(RegionFlags::DONT_FORK));
        }
        let committed = child.usage().committed_pages;
        self.available = self.available.checked_sub(committed).ok_or(RegionError::CommitLimit)?;
        Ok(child)
    }
}
