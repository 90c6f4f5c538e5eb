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

mod map;
mod region;
mod room;
#[cfg(test)]
mod tests;

pub use map::{Full, MemoryMap, storage_needed};
pub use region::{Kind, Region};
pub use room::find_room;
