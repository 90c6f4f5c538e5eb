//! Where a new mapping is placed.

use x86_64::VirtAddr;

use crate::range::{PAGE_BYTES, USER_END, whole_pages};
use crate::tree::{Link, RegionTree, Side};
use crate::{Backing, PageRange, RangeError, RegionError, Regions};

/// The addresses that a program may map, and where mappings are placed by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub(crate) lowest: u64,
    pub(crate) mmap_base: u64,
    pub(crate) end: u64,
}

impl Bounds {
    /// Makes bounds of three addresses:
    ///
    /// - `lowest`: nothing is mapped below it (Linux: vm.mmap_min_addr);
    /// - `mmap_base`: mappings without an address are placed below it, as high as they fit;
    /// - `end`: nothing is mapped from it on, at most [`USER_END`].
    ///
    /// # Errors
    /// [`RangeError::NotAligned`] if one isn't the start of a page,
    /// [`RangeError::OutOfBounds`] if they don't rise or the last is too large.
    pub fn try_new(lowest: u64, mmap_base: u64, end: u64) -> Result<Self, RangeError> {
        if !(lowest | mmap_base | end).is_multiple_of(PAGE_BYTES) {
            return Err(RangeError::NotAligned);
        }
        if lowest > mmap_base || mmap_base > end || end > USER_END {
            return Err(RangeError::OutOfBounds);
        }
        Ok(Self { lowest, mmap_base, end })
    }

    /// Checks that a program may map all of `range`.
    pub(crate) fn check(&self, range: PageRange) -> Result<(), RegionError> {
        if range.start < self.lowest {
            return Err(RegionError::TooLow);
        }
        if range.end > self.end {
            return Err(RegionError::OutOfBounds);
        }
        Ok(())
    }
}

/// From which end of the address space a gap is searched.
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
    /// A power of two that the start is to be a multiple of; at least a page is used.
    ///
    /// As on Linux, for more than a page the gap has to have room for the alignment besides
    /// the length, so one that happens to be aligned and just large enough isn't found.
    pub align_bytes: u64,
    /// The lowest address.
    pub low: VirtAddr,
    /// The address after the highest one.
    pub high: VirtAddr,
    /// Which gap is taken.
    pub order: Order,
}

impl<B: Backing> Regions<B> {
    /// Finds pages that are in no region and in no guard gap below a region that grows
    /// downwards. It takes O(log n) steps for n regions, whatever gaps there are.
    ///
    /// `low` and `high` are narrowed to the bounds of the address space. `None` if there is
    /// no such gap, or if the length is 0 or the alignment no power of two.
    pub fn find_gap(&self, request: &GapRequest) -> Option<PageRange> {
        let len = whole_pages(request.len_bytes).filter(|&len| len > 0)?;
        let align = request.align_bytes.max(PAGE_BYTES);
        if !align.is_power_of_two() {
            return None;
        }
        let low = whole_pages(request.low.as_u64())?.max(self.bounds.lowest);
        let high = (request.high.as_u64() & !(PAGE_BYTES - 1)).min(self.bounds.end);
        let room = len.checked_add(align - PAGE_BYTES)?;
        let root = self.tree.root();
        let start = match request.order {
            Order::TopDown => {
                let (_, gap_end) = self.tree.highest_gap(root, low, high, room)?;
                (gap_end - len) & !(align - 1)
            }
            Order::BottomUp => {
                let (gap_start, _) = self.tree.lowest_gap(root, low, high, room)?;
                gap_start.next_multiple_of(align)
            }
        };
        Some(PageRange::new(start, start + len))
    }

    /// Chooses the place of a mapping without MAP_FIXED, as Linux does on x86-64:
    ///
    /// 1. the page of `hint`, the address that the program passed, unless it is page 0; the
    ///    lowest page that may be mapped if that is higher; if all is free there;
    /// 2. the highest gap below the base of mappings;
    /// 3. the lowest gap of the address space.
    ///
    /// See mmap(2) for `addr`, and [`GapRequest`] for `align_bytes`, which the hint needn't
    /// satisfy.
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

impl<B> RegionTree<B> {
    /// Returns the start and the end of the highest gap of at least `len` bytes between
    /// `low` and `high`, within and around the subtree of `at`. `low` is at least the end of
    /// the region below the subtree, `high` at most the guarded start of the one above.
    fn highest_gap(&self, at: Option<Link>, low: u64, high: u64, len: u64) -> Option<(u64, u64)> {
        if !self.may_have_gap(at, low, high, len) {
            return None;
        }
        let Some(link) = at else { return Some((low, high)) };
        let node = self.node(link);
        let (start, end) = (node.region.guarded_start(), node.region.range.end);
        self.highest_gap(node.child(Side::Right), low.max(end), high, len)
            .or_else(|| self.highest_gap(node.child(Side::Left), low, high.min(start), len))
    }

    /// Returns the lowest gap where [`highest_gap`](Self::highest_gap) returns the highest.
    fn lowest_gap(&self, at: Option<Link>, low: u64, high: u64, len: u64) -> Option<(u64, u64)> {
        if !self.may_have_gap(at, low, high, len) {
            return None;
        }
        let Some(link) = at else { return Some((low, high)) };
        let node = self.node(link);
        let (start, end) = (node.region.guarded_start(), node.region.range.end);
        self.lowest_gap(node.child(Side::Left), low, high.min(start), len)
            .or_else(|| self.lowest_gap(node.child(Side::Right), low.max(end), high, len))
    }

    /// Returns whether a search in the subtree of `at` is worth it. It fails afterwards only
    /// where `low` or `high` cuts off a part of the subtree, which is so on two paths.
    fn may_have_gap(&self, at: Option<Link>, low: u64, high: u64, len: u64) -> bool {
        let fits = |start: u64, end: u64| end.saturating_sub(start) >= len;
        fits(low, high)
            && at.is_none_or(|link| {
                let span = self.node(link).span;
                span.largest_gap >= len || fits(low, span.start) || fits(span.end, high)
            })
    }
}
