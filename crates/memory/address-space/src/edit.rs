//! The steps of which operations on regions consist: survey, split, merge, take, change.

use alloc::vec::Vec;

use crate::{Attributes, Backing, PageRange, Region, RegionError, Regions, Usage};

/// The contents of a range.
#[derive(Clone, Copy, Default)]
pub(crate) struct Survey {
    /// The number of regions that have a page in the range.
    pub(crate) regions: usize,
    /// The pages of these regions in the range.
    pub(crate) usage: Usage,
    /// Whether the range is within one region, with other pages of it on both sides.
    pub(crate) splits_one: bool,
}

impl<B> Regions<B> {
    /// Returns the contents of `range`.
    pub(crate) fn survey(&self, range: PageRange) -> Survey {
        let mut survey = Survey::default();
        // Mostly there is one region, or none.
        match self.tree.first_above(range.start) {
            Some(first) if first.range.end < range.end => {
                self.iter_range(range).for_each(|region| survey.add(region, range));
            }
            Some(first) => survey.add(first, range),
            None => {}
        }
        survey
    }
}

impl Survey {
    /// Adds the part of `region` that is in `range`, if there is one.
    fn add<B>(&mut self, region: &Region<B>, range: PageRange) {
        let Some(part) = region.range.intersection(range) else { return };
        let usage = Usage::of(&region.attributes, region.committed, part.pages());
        self.regions += 1;
        self.usage = self.usage.plus(usage);
        self.splits_one |= region.range.start < range.start && range.end < region.range.end;
    }
}

/// Changes that can't fail: the caller has checked them, and reserved the nodes that they
/// need.
impl<B: Backing> Regions<B> {
    /// Splits the region that has bytes on both sides of `at`, if there is one. Needs one
    /// node.
    pub(crate) fn split(&mut self, at: u64) {
        let Some(start) = self.tree.containing(at).map(|region| region.range.start) else {
            return;
        };
        if start < at {
            let mut upper = None;
            self.tree.update(start, |region| upper = Some(region.split_off(at)));
            self.tree.insert(upper.expect("the closure ran"));
        }
    }

    /// Merges the regions that touch at `at`, if they are alike.
    pub(crate) fn merge(&mut self, at: u64) {
        let Some(upper) = self.tree.first_above(at).filter(|it| it.range.start == at) else {
            return;
        };
        let Some(lower) = self.tree.last_below(at).filter(|it| it.joins(upper)) else { return };
        let (start, end) = (lower.range.start, upper.range.end);
        self.tree.remove(at);
        self.tree.update(start, |region| region.range.end = end);
    }

    /// Adds a region to unused addresses, and merges it with its neighbours. Needs one node.
    pub(crate) fn add(&mut self, region: Region<B>) {
        let PageRange { start, end } = region.range;
        self.usage = self.usage.plus(Usage::of_region(&region));
        self.tree.insert(region);
        self.merge_around(PageRange::new(start, end));
    }

    /// Merges the region `range` with its neighbours, if they are alike.
    fn merge_around(&mut self, range: PageRange) {
        // One search finds all three; mostly nothing is merged.
        let mut near = self.tree.between(range.start.saturating_sub(1), range.end + 1).peekable();
        let mut joins = [false; 2];
        while let Some(lower) = near.next()
            && let Some(upper) = near.peek()
        {
            joins[usize::from(lower.range.start == range.start)] = lower.joins(upper);
        }
        let [joins_lower, joins_upper] = joins;
        if joins_upper {
            self.merge(range.end);
        }
        if joins_lower {
            self.merge(range.start);
        }
    }

    /// Removes the pages of `range` from their regions, in order. Needs two nodes, and room
    /// in `removed`.
    pub(crate) fn take(&mut self, range: PageRange, removed: &mut Vec<Region<B>>) {
        while let Some(first) = self.tree.first_above(range.start)
            && first.range.start < range.end
        {
            let PageRange { start, end } = first.range;
            if start < range.start || range.end < end {
                // The part inside is the next one.
                self.split(range.start);
                self.split(range.end);
                continue;
            }
            debug_assert!(removed.len() < removed.capacity(), "memory was reserved");
            removed.push(self.remove(start));
            if end >= range.end {
                break;
            }
        }
    }

    /// Removes the pages of `range`, which are in one region. Needs two nodes.
    pub(crate) fn take_one(&mut self, range: PageRange) -> Region<B> {
        self.split(range.start);
        self.split(range.end);
        self.remove(range.start)
    }

    /// Removes the region that begins at `start`.
    fn remove(&mut self, start: u64) -> Region<B> {
        let region = self.tree.remove(start).expect("a region begins there");
        self.usage = self.usage.minus(Usage::of_region(&region));
        region
    }

    /// Changes the attributes of the pages of `part`, which is within one region. Needs two
    /// nodes.
    pub(crate) fn change(&mut self, part: PageRange, attributes: Attributes, committed: bool) {
        self.split(part.start);
        self.split(part.end);
        self.change_region(part, attributes, committed);
    }

    /// Changes the attributes of a region. Needs no node.
    pub(crate) fn change_region(
        &mut self,
        part: PageRange,
        attributes: Attributes,
        committed: bool,
    ) {
        let mut before = Usage::default();
        self.tree.update(part.start, |region| {
            before = Usage::of_region(region);
            region.attributes = attributes;
            region.committed = committed;
        });
        let after = Usage::of(&attributes, committed, part.pages());
        self.usage = self.usage.minus(before).plus(after);
        self.merge_around(part);
    }

    /// Reserves the nodes that [`change`](Self::change) needs. If it splits a region, checks
    /// that one or two more regions are allowed.
    ///
    /// # Errors
    /// [`RegionError::TooManyRegions`], [`RegionError::NoMemory`].
    pub(crate) fn prepare_change(
        &mut self,
        part: PageRange,
        attributes: Attributes,
        committed: bool,
        regions_max: usize,
    ) -> Result<(), RegionError> {
        let region = self.tree.containing(part.start).ok_or(RegionError::Unmapped)?;
        let is_first = region.range.start == part.start;
        let is_last = region.range.end == part.end;
        let more = usize::from(!is_first) + usize::from(!is_last);
        if more > 0 && self.len() + more > regions_max {
            // A part that is merged with a neighbour moves a boundary, and adds no region.
            let lower = self.tree.last_below(part.start).filter(|_| is_first);
            let upper = self.tree.first_above(part.end).filter(|_| is_last);
            let as_changed = Region {
                range: part,
                attributes,
                committed,
                backing: region.backing.advanced_by(part.start - region.range.start),
            };
            if !lower.is_some_and(|lower| lower.joins(&as_changed))
                && !upper.is_some_and(|upper| as_changed.joins(upper))
            {
                return Err(RegionError::TooManyRegions);
            }
        }
        self.tree.try_reserve(2)
    }
}

/// Reserves room for `count` regions that are removed.
pub(crate) fn reserve_removed<B>(count: usize) -> Result<Vec<Region<B>>, RegionError> {
    let mut regions = Vec::new();
    regions.try_reserve_exact(count).map_err(|_| RegionError::NoMemory)?;
    Ok(regions)
}
