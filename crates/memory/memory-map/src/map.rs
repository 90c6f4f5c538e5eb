//! The map.

use core::fmt;

use crate::region::{Kind, Region};

/// The storage has no room for the regions that a new range needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the memory map is full")
    }
}

/// Returns the storage, in regions, that suffices for any map of `ranges` ranges.
///
/// Regions start and end only where ranges do, and each range has two ends.
pub const fn storage_needed(ranges: usize) -> usize {
    ranges.saturating_mul(2)
}

/// A map of physical memory, in storage that the caller provides.
///
/// The regions are sorted, not empty and disjoint, and adjacent ones differ in kind. The
/// byte at `u64::MAX` is in none, because a region's `end` can't be above it.
#[derive(Debug)]
pub struct MemoryMap<'a> {
    storage: &'a mut [Region],
    len: usize,
}

impl<'a> MemoryMap<'a> {
    /// Returns an empty map. [`storage_needed`] returns how much storage suffices.
    pub fn new(storage: &'a mut [Region]) -> Self {
        Self { storage, len: 0 }
    }

    /// Adds the `len_bytes` bytes from the physical address `start`.
    ///
    /// Memory in several ranges gets the most reserved of their kinds, so the order of calls
    /// doesn't matter. A length of 0 changes nothing; a range past `u64::MAX` is truncated.
    /// The cost grows with the number of regions above the range.
    ///
    /// # Errors
    /// [`Full`] if the storage has no room for the regions before adjacent ones are merged;
    /// the map is unchanged then.
    pub fn add(&mut self, start: u64, len_bytes: u64, kind: Kind) -> Result<(), Full> {
        let end = start.saturating_add(len_bytes);
        if start == end {
            return Ok(());
        }
        if self.len + self.additional(start, end, kind) > self.storage.len() {
            return Err(Full);
        }
        self.split(end, kind);
        self.split(start, kind);
        let first = self.index_after(start);
        let mut index = first;
        // The part of the new range below this address is done.
        let mut done = start;
        while done < end {
            match self.regions().get(index).copied() {
                Some(region) if region.start <= done => {
                    self.storage[index].kind = region.kind.max(kind);
                    done = region.end;
                }
                next => {
                    let gap_end = next.map_or(end, |next| next.start.min(end));
                    self.insert(index, Region { start: done, end: gap_end, kind });
                    done = gap_end;
                }
            }
            index += 1;
        }
        self.merge(first.saturating_sub(1));
        Ok(())
    }

    /// Returns the number of regions that the range adds, before adjacent ones are
    /// merged.
    fn additional(&self, start: u64, end: u64, kind: Kind) -> usize {
        let first = self.index_after(start);
        let is_split = |at: u64| {
            let region = self.regions().get(self.index_after(at));
            region.is_some_and(|region| region.splits(at, kind))
        };
        let overlapping = self.regions()[first..].iter().take_while(|region| region.start < end);
        let mut gaps = 0;
        let mut done = start;
        for region in overlapping {
            gaps += usize::from(region.start > done);
            done = region.end;
        }
        gaps + usize::from(done < end) + usize::from(is_split(start)) + usize::from(is_split(end))
    }

    /// Returns the index of the first region that ends above `address`.
    fn index_after(&self, address: u64) -> usize {
        self.regions().partition_point(|region| region.end <= address)
    }

    /// Splits the region that contains the address `at`, if `kind` is more reserved.
    fn split(&mut self, at: u64, kind: Kind) {
        let index = self.index_after(at);
        if let Some(region) = self.regions().get(index).copied()
            && region.splits(at, kind)
        {
            self.storage[index].start = at;
            self.insert(index, Region { end: at, ..region });
        }
    }

    /// Inserts a region before the one at `index`. The storage has room for it.
    fn insert(&mut self, index: usize, region: Region) {
        self.storage.copy_within(index..self.len, index + 1);
        self.storage[index] = region;
        self.len += 1;
    }

    /// Merges adjacent regions of one kind, from `first` on.
    fn merge(&mut self, first: usize) {
        let mut last = first;
        for index in first + 1..self.len {
            let next = self.storage[index];
            if self.storage[last].end == next.start && self.storage[last].kind == next.kind {
                self.storage[last].end = next.end;
            } else {
                last += 1;
                self.storage[last] = next;
            }
        }
        self.len = last + 1;
    }

    /// Returns all regions, lowest first.
    pub fn regions(&self) -> &[Region] {
        &self.storage[..self.len]
    }

    /// Returns the use of the byte at the physical `address`, if it is in a region.
    pub fn kind_at(&self, address: u64) -> Option<Kind> {
        let region = self.regions().get(self.index_after(address))?;
        region.contains(address).then_some(region.kind)
    }

    /// Returns whether all addresses from `start` to `end` are RAM of any use.
    pub fn is_ram(&self, start: u64, end: u64) -> bool {
        let mut covered = start;
        for region in &self.regions()[self.index_after(start)..] {
            if covered >= end || region.start > covered || !region.kind.is_ram() {
                break;
            }
            covered = region.end;
        }
        covered >= end
    }

    /// Returns the sum of the regions of `kind`, in bytes.
    pub fn total_bytes(&self, kind: Kind) -> u64 {
        self.regions().iter().filter(|region| region.kind == kind).map(Region::len_bytes).sum()
    }

    /// Returns the ranges of whole usable frames, lowest first.
    ///
    /// Each range is (first physical address, address after the last byte), both
    /// multiples of `frame_bytes`. A frame counts only if all its bytes are
    /// [`Kind::Usable`].
    ///
    /// # Panics
    /// If `frame_bytes` is not a power of two.
    pub fn usable_frames(&self, frame_bytes: u64) -> impl Iterator<Item = (u64, u64)> {
        assert!(frame_bytes.is_power_of_two(), "a frame of {frame_bytes} bytes");
        self.regions().iter().filter(|region| region.kind == Kind::Usable).filter_map(
            move |region| {
                let start = region.start.checked_next_multiple_of(frame_bytes)?;
                let end = region.end - region.end % frame_bytes;
                (start < end).then_some((start, end))
            },
        )
    }

    /// Returns the ranges of whole frames of RAM of any use, lowest first; adjacent ranges
    /// are merged.
    ///
    /// Each range is (first physical address, address after the last byte), both
    /// multiples of `frame_bytes`. A frame counts only if all its bytes are RAM.
    ///
    /// # Panics
    /// If `frame_bytes` is not a power of two.
    pub fn ram_frames(&self, frame_bytes: u64) -> impl Iterator<Item = (u64, u64)> {
        assert!(frame_bytes.is_power_of_two(), "a frame of {frame_bytes} bytes");
        let mut rest = self.regions().iter().filter(|region| region.kind.is_ram()).peekable();
        core::iter::from_fn(move || {
            loop {
                let Region { start, mut end, .. } = *rest.next()?;
                while let Some(next) = rest.next_if(|next| next.start == end) {
                    end = next.end;
                }
                let end = end - end % frame_bytes;
                if let Some(start) = start.checked_next_multiple_of(frame_bytes)
                    && start < end
                {
                    return Some((start, end));
                }
            }
        })
    }

    /// Returns the physical address after the highest byte of RAM; 0 if there is none.
    ///
    /// RAM is memory of these kinds: [`Kind::Usable`], [`Kind::Loader`], [`Kind::Kernel`],
    /// [`Kind::AcpiReclaimable`] and [`Kind::AcpiNvs`].
    pub fn end_of_memory(&self) -> u64 {
        self.regions().iter().rfind(|region| region.kind.is_ram()).map_or(0, |region| region.end)
    }
}
