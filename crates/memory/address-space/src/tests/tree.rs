//! The tree: its invariants, and how many nodes an operation visits.

use std::rc::Rc;
use std::vec::Vec;

use super::notation::region;
use super::*;
use crate::region::Region;
use crate::tree::{Link, RegionTree, Side, Span};
use crate::{Bounds, Overlap, USER_END, Usage};

impl<B> RegionTree<B> {
    /// Asserts the tree's invariants for a subtree, and returns its height and span.
    fn assert_subtree(&self, at: Option<Link>) -> (u8, Option<Span>) {
        let Some(link) = at else { return (0, None) };
        let node = self.node(link);
        let (left_height, left) = self.assert_subtree(node.child(Side::Left));
        let (right_height, right) = self.assert_subtree(node.child(Side::Right));
        assert!(left_height.abs_diff(right_height) <= 1, "not balanced");
        let mut span = Span {
            start: node.region.range.start,
            guarded_start: node.region.guarded_start(),
            end: node.region.range.end,
            largest_gap: 0,
        };
        if let Some(left) = left {
            assert!(left.end <= span.start, "not sorted");
            let gap = span.guarded_start.saturating_sub(left.end);
            span.largest_gap = gap.max(left.largest_gap);
            (span.start, span.guarded_start) = (left.start, left.guarded_start);
        }
        if let Some(right) = right {
            let gap = right.guarded_start.saturating_sub(span.end);
            span.largest_gap = span.largest_gap.max(gap).max(right.largest_gap);
            span.end = right.end;
        }
        assert_eq!(node.span, span);
        (1 + left_height.max(right_height), Some(span))
    }
}

impl<B: crate::Backing> Regions<B> {
    /// Asserts that the tree is valid, that the regions are merged, and that they are
    /// counted.
    pub(super) fn assert_consistent(&self) {
        self.tree.assert_subtree(self.tree.root());
        let (listed, free) = self.tree.free_slots();
        assert_eq!(listed, free, "slots were lost");
        let all: Vec<&Region<B>> = self.iter().collect();
        assert_eq!(all.len(), self.len());
        for pair in all.windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start, "regions overlap");
            assert!(!pair[0].joins(pair[1]), "regions aren't merged");
        }
        let count = |usage: Usage, region: &&Region<B>| usage.plus(Usage::of_region(region));
        assert_eq!(all.iter().fold(Usage::default(), count), self.usage());
    }
}

/// A generator of random numbers (G. Marsaglia, Xorshift RNGs, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

const REGIONS: u64 = 10_000;

/// Returns 10,000 regions of one page, with gaps of `gap` pages between them.
fn many(gap: u64) -> Regions<TestBacking> {
    let live = Rc::new(());
    let end = 16 + (REGIONS + 1) * (1 + gap);
    let bounds = Bounds::try_new(0x1_0000, end * PAGE_BYTES, USER_END).expect("they rise");
    let mut regions = Regions::new(bounds);
    for index in 0..REGIONS {
        let start = 16 + (index + 1) * (1 + gap) - 1;
        let range = pages(start, start + 1);
        let new = Region { range, ..region("16-17 rw", &live) };
        let limits = Limits::UNLIMITED;
        assert!(regions.map(new, Overlap::Refused, &limits, |_| true).is_ok());
    }
    assert_eq!(regions.len() as u64, REGIONS);
    regions.assert_consistent();
    regions
}

/// Returns the largest height of an AVL tree of `len` nodes.
fn height_max(len: usize) -> u64 {
    // 1.44 · log2(len + 2).
    u64::from((len + 2).ilog2() + 1) * 144 / 100
}

/// Returns how many nodes `operation` visited.
fn visits<R>(
    regions: &mut Regions<TestBacking>,
    operation: impl FnOnce(&mut Regions<TestBacking>) -> R,
) -> (u64, R) {
    regions.tree.visits.set(0);
    let result = operation(regions);
    (regions.tree.visits.get(), result)
}

#[test]
fn search_for_a_gap_follows_one_path() {
    let mut regions = many(1);
    let height = height_max(regions.len());
    // No gap between the regions is large enough; only the space above them is.
    for count in [1, 2, 100, 1 << 30] {
        let (visits, placed) =
            visits(&mut regions, |regions| regions.place(0, count * PAGE_BYTES, PAGE_BYTES));
        assert!(placed.is_ok());
        // Each node is visited twice, once for the span of its subtree. A window has two
        // ends, and there are two searches.
        assert!(visits <= 8 * height, "{visits} visits for {count} pages");
    }
    // One large gap, in the middle.
    let middle = 16 + 2 * (REGIONS / 2);
    assert!(regions.unmap(pages(middle, middle + 9), &Limits::UNLIMITED).is_ok());
    for low in [16, middle - 20, middle - 1] {
        for high in [middle + 11, middle + 100, 16 + 2 * REGIONS] {
            for order in [crate::Order::TopDown, crate::Order::BottomUp] {
                let (low, high) = (addr(low), addr(high));
                let (len_bytes, align_bytes) = (5 * PAGE_BYTES, PAGE_BYTES);
                let request = crate::GapRequest { len_bytes, align_bytes, low, high, order };
                let (visits, found) = visits(&mut regions, |regions| regions.find_gap(&request));
                assert!(found.is_some_and(
                    |found| pages(middle - 1, middle + 12).intersection(found) == Some(found)
                ));
                assert!(visits <= 8 * height, "{visits} visits");
            }
        }
    }
}

#[test]
fn search_for_a_gap_skips_what_is_outside_of_its_window() {
    let mut regions = many(3);
    let height = height_max(regions.len());
    // A hundred pages without a gap, among gaps that are all large enough.
    let start = 16 + 2 * REGIONS;
    let full = Region { range: pages(start, start + 100), ..region("16-17 r", &Rc::new(())) };
    let replaced = regions.map(full, Overlap::Replaced, &Limits::UNLIMITED, no_commit);
    assert!(replaced.is_ok());
    for order in [crate::Order::TopDown, crate::Order::BottomUp] {
        let (low, high) = (addr(start), addr(start + 100));
        let (len_bytes, align_bytes) = (2 * PAGE_BYTES, PAGE_BYTES);
        let request = crate::GapRequest { len_bytes, align_bytes, low, high, order };
        let (visits, found) = visits(&mut regions, |regions| regions.find_gap(&request));
        assert_eq!(found, None);
        assert!(visits <= 8 * height, "{visits} visits");
    }
}

#[test]
fn mmap_and_munmap_stay_cheap_among_many_regions() {
    let live = Rc::new(());
    let mut regions = many(3);
    let height = height_max(regions.len());
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let mut most = 0;
    for _ in 0..2000 {
        let count = 1 + random.below(6);
        let limits = Limits::UNLIMITED;
        let (map_visits, range) = visits(&mut regions, |regions| {
            let range = regions.place(0, count * PAGE_BYTES, PAGE_BYTES).expect("there is room");
            let new = Region { range, ..region("16-17 r", &live) };
            let removed = regions.map(new, Overlap::Refused, &limits, no_commit);
            assert!(removed.is_ok_and(|removed| removed.regions.is_empty()));
            range
        });
        let (unmap_visits, removed) = visits(&mut regions, |regions| regions.unmap(range, &limits));
        assert!(removed.is_ok_and(|removed| removed.regions.len() == 1));
        most = most.max(map_visits + unmap_visits);
        // Some pages are unmapped, so that gaps differ.
        let page = 16 + random.below(4 * REGIONS);
        assert!(regions.unmap(pages(page, page + 1), &limits).is_ok());
    }
    std::println!("at most {most} visits for a pair among {} regions", regions.len());
    assert!(most <= 50 * height, "{most} visits of nodes at a height of {height}");
    regions.assert_consistent();
}

#[test]
fn find_looks_at_one_path() {
    let mut regions = many(2);
    let height = height_max(regions.len());
    for page in (0..3 * REGIONS + 30).step_by(97) {
        let (visits, _) = visits(&mut regions, |regions| regions.find(addr(page)).is_some());
        assert!(visits <= height, "{visits} visits");
    }
    let (visits, count) = visits(&mut regions, |regions| regions.iter().count());
    assert!(visits <= 3 * count as u64, "{visits} visits for {count} regions");
}

#[test]
fn tree_stays_balanced_in_every_order() {
    let live = Rc::new(());
    let mut random = Random(88172645463325252);
    for order in 0..3 {
        let mut regions: Regions<TestBacking> = Regions::new(BOUNDS);
        let mut left: Vec<u64> = (0..500).map(|index| 20 + 2 * index).collect();
        let mut pick = |left: &mut Vec<u64>| match order {
            0 => left.pop().expect("there is one"),
            1 => left.remove(0),
            _ => left.swap_remove(random.below(left.len() as u64) as usize),
        };
        let mut there = Vec::new();
        while !left.is_empty() {
            let page = pick(&mut left);
            let new = Region { range: pages(page, page + 1), ..region("16-17 r", &live) };
            let removed = regions.map(new, Overlap::Refused, &Limits::UNLIMITED, no_commit);
            assert!(removed.is_ok());
            there.push(page);
            regions.assert_consistent();
        }
        while !there.is_empty() {
            let page = pick(&mut there);
            let removed = regions.unmap(pages(page, page + 1), &Limits::UNLIMITED);
            assert!(removed.is_ok_and(|removed| removed.regions.len() == 1));
            regions.assert_consistent();
        }
    }
    assert_eq!(Rc::strong_count(&live), 1);
}
