//! Gaps, found page by page.

use std::vec::Vec;

use super::{BASE, END, GUARD, LOWEST, Model};
use crate::{Order, PAGE_BYTES, RegionError, RegionFlags};

impl Model {
    /// Returns for each page whether it is neither mapped nor in a guard gap.
    fn free(&self) -> Vec<bool> {
        let mut free: Vec<bool> = self.pages.iter().map(|page| page.is_none()).collect();
        for run in self.runs() {
            if !run.page.has(RegionFlags::GROWS_DOWN) {
                continue;
            }
            for page in (run.start.saturating_sub(GUARD)..run.start).rev() {
                if self.at(page).is_some() {
                    break;
                }
                free[page as usize] = false;
            }
        }
        free
    }

    /// Returns the start of `count` free pages from `low` up to `high`.
    pub(crate) fn find_gap(
        &self,
        count: u64,
        align: u64,
        (low, high): (u64, u64),
        order: Order,
    ) -> Option<u64> {
        let free = self.free();
        let (low, high) = (low.max(LOWEST), high.min(END));
        let mut gaps: Vec<(u64, u64)> = Vec::new();
        for page in (low..high).filter(|page| free[*page as usize]) {
            match gaps.last_mut() {
                Some(gap) if gap.1 == page => gap.1 += 1,
                _ => gaps.push((page, page + 1)),
            }
        }
        gaps.retain(|(start, end)| end - start >= count + align - 1);
        Some(match order {
            Order::TopDown => (gaps.last()?.1 - count) / align * align,
            Order::BottomUp => gaps.first()?.0.next_multiple_of(align),
        })
    }

    /// Returns the place of a mapping without MAP_FIXED.
    pub(crate) fn place(&self, hint: u64, count: u64, align: u64) -> Result<u64, RegionError> {
        let page = hint / PAGE_BYTES;
        if page != 0 {
            let page = page.max(LOWEST);
            let free = self.free();
            let is_free = |page: u64| free.get(page as usize).is_some_and(|free| *free);
            if page < END && (page..page + count).all(is_free) {
                return Ok(page);
            }
        }
        self.find_gap(count, align, (LOWEST, BASE), Order::TopDown)
            .or_else(|| self.find_gap(count, align, (LOWEST, END), Order::BottomUp))
            .ok_or(RegionError::NoGap)
    }
}
