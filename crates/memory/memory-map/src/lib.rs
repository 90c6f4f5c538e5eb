//! What each part of physical memory is used for.
//!
//! A loader's map is not sorted and may overlap itself, and what lies in memory
//! (the kernel, modules, the screen) is not in it. [`MemoryMap`] takes all of
//! them in any order. Where ranges overlap the more reserved [`Kind`] wins.
//!
//! ```
//! use memory_map::{Kind, MemoryMap};
//! let mut map = MemoryMap::<8>::new();
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

use heapless::Vec;

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
    /// Returns the length in bytes; 0 if `end` is not above `start`.
    pub fn len_bytes(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Tells whether there is no byte in it.
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Tells whether the byte at the physical `address` is in it.
    pub fn contains(&self, address: u64) -> bool {
        (self.start..self.end).contains(&address)
    }
}

/// A range needs more regions than the map can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the memory map is full")
    }
}

/// What each part of physical memory is used for, in at most `N` regions.
///
/// The regions are sorted, none is empty, no two overlap, and no two of the same
/// kind touch. The byte at `u64::MAX` is in none, as no end can lie behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryMap<const N: usize> {
    regions: Vec<Region, N>,
}

impl<const N: usize> MemoryMap<N> {
    /// Returns a map that knows of no memory.
    pub const fn new() -> Self {
        Self { regions: Vec::new() }
    }

    /// Adds the `len_bytes` bytes from the physical address `start`.
    ///
    /// Where the range overlaps what is there the more reserved kind wins, so
    /// the order of calls doesn't matter. A length of 0 changes nothing; a range
    /// that runs past `u64::MAX` is cut there. Needs room for a second map on the
    /// stack.
    ///
    /// # Errors
    /// [`Full`] if more than `N` regions would be needed; the map stays as it was.
    pub fn add(&mut self, start: u64, len_bytes: u64, kind: Kind) -> Result<(), Full> {
        let end = start.saturating_add(len_bytes);
        let mut regions = Vec::new();
        // Everything of the new range below this address has been appended.
        let mut done = start;
        for old in &self.regions {
            let overlap_start = start.clamp(old.start, old.end);
            let overlap_end = end.clamp(old.start, old.end);
            let pieces = [
                Region { start: done, end: end.min(old.start), kind },
                Region { end: overlap_start, ..*old },
                Region { start: overlap_start, end: overlap_end, kind: kind.max(old.kind) },
                Region { start: overlap_end, ..*old },
            ];
            for piece in pieces {
                append(&mut regions, piece)?;
            }
            done = done.max(old.end);
        }
        append(&mut regions, Region { start: done, end, kind })?;
        self.regions = regions;
        Ok(())
    }

    /// Returns all regions, lowest first.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Returns what the byte at the physical `address` is used for, if known.
    pub fn kind_at(&self, address: u64) -> Option<Kind> {
        self.regions.iter().find(|region| region.contains(address)).map(|region| region.kind)
    }

    /// Returns the sum of the regions of `kind`, in bytes.
    pub fn total_bytes(&self, kind: Kind) -> u64 {
        self.regions.iter().filter(|region| region.kind == kind).map(Region::len_bytes).sum()
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
        self.regions.iter().filter(|region| region.kind == Kind::Usable).filter_map(move |region| {
            let start = region.start.checked_next_multiple_of(frame_bytes)?;
            let end = region.end - region.end % frame_bytes;
            (start < end).then_some((start, end))
        })
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
        let mut rest = self.regions.iter().filter(|region| region.kind.is_ram()).peekable();
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
        self.regions.iter().rfind(|region| region.kind.is_ram()).map_or(0, |region| region.end)
    }
}

/// Appends `next`, which must not start below the end of `regions`, and merges it
/// with the last region if it can; leaves it out if it is empty.
///
/// # Errors
/// [`Full`] if there is no room for it.
fn append<const N: usize>(regions: &mut Vec<Region, N>, next: Region) -> Result<(), Full> {
    if next.is_empty() {
        return Ok(());
    }
    match regions.last_mut() {
        Some(last) if last.end == next.start && last.kind == next.kind => {
            last.end = next.end;
            Ok(())
        }
        _ => regions.push(next).map_err(|_| Full),
    }
}
