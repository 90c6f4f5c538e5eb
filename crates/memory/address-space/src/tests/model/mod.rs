//! The model with which the regions are compared: an address space as an array of pages.

mod change;
mod place;
mod remap;

use std::vec::Vec;

use super::backing::TestBacking;
use super::page_of;
use crate::{Attributes, Limits, PAGE_BYTES, Region, RegionError, RegionFlags, Sharing, Usage};

/// The lowest page, the page that mappings are placed below, and the page after the last:
/// those of the notation's bounds.
pub(super) const LOWEST: u64 = 16;
pub(super) const BASE: u64 = 1000;
pub(super) const END: u64 = 1200;
/// The pages of a guard gap.
pub(super) const GUARD: u64 = 256;
/// The page after the last one of any file.
pub(super) const FILE_END: u64 = super::backing::OFFSET_MAX / PAGE_BYTES;

/// A page that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) attributes: Attributes,
    pub(super) committed: bool,
    /// The file, and the page of it.
    pub(super) file: Option<(u32, u64)>,
}

impl Page {
    fn nth(self, pages: u64) -> Self {
        Self { file: self.file.map(|(file, page)| (file, page + pages)), ..self }
    }

    pub(super) fn is_private_anonymous(&self) -> bool {
        self.file.is_none() && self.attributes.sharing == Sharing::Private
    }

    pub(super) fn is_writable(&self) -> bool {
        self.attributes.access.contains(crate::Access::WRITE)
    }

    pub(super) fn has(&self, flag: RegionFlags) -> bool {
        self.attributes.flags.contains(flag)
    }

    /// Returns whether the file allows the access.
    pub(super) fn is_allowed(&self) -> bool {
        let is_read_only = self.file.is_some_and(|(file, _)| file % 2 == 1);
        !(is_read_only && self.attributes.sharing == Sharing::Shared && self.is_writable())
    }

    pub(super) fn commits(&self) -> bool {
        self.is_writable()
            && self.attributes.sharing == Sharing::Private
            && !self.has(RegionFlags::NO_RESERVE)
    }

    pub(super) fn is_data(&self) -> bool {
        self.is_writable()
            && self.attributes.sharing == Sharing::Private
            && !self.has(RegionFlags::GROWS_DOWN)
    }
}

/// The pages of one region; `start` is the number of the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) page: Page,
}

impl Run {
    /// Returns the pages that are in `start..end` as well.
    fn cut(self, start: u64, end: u64) -> Option<Self> {
        let (first, end) = (self.start.max(start), self.end.min(end));
        let page = self.page.nth(first - self.start);
        (first < end).then_some(Self { start: first, end, page })
    }

    /// Converts a region of the tree.
    pub(super) fn of(region: &Region<TestBacking>) -> Self {
        let (start, end) = (page_of(region.range.start()), page_of(region.range.end()));
        let (attributes, committed) = (region.attributes, region.committed);
        Self { start, end, page: Page { attributes, committed, file: region.backing.file_page() } }
    }
}

/// The result of an operation of the model: the removed runs.
pub(super) type Outcome = Result<Vec<Run>, RegionError>;

#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) pages: Vec<Option<Page>>,
    /// The first byte of the heap, and the one after its last.
    pub(super) heap: (u64, u64),
    pub(super) image_data_bytes: u64,
    /// The pages that may still be committed.
    pub(super) available: u64,
    pub(super) limits: Limits,
}

impl Model {
    pub(super) fn new(limits: Limits, available: u64) -> Self {
        let pages = (0..END).map(|_| None).collect();
        Self { pages, heap: (0, 0), image_data_bytes: 0, available, limits }
    }

    pub(super) fn at(&self, page: u64) -> Option<Page> {
        self.pages.get(page as usize).copied().flatten()
    }

    pub(super) fn set(&mut self, page: u64, value: Option<Page>) {
        self.pages[page as usize] = value;
    }

    /// Returns the regions: the longest runs of pages that continue each other.
    pub(super) fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (number, page) in (0..).zip(&self.pages) {
            let Some(page) = *page else { continue };
            match runs.last_mut() {
                Some(last) if last.end == number && last.page.nth(number - last.start) == page => {
                    last.end += 1;
                }
                _ => runs.push(Run { start: number, end: number + 1, page }),
            }
        }
        runs
    }

    pub(super) fn run_at(&self, page: u64) -> Option<Run> {
        self.runs().into_iter().find(|run| (run.start..run.end).contains(&page))
    }

    /// Returns the parts of regions in `start..end`.
    pub(super) fn cut(&self, start: u64, end: u64) -> Vec<Run> {
        self.runs().into_iter().filter_map(|run| run.cut(start, end)).collect()
    }

    /// Returns whether `start..end` is within a region that has pages on both sides.
    pub(super) fn splits_one(&self, start: u64, end: u64) -> bool {
        self.runs().iter().any(|run| run.start < start && end < run.end)
    }

    pub(super) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for page in self.pages.iter().flatten() {
            let access = page.attributes.access;
            let is_stack = page.has(RegionFlags::GROWS_DOWN);
            let is_code =
                access.contains(crate::Access::EXECUTE) && !page.is_writable() && !is_stack;
            usage.total_pages += 1;
            usage.data_pages += u64::from(page.is_data());
            usage.stack_pages += u64::from(is_stack);
            usage.code_pages += u64::from(is_code);
            usage.committed_pages += u64::from(page.committed);
        }
        usage
    }

    /// Replaces `self`, if the limits and the memory allow its pages. `grows` says whether
    /// the limits are checked, and `page` is the kind of page that is added.
    fn become_if_allowed(
        &mut self,
        mut after: Self,
        grows: bool,
        page: Page,
    ) -> Result<(), RegionError> {
        let (before, now) = (self.usage(), after.usage());
        if grows {
            if now.total_pages > self.limits.address_space_bytes / PAGE_BYTES {
                return Err(RegionError::AddressSpaceLimit);
            }
            if page.is_data() && now.data_pages > self.limits.data_bytes / PAGE_BYTES {
                return Err(RegionError::DataLimit);
            }
        }
        let available = self.available + before.committed_pages;
        match available.checked_sub(now.committed_pages) {
            Some(left) => after.available = left,
            // There may be more committed pages than the limit allows, but not more than
            // before.
            None if now.committed_pages <= before.committed_pages => unreachable!("it was less"),
            None => return Err(RegionError::CommitLimit),
        }
        *self = after;
        Ok(())
    }
}
