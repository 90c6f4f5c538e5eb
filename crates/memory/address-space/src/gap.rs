//! The choice of the place of a new mapping.

use x86_64::VirtAddr;

use crate::range::{PAGE_BYTES, whole_pages};
use crate::tree::{Link, RegionTree, Side};
use crate::{Backing, PageRange, RegionError, Regions};

/// The end of the address space at which the search for a gap begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The highest gap that is large enough, and its highest addresses.
    TopDown,
    /// The lowest gap that is large enough, and its lowest addresses.
    BottomUp,
}

/// A search for a gap.
#[derive(Clone, Copy, Debug)]
pub struct GapRequest {
    /// The length in bytes, rounded up to whole pages.
    pub len_bytes: u64,
    /// The alignment of the start, a power of two; at least a page is used.
    ///
    /// As on Linux, the gap needs room for the length and for the largest distance to an
    /// aligned address. A gap of just the length isn't found, even if it is aligned.
    pub align_bytes: u64,
    /// The lowest address.
    pub low: VirtAddr,
    /// The address after the highest one.
    pub high: VirtAddr,
    /// Which gap is chosen.
    pub order: Order,
}

impl<B: Backing> Regions<B> {
    /// Finds free pages: pages that are in no region, and not in the guard gap below a region
    /// that grows downwards. It takes O(log n) steps for n regions.
    ///
    /// `low` and `high` are narrowed to the bounds of the address space. Returns `None` if
    /// there is no such gap, the length is 0, or the alignment is no power of two.
    pub fn find_gap(&self, request: &GapRequest) -> Option<PageRange> {
        let len = whole_pages(request.len_bytes).filter(|&len| len > 0)?;
        let align = request.align_bytes.max(PAGE_BYTES);
        if !align.is_power_of_two() {
            return None;
        }
        let low = whole_pages(request.low.as_u64())?.max(self.bounds.lowest);
        let high = (request.high.as_u64() & !(PAGE_BYTES - 1)).min(self.bounds.end);
        let room = len.checked_add(align - PAGE_BYTES)?;
        let search = Search { low, high, len: room };
        let (gap_start, gap_end) =
            self.tree.gap(self.tree.root(), (0, u64::MAX), &search, request.order)?;
        let start = match request.order {
            Order::TopDown => (gap_end - len) & !(align - 1),
            Order::BottomUp => gap_start.next_multiple_of(align),
        };
        Some(PageRange::new(start, start + len))
    }

    /// Chooses the place of a mapping without MAP_FIXED, as Linux does on x86-64:
    ///
    /// 1. at `hint`, the address that the program passed, rounded down to a page and raised to
    ///    the lowest page that may be mapped, if all pages there are free. an address in page
    ///    0 is no hint;
    /// 2. in the highest gap below the base of mappings;
    /// 3. in the lowest gap of the address space.
    ///
    /// See [`GapRequest`] for `align_bytes`. A place at the hint needn't be aligned.
    /// Source: mmap(2), `addr`.
    ///
    /// # Errors
    /// [`RegionError::NoGap`]; [`RegionError::Invalid`] if the length is 0.
    pub fn place(
        &self,
        hint: u64,
        len_bytes: u64,
        align_bytes: u64,
    ) -> Result<PageRange, RegionError> {
        if len_bytes == 0 {
            return Err(RegionError::Invalid);
        }
        if let Some(range) = self.place_at_hint(hint, len_bytes) {
            return Ok(range);
        }
        let request = |high, order| {
            let (low, high) = (VirtAddr::new(self.bounds.lowest), VirtAddr::new(high));
            GapRequest { len_bytes, align_bytes, low, high, order }
        };
        self.find_gap(&request(self.bounds.mmap_base, Order::TopDown))
            .or_else(|| self.find_gap(&request(self.bounds.end, Order::BottomUp)))
            .ok_or(RegionError::NoGap)
    }

    fn place_at_hint(&self, hint: u64, len_bytes: u64) -> Option<PageRange> {
        let page = hint & !(PAGE_BYTES - 1);
        if page == 0 {
            return None;
        }
        let range = PageRange::try_new(page.max(self.bounds.lowest), len_bytes).ok()?;
        self.bounds.check(range).ok()?;
        let next = self.tree.first_above(range.start);
        next.is_none_or(|next| range.end <= next.guarded_start()).then_some(range)
    }
}

/// A search for a gap in the tree.
#[derive(Clone, Copy)]
struct Search {
    /// The lowest address of the gap.
    low: u64,
    /// The address after the highest one.
    high: u64,
    /// The smallest length of the gap, in bytes.
    len: u64,
}

impl Search {
    /// Returns the part of a gap between `low` and `high`, if it is long enough.
    fn part(&self, start: u64, end: u64) -> Option<(u64, u64)> {
        let (start, end) = (start.max(self.low), end.min(self.high));
        (end.saturating_sub(start) >= self.len).then_some((start, end))
    }
}

impl<B> RegionTree<B> {
    /// Returns the first gap in `order` that is long enough, of those between the regions of
    /// the subtree of `at`, below the lowest and above the highest.
    ///
    /// `start` is the end of the next region below the subtree, and `end` the guarded start
    /// of the next one above it.
    fn gap(
        &self,
        mut at: Option<Link>,
        (mut start, mut end): (u64, u64),
        search: &Search,
        order: Order,
    ) -> Option<(u64, u64)> {
        while let Some(link) = at {
            let node = self.node(link);
            // If one of these holds and the subtree is between `low` and `high`, it has such a
            // gap. All other subtrees are on the two paths to `low` and `high`.
            let span = &node.span;
            let is_between = span.largest_gap >= search.len;
            if !(is_between && search.part(span.start, span.end).is_some())
                && search.part(start, span.guarded_start).is_none()
                && search.part(span.end, end).is_none()
            {
                return None;
            }
            let (below, above) = (node.region.guarded_start(), node.region.range.end);
            let first = match order {
                Order::TopDown => self.gap(node.child(Side::Right), (above, end), search, order),
                Order::BottomUp => self.gap(node.child(Side::Left), (start, below), search, order),
            };
            if first.is_some() {
                return first;
            }
            match order {
                Order::TopDown => (at, end) = (node.child(Side::Left), below),
                Order::BottomUp => (at, start) = (node.child(Side::Right), above),
            }
        }
        search.part(start, end)
    }
}
