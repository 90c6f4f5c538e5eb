//! What each part of physical memory is used for.
//!
//! A loader's map is not sorted and may overlap itself, and what lies in memory
//! (the kernel, modules, the screen) is not in it. [`MemoryMap`] takes all of
//! them in any order. Where ranges overlap the more reserved [`Kind`] wins.
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

/// What a range of physical memory is used for, from least to most reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Free RAM.
    Usable,
    /// The loader's information and modules; can be given back later.
    Loader,
    /// The kernel's image and what lies in the first MiB.
    Kernel,
    /// ACPI tables; free once they were read.
    AcpiReclaimable,
    /// To be kept over hibernation.
    AcpiNvs,
    /// A device's memory, such as the framebuffer.
    Device,
    /// Not memory, or the firmware's.
    Reserved,
    /// Broken RAM.
    Defective,
}

impl Kind {
    /// Tells whether there is working RAM behind such addresses.
    pub fn is_ram(self) -> bool {
        match self {
            Self::Usable | Self::Loader | Self::Kernel | Self::AcpiReclaimable | Self::AcpiNvs => {
                true
            }
            Self::Device | Self::Reserved | Self::Defective => false,
        }
    }
}

/// A range of physical memory that is all of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Region {
    /// The first physical address.
    pub start: u64,
    /// The physical address behind the last byte.
    pub end: u64,
    /// What it is used for.
    pub kind: Kind,
}

impl Region {
    /// Contains no byte; for storage that isn't used yet.
    pub const EMPTY: Self = Self { start: 0, end: 0, kind: Kind::Usable };

    /// Returns the length in bytes; 0 if `end` is not above `start`.
    pub fn len_bytes(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Tells whether there is no byte in it.
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Returns whether the byte at the physical `address` is in it.
    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Returns whether a range of `kind` that begins or ends at `at` splits it.
    fn splits(&self, at: u64, kind: Kind) -> bool {
        self.start < at && at < self.end && kind > self.kind
    }
}

/// A range needs more regions than the map's storage can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the memory map is full")
    }
}

/// Returns how many regions of storage a map of `ranges` ranges never needs more than.
///
/// Regions begin and end where ranges do, and a range has two ends.
pub const fn storage_needed(ranges: usize) -> usize {
    ranges.saturating_mul(2)
}

/// Returns the lowest multiple of `align_bytes` from which on `len_bytes` bytes are within
/// one of the `free` ranges and in none of those that are `taken`. Neither need be sorted.
///
/// It serves to find storage for a map before there is one.
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

/// What each part of physical memory is used for, in storage that the caller provides.
///
/// The regions are sorted, none is empty, no two overlap, and no two of the same
/// kind touch. The byte at `u64::MAX` is in none, as no end can lie after it.
#[derive(Debug)]
pub struct MemoryMap<'a> {
    storage: &'a mut [Region],
    len: usize,
}

impl<'a> MemoryMap<'a> {
    /// Returns a map that knows of no memory. [`storage_needed`] is enough storage.
    pub fn new(storage: &'a mut [Region]) -> Self {
        Self { storage, len: 0 }
    }

    /// Adds the `len_bytes` bytes from the physical address `start`.
    ///
    /// Where the range overlaps what is there the more reserved kind wins, so
    /// the order of calls doesn't matter. A length of 0 changes nothing; a range
    /// that runs past `u64::MAX` is cut there. Takes time in proportion to the regions
    /// that lie above it.
    ///
    /// # Errors
    /// [`Full`] if the storage has no room for the regions before those that touch are
    /// merged; the map stays as it was.
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
        // Everything of the new range below this address is in a region.
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

    /// Returns how many regions a range makes, before those that touch are merged.
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

    /// Splits the region that the address `at` lies inside, if `kind` is more reserved.
    fn split(&mut self, at: u64, kind: Kind) {
        let index = self.index_after(at);
        if let Some(region) = self.regions().get(index).copied()
            && region.splits(at, kind)
        {
            self.storage[index].start = at;
            self.insert(index, Region { end: at, ..region });
        }
    }

    /// Inserts a region before that at `index`; there is room.
    fn insert(&mut self, index: usize, region: Region) {
        self.storage.copy_within(index..self.len, index + 1);
        self.storage[index] = region;
        self.len += 1;
    }

    /// Merges those regions from `first` on that touch and are of one kind.
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

    /// Returns what the byte at the physical `address` is used for, if known.
    pub fn kind_at(&self, address: u64) -> Option<Kind> {
        let region = self.regions().get(self.index_after(address))?;
        region.contains(address).then_some(region.kind)
    }

    /// Returns whether all addresses from `start` to `end` are RAM, of whatever use.
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
    /// A range is its first physical address and the one behind its last byte,
    /// both multiples of `frame_bytes`. A frame of which any byte is not
    /// [`Kind::Usable`] is in none.
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

    /// Returns the ranges of whole frames of RAM, of whatever use, lowest first;
    /// such that touch are one.
    ///
    /// A range is its first physical address and the one behind its last byte,
    /// both multiples of `frame_bytes`. A frame of which any byte is no RAM is in
    /// none.
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

    /// Returns the physical address behind the highest byte of RAM; 0 if there is
    /// none.
    ///
    /// RAM is what can be read and written like it: [`Kind::Usable`],
    /// [`Kind::Loader`], [`Kind::Kernel`], [`Kind::AcpiReclaimable`] and
    /// [`Kind::AcpiNvs`].
    pub fn end_of_memory(&self) -> u64 {
        self.regions().iter().rfind(|region| region.kind.is_ram()).map_or(0, |region| region.end)
    }
}
