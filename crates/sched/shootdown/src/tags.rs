//! The tags by which one CPU's TLB distinguishes the pages of address spaces (PCIDs on
//! x86_64), and how recent the TLB's entries of each tag are.
//!
//! An address space has a generation. Each change of its page table that requires a flush
//! increments it. A CPU that switches back to a space whose tag it still has needs no flush
//! if the TLB is up to date with the space's generation. As in Linux's `arch/x86/mm/tlb.c`.
//!
//! Only the CPU itself uses its tags, with interrupts off.

use crate::atomics::{AtomicU64, Ordering};

/// The tags of one CPU.
pub struct Tags<const N: usize> {
    /// The space that each tag belongs to; 0 for none.
    spaces: [AtomicU64; N],
    /// The generation with which the TLB is up to date, for each tag.
    generations: [AtomicU64; N],
    /// The tag that is reassigned next.
    next: AtomicU64,
}

/// The tag of an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its number, below the number of tags.
    pub index: usize,
    /// Whether all of the TLB's entries with this tag are up to date. Otherwise the CPU
    /// must flush them before it uses the tag.
    pub is_current: bool,
}

impl<const N: usize> Tags<N> {
    /// Returns the tags of a CPU whose TLB holds nothing.
    #[cfg(not(test))]
    pub const fn new() -> Self {
        Self {
            spaces: [const { AtomicU64::new(0) }; N],
            generations: [const { AtomicU64::new(0) }; N],
            next: AtomicU64::new(0),
        }
    }

    /// Returns the tag for `space`, which isn't 0 and has `generation` now, among the first
    /// `count` tags: the one that the space has already, or one that is taken from another
    /// space.
    pub fn choose(&self, count: usize, space: u64, generation: u64) -> Tag {
        let count = count.clamp(1, N);
        let index = (0..count).find(|&index| self.space(index) == space).unwrap_or_else(|| {
            let next = self.next.load(Ordering::Relaxed) as usize % count;
            self.next.store(next as u64 + 1, Ordering::Relaxed);
            next
        });
        let is_current = self.space(index) == space && self.generation(index) == generation;
        self.spaces[index].store(space, Ordering::Relaxed);
        self.note(index, generation);
        Tag { index, is_current }
    }

    fn space(&self, index: usize) -> u64 {
        self.spaces[index].load(Ordering::Relaxed)
    }

    /// Returns the generation with which the TLB's entries of the tag `index` are up to
    /// date.
    #[inline]
    pub fn generation(&self, index: usize) -> u64 {
        self.generations[index].load(Ordering::Relaxed)
    }

    /// Records that the TLB's entries of the tag `index` are up to date with `generation`.
    #[inline]
    pub fn note(&self, index: usize, generation: u64) {
        self.generations[index].store(generation, Ordering::Relaxed);
    }

    /// Removes all tags but `kept` from their spaces, because the TLB's entries of these
    /// tags are not up to date any more.
    pub fn forget_others(&self, kept: Option<usize>) {
        for (index, space) in self.spaces.iter().enumerate() {
            if Some(index) != kept {
                space.store(0, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(not(test))]
impl<const N: usize> Default for Tags<N> {
    fn default() -> Self {
        Self::new()
    }
}
