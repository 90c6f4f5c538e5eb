//! Regions that become shorter or longer, or move: mremap(2).

use crate::edit::reserve_removed;
use crate::range::{PAGE_BYTES, whole_pages};
use crate::{
    Backing, Limits, PageRange, Region, RegionError, RegionFlags, Regions, Removed, Sharing, Usage,
};

/// The places to which the pages may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemapTarget {
    /// No other place: without MREMAP_MAYMOVE.
    InPlace,
    /// Any gap, if they can't stay: MREMAP_MAYMOVE.
    Anywhere {
        /// As in [`Regions::place`], but only for [`RemapSource::Keep`]; 0 for no hint.
        hint: u64,
    },
    /// This address, where they replace other regions: MREMAP_FIXED.
    At(u64),
}

/// The treatment of the addresses from which pages are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemapSource {
    /// They are unmapped.
    Unmap,
    /// They stay mapped, without pages: MREMAP_DONTUNMAP.
    Keep,
}

/// The arguments of mremap(2), as a program passes them.
#[derive(Clone, Copy, Debug)]
pub struct RemapRequest {
    /// The address of the first page.
    pub start: u64,
    /// The old length in bytes; 0 to map the pages of a shared region a second time.
    pub old_len_bytes: u64,
    /// The new length in bytes.
    pub new_len_bytes: u64,
    /// The places to which the pages may be moved.
    pub target: RemapTarget,
    /// The treatment of their old addresses.
    pub source: RemapSource,
}

/// The result of mremap(2). The caller unmaps the pages of `removed`, then moves those of
/// `moved_from`.
#[derive(Clone, Debug)]
#[must_use = "pages have to be unmapped and moved"]
pub struct Remapped<B> {
    /// The removed regions: the end of a region that became shorter, and regions at the
    /// target.
    pub removed: Removed<B>,
    /// The pages that have to be moved to the start of `range`, if any.
    pub moved_from: Option<PageRange>,
    /// The new range of the pages; mremap(2) returns its start.
    pub range: PageRange,
}

/// Checked arguments: whole pages, and lengths in bytes.
#[derive(Clone, Copy)]
struct Lengths {
    start: u64,
    old: u64,
    new: u64,
}

impl Lengths {
    /// Returns the pages that are cut off, if the new length is less.
    fn tail(self) -> Result<Option<PageRange>, RegionError> {
        if self.new >= self.old {
            return Ok(None);
        }
        let end = self.start.checked_add(self.old).ok_or(RegionError::Invalid)?;
        let tail = PageRange::try_new(self.start + self.new, end - self.start - self.new);
        tail.map(Some).map_err(|_| RegionError::Invalid)
    }
}

impl<B: Backing> Regions<B> {
    /// Changes the length of a range of pages, or moves it: mremap(2).
    ///
    /// - If the new length is shorter, the pages above it are unmapped, which may be in several
    ///   regions. With MREMAP_FIXED the other pages are moved.
    /// - If it is longer, the range is the end of its region and the addresses above it are
    ///   free, the region is extended, even into a guard gap. Otherwise the pages are moved.
    /// - If the old length is 0, the pages of a shared region are mapped a second time.
    ///
    /// `commit` is as for [`map`](Self::map). The program break doesn't change. Linux unmaps the
    /// target of MREMAP_FIXED before later checks fail; here a failed call unmaps nothing.
    ///
    /// # Errors
    /// Nothing has changed then:
    /// - [`Invalid`](RegionError::Invalid): an address isn't the start of a page, the new
    ///   length is 0, source and target overlap, MREMAP_DONTUNMAP without MREMAP_MAYMOVE or
    ///   with two lengths, an old length of 0 for a private region, or a target or an end
    ///   above a program's addresses;
    /// - [`BadAddress`](RegionError::BadAddress), if the range isn't within one region;
    /// - [`NotExpandable`](RegionError::NotExpandable),
    ///   [`OffsetOverflow`](RegionError::OffsetOverflow);
    /// - [`NoGap`](RegionError::NoGap), [`TooLow`](RegionError::TooLow),
    ///   [`AddressSpaceLimit`](RegionError::AddressSpaceLimit),
    ///   [`DataLimit`](RegionError::DataLimit), [`NoMemory`](RegionError::NoMemory),
    ///   [`CommitLimit`](RegionError::CommitLimit);
    /// - [`TooManyRegions`](RegionError::TooManyRegions); as on Linux, for a move if three
    ///   more regions would reach the limit.
    pub fn remap(
        &mut self,
        request: &RemapRequest,
        limits: &Limits,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<Remapped<B>, RegionError> {
        let (old, new) = (whole_pages(request.old_len_bytes), whole_pages(request.new_len_bytes));
        let (Some(old), Some(new)) = (old, new.filter(|&new| new > 0)) else {
            return Err(RegionError::Invalid);
        };
        let lengths = Lengths { start: request.start, old, new };
        if !lengths.start.is_multiple_of(PAGE_BYTES) {
            return Err(RegionError::Invalid);
        }
        let keeps = request.source == RemapSource::Keep;
        if keeps && (request.target == RemapTarget::InPlace || old != new) {
            return Err(RegionError::Invalid);
        }
        let region = self.tree.containing(lengths.start).ok_or(RegionError::BadAddress)?;
        match request.target {
            RemapTarget::At(address) => {
                let target = PageRange::try_new(address, new).map_err(|_| RegionError::Invalid)?;
                let end = lengths.start.checked_add(old).ok_or(RegionError::Invalid)?;
                if lengths.start < target.end && target.start < end {
                    return Err(RegionError::Invalid);
                }
                if target.end > self.bounds.end {
                    return Err(RegionError::Invalid);
                }
                self.bounds.check(target)?;
                self.move_pages(lengths, target, request.source, limits, commit)
            }
            RemapTarget::Anywhere { hint } if keeps => {
                let target = self.place(hint, new, PAGE_BYTES)?;
                self.move_pages(lengths, target, request.source, limits, commit)
            }
            _ if new <= old => {
                let removed = match lengths.tail()? {
                    Some(tail) => self.unmap(tail, limits)?,
                    None => Removed::NOTHING,
                };
                let range = PageRange::new(lengths.start, lengths.start + new);
                Ok(Remapped { removed, moved_from: None, range })
            }
            target => {
                self.check_resize(region, lengths, RemapSource::Unmap)?;
                if region.range.end == lengths.start.saturating_add(old)
                    && self.is_free_above(region.range.end, new - old)
                {
                    return self.extend(lengths, limits, commit);
                }
                if target == RemapTarget::InPlace {
                    return Err(RegionError::NoGap);
                }
                let target = self.place(0, new, PAGE_BYTES)?;
                self.move_pages(lengths, target, request.source, limits, commit)
            }
        }
    }

    /// Checks that the pages of `lengths` are in `region`, and can be resized or moved.
    fn check_resize(
        &self,
        region: &Region<B>,
        lengths: Lengths,
        source: RemapSource,
    ) -> Result<(), RegionError> {
        let Lengths { start, old, new } = lengths;
        let cannot_expand = region.flags().contains(RegionFlags::DONT_EXPAND);
        if old == 0 && region.sharing() == Sharing::Private {
            return Err(RegionError::Invalid);
        }
        if cannot_expand && source == RemapSource::Keep {
            return Err(RegionError::Invalid);
        }
        if old.min(new) > region.range.end - start {
            return Err(RegionError::BadAddress);
        }
        if new > old {
            let before = start - region.range.start;
            let end = before.checked_add(new).ok_or(RegionError::OffsetOverflow)?;
            if !region.backing.spans(end) {
                return Err(RegionError::OffsetOverflow);
            }
            if cannot_expand {
                return Err(RegionError::NotExpandable);
            }
        }
        Ok(())
    }

    /// Returns whether the `len` bytes from `start` on are in no region, and a program may
    /// map them.
    fn is_free_above(&self, start: u64, len: u64) -> bool {
        start.checked_add(len).is_some_and(|end| {
            let next = self.tree.first_above(start);
            end <= self.bounds.end && next.is_none_or(|next| end <= next.range.start)
        })
    }

    /// Extends the region that ends with the pages of `lengths`.
    fn extend(
        &mut self,
        lengths: Lengths,
        limits: &Limits,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<Remapped<B>, RegionError> {
        let Lengths { start, old, new } = lengths;
        let region = self.tree.containing(start).ok_or(RegionError::BadAddress)?;
        let first = region.range.start;
        let pages = (new - old) / PAGE_BYTES;
        limits.check(&self.usage, &region.attributes, pages)?;
        let added = Usage::of(&region.attributes, region.committed, pages);
        let after = self.usage.plus(added);
        self.usage.commit(after, commit)?;
        self.usage = after;
        self.tree.update(first, |region| region.range.end = start + new);
        self.merge(start + new);
        let range = PageRange::new(start, start + new);
        Ok(Remapped { removed: Removed::NOTHING, moved_from: None, range })
    }

    /// Moves the pages of `lengths` to `target`, which has the new length, and replaces the
    /// regions there.
    fn move_pages(
        &mut self,
        lengths: Lengths,
        target: PageRange,
        source: RemapSource,
        limits: &Limits,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<Remapped<B>, RegionError> {
        let region = self.tree.containing(lengths.start).ok_or(RegionError::BadAddress)?;
        self.check_resize(region, lengths, source)?;
        let (attributes, committed) = (region.attributes, region.committed);
        let backing = region.backing.advanced_by(lengths.start - region.range.start);
        let tail = lengths.tail()?;
        let moved_len = lengths.old.min(lengths.new);
        let moved_from =
            (moved_len > 0).then(|| PageRange::new(lengths.start, lengths.start + moved_len));
        if self.len().saturating_add(3) >= limits.regions {
            return Err(RegionError::TooManyRegions);
        }

        // The pages that are left after the removal of target, tail and source.
        let at_target = self.survey(target);
        let at_tail = tail.map(|tail| self.survey(tail)).unwrap_or_default();
        let mut rest = self.usage.minus(at_target.usage).minus(at_tail.usage);
        let unmapped_source = moved_from.filter(|_| source == RemapSource::Unmap);
        if let Some(source) = unmapped_source {
            rest = rest.minus(Usage::of(&attributes, committed, source.pages()));
        }
        if lengths.new > lengths.old || source == RemapSource::Keep {
            limits.check(&rest, &attributes, target.pages())?;
        }
        self.tree.try_reserve(7)?;
        let mut regions = reserve_removed(at_target.regions + at_tail.regions)?;
        let after = rest.plus(Usage::of(&attributes, committed, target.pages()));
        let uncommitted_pages = self.usage.commit(after, commit)?;

        self.take(target, &mut regions);
        if let Some(tail) = tail {
            self.take(tail, &mut regions);
        }
        regions.sort_unstable_by_key(|region| region.range.start);
        let moved = match unmapped_source {
            Some(source) => Region { range: target, ..self.take_one(source) },
            None => Region { range: target, attributes, committed, backing },
        };
        self.add(moved);
        let removed = Removed { regions, uncommitted_pages };
        Ok(Remapped { removed, moved_from, range: target })
    }
}
