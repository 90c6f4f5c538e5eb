//! mremap(2), page by page.

use std::vec::Vec;

use super::{END, FILE_END, LOWEST, Model, Page, Run};
use crate::{
    PAGE_BYTES, RegionError, RegionFlags, RemapRequest, RemapSource, RemapTarget, Sharing,
};

/// The removed runs, the old range of moved pages, and the new range.
pub(crate) type Remapped = (Vec<Run>, Option<(u64, u64)>, (u64, u64));

impl Model {
    /// Changes the length of a range or moves it; the numbers of `request` are small and
    /// whole pages.
    pub(crate) fn remap(&mut self, request: &RemapRequest) -> Result<Remapped, RegionError> {
        let [start, old, new] =
            [request.start, request.old_len_bytes, request.new_len_bytes].map(|n| n / PAGE_BYTES);
        let keeps = request.source == RemapSource::Keep;
        if new == 0 || (keeps && (request.target == RemapTarget::InPlace || old != new)) {
            return Err(RegionError::Invalid);
        }
        let run = self.run_at(start).ok_or(RegionError::BadAddress)?;
        let target = match request.target {
            RemapTarget::At(address) => {
                let target = address / PAGE_BYTES;
                // As on Linux, even if the old length is 0, so that no page is in the
                // target.
                let overlaps = start < target + new && target < start + old;
                if overlaps || target + new > END {
                    return Err(RegionError::Invalid);
                }
                if target < LOWEST {
                    return Err(RegionError::TooLow);
                }
                target
            }
            RemapTarget::Anywhere { hint } if keeps => self.place(hint, new, 1)?,
            _ if new == old => return Ok((Vec::new(), None, (start, start + new))),
            _ if new < old => {
                let removed = self.unmap(start + new, start + old)?;
                return Ok((removed, None, (start, start + new)));
            }
            target => {
                check_resize(run, start, old, new, keeps)?;
                let is_free = (run.end..start + new).all(|n| n < END && self.at(n).is_none());
                if start + old == run.end && is_free {
                    let mut after = self.clone();
                    for number in run.end..start + new {
                        after.set(number, Some(run.page.nth(number - run.start)));
                    }
                    self.become_if_allowed(after, true, run.page)?;
                    return Ok((Vec::new(), None, (start, start + new)));
                }
                if target == RemapTarget::InPlace {
                    return Err(RegionError::NoGap);
                }
                self.place(0, new, 1)?
            }
        };
        check_resize(run, start, old, new, keeps)?;
        if self.runs().len() + 3 >= self.limits.regions {
            return Err(RegionError::TooManyRegions);
        }
        let first = run.page.nth(start - run.start);
        let mut removed = self.cut(target, target + new);
        removed.extend(self.cut(start + new, start + old));
        removed.sort_by_key(|run| run.start);
        let mut after = self.clone();
        for number in target..target + new {
            after.set(number, None);
        }
        if !keeps {
            (start..start + old).filter(|n| *n < END).for_each(|n| after.set(n, None));
        }
        for number in 0..new {
            after.set(target + number, Some(first.nth(number)));
        }
        self.become_if_allowed(after, new > old || keeps, first)?;
        let moved = old.min(new);
        let moved_from = (moved > 0).then_some((start, start + moved));
        Ok((removed, moved_from, (target, target + new)))
    }
}

fn check_resize(run: Run, start: u64, old: u64, new: u64, keeps: bool) -> Result<(), RegionError> {
    let page: Page = run.page;
    if old == 0 && page.attributes.sharing == Sharing::Private {
        return Err(RegionError::Invalid);
    }
    if keeps && page.has(RegionFlags::DONT_EXPAND) {
        return Err(RegionError::Invalid);
    }
    if old.min(new) > run.end - start {
        return Err(RegionError::BadAddress);
    }
    if new > old {
        if page.file.is_some_and(|(_, first)| first + (start - run.start) + new > FILE_END) {
            return Err(RegionError::OffsetOverflow);
        }
        if page.has(RegionFlags::DONT_EXPAND) {
            return Err(RegionError::NotExpandable);
        }
    }
    Ok(())
}
