//! The sizes of small blocks.
//!
//! A small block has at most [`SMALL_BYTES`] and no special alignment. It is allocated from the
//! heap with the size of its class, so that any free block of a class serves any request of that
//! class.

use core::alloc::Layout;

/// The largest small block, in bytes.
pub(super) const SMALL_BYTES: usize = 1024;

/// The alignment of small blocks, in bytes; their sizes are multiples of it.
const UNIT_BYTES: usize = 16;

/// The size of each class, in bytes.
const SIZES: [usize; CLASSES] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, SMALL_BYTES];

/// The number of classes.
pub(super) const CLASSES: usize = 12;

/// The number of bytes of a class that a CPU keeps; at least [`KEPT_MIN`] blocks.
const KEPT_BYTES: usize = 4096;
const KEPT_MIN: usize = 8;
const KEPT_MAX: usize = 64;

/// The number of the class for each number of units.
const CLASS_OF_UNITS: [u8; SMALL_BYTES / UNIT_BYTES + 1] = {
    let mut classes = [0; SMALL_BYTES / UNIT_BYTES + 1];
    let (mut units, mut class) = (0, 0);
    while units < classes.len() {
        if units * UNIT_BYTES > SIZES[class] {
            class += 1;
        }
        classes[units] = class as u8;
        units += 1;
    }
    classes
};

/// A class of small blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeClass(u8);

impl SizeClass {
    /// Returns the class of a block of `layout`; `None` if it isn't small.
    #[inline]
    pub(super) fn of(layout: Layout) -> Option<Self> {
        if layout.align() > UNIT_BYTES {
            return None;
        }
        CLASS_OF_UNITS.get(layout.size().div_ceil(UNIT_BYTES)).copied().map(Self)
    }

    /// Returns all classes.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..CLASSES as u8).map(Self)
    }

    /// Returns the number of the class, below [`CLASSES`].
    #[inline]
    pub(super) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Returns the layout of its blocks.
    pub(super) fn layout(self) -> Layout {
        let layout = Layout::from_size_align(SIZES[self.index()], UNIT_BYTES);
        layout.expect("the sizes are small, and the alignment is a power of two")
    }

    /// Returns the largest number of free blocks that a CPU keeps.
    #[inline]
    pub(super) fn kept_max(self) -> usize {
        const KEPT: [u8; CLASSES] = {
            let mut kept = [0; CLASSES];
            let mut class = 0;
            while class < CLASSES {
                let blocks = KEPT_BYTES / SIZES[class];
                let blocks = if blocks > KEPT_MAX { KEPT_MAX } else { blocks };
                kept[class] = if blocks < KEPT_MIN { KEPT_MIN as u8 } else { blocks as u8 };
                class += 1;
            }
            kept
        };
        usize::from(KEPT[self.index()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn class_is_the_smallest_that_holds_the_block() {
        for bytes in 1..=SMALL_BYTES {
            let layout = Layout::from_size_align(bytes, 8).expect("it is small");
            let class = SizeClass::of(layout).expect("it is small");
            assert!(class.layout().size() >= bytes && class.layout().align() == UNIT_BYTES);
            assert!(class.index() == 0 || SIZES[class.index() - 1] < bytes, "{bytes}");
            assert!((KEPT_MIN..=KEPT_MAX).contains(&class.kept_max()));
        }
        for (bytes, align) in [(SMALL_BYTES + 1, 1), (16, 32), (isize::MAX as usize, 1)] {
            let layout = Layout::from_size_align(bytes, align).expect("it is possible");
            assert_eq!(SizeClass::of(layout), None);
        }
    }
}
