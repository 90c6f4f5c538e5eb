//! A map of physical memory: the use of each part.
//!
//! A loader's map is not sorted, its ranges may overlap, and it doesn't list the kernel,
//! modules or the framebuffer. [`MemoryMap`] accepts all of these in any order. Where
//! ranges overlap, the more reserved [`Kind`] wins.
//!
//! ```
//! use memory_map::{Kind, MemoryMap, Region};
//! let mut storage = [Region::EMPTY; 8];
//! let mut map = MemoryMap::new(&mut storage);
//! map.add(0x1000, 0x100, Kind::Kernel)?;
//! map.add(0, 0x4000, Kind::Usable)?;
//! assert_eq!(map.regions().len(), 3);
//! assert_eq!(map.kind_at(0x10ff), Some(Kind::Kernel));
//! let frames: Vec<_> = map.usable_frames(0x1000).collect();
//! assert_eq!(frames, [(0, 0x1000), (0x2000, 0x4000)]);
//! # Ok::<(), memory_map::Full>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
mod tests;

use core::fmt;
use core::ops::Range;

/// The use of a range of physical memory, from least to most reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Free RAM.
    Usable,
    /// The loader's information and modules; can be freed later.
    Loader,
    /// The kernel's image, and reserved parts of the first MiB.
    Kernel,
    /// ACPI tables; free after they have been read.
    AcpiReclaimable,
    /// Must be preserved during hibernation.
    AcpiNvs,
    /// A device's memory, such as the framebuffer.
    Device,
    /// Not RAM, or used by the firmware.
    Reserved,
    /// Defective RAM.
    Defective,
}

impl Kind {
    /// Returns whether memory of this kind is working RAM.
    pub fn is_ram(self) -> bool {
        match self {
            Self::Usable | Self::Loader | Self::Kernel | Self::AcpiReclaimable | Self::AcpiNvs => {
                true
            }
            Self::Device | Self::Reserved | Self::Defective => false,
        }
    }
}

/// A range of physical memory of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// The first physical address.
    pub start: u64,
    /// The physical address after the last byte.
    pub end: u64,
    /// Its use.
    pub kind: Kind,
}

impl Region {
    /// A region without bytes, for unused storage.
    pub const EMPTY: Self = Self { start: 0, end: 0, kind: Kind::Usable };

    /// Returns the length in bytes; 0 if `end` is not above `start`.
    pub fn len_bytes(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Returns whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Returns whether the byte at the physical `address` is in it.
    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Returns whether a range of `kind` that starts or ends at `at` splits this region.
    fn splits(&self, at: u64, kind: Kind) -> bool {
        self.start < at && at < self.end && kind > self.kind
    }
}

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

/// Returns the lowest multiple of `align_bytes` at which `len_bytes` bytes are within one
/// of the `free` ranges and overlap none of the `taken` ranges. Neither need be sorted.
///
/// The kernel uses it to find storage for its first map.
pub fn find_room(
    len_bytes: u64,
    align_bytes: u64,
    mut free: impl Iterator<Item = Range<u64>>,
    taken: impl Iterator<Item = Range<u64>> + Clone,
) -> Option<u64> {
    let within = |range: Range<u64>| {
        let mut start = range.start.checked_next_multiple_of(align_bytes)?;
        loop {
            let end = start.checked_add(len_bytes).filter(|&end| end <= range.end)?;
            let in_the_way = taken.clone().filter(|taken| taken.start < end && start < taken.end);
            match in_the_way.map(|taken| taken.end).max() {
                Some(next) => start = next.checked_next_multiple_of(align_bytes)?,
                None => return Some(start),
            }
        }
    };
    free.by_ref().filter_map(within).min()
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
    /// Returns an empty map. [`storage_needed`] is enough storage.
    pub fn new(storage: &'a mut [Region]) -> Self {
        Self { storage, len: 0 }
    }

    /// Adds the `len_bytes` bytes from the physical address `start`.
    ///
    /// Where the range overlaps others, the more reserved kind wins, so the order of calls
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
