//! The tags by which one CPU's TLB keeps the pages of address spaces apart (PCIDs on
//! x86_64), and how up to date what it holds under each tag is.
//!
//! An address space has a generation, which each change of its page table that TLBs must
//! see makes one larger. A CPU that returns to a space whose tag it still has needs no
//! flush if the generation is the one that it has seen. As Linux's `arch/x86/mm/tlb.c`.
//!
//! Only the CPU itself uses its tags, with interrupts off.

use crate::atomics::{AtomicU64, Ordering};

/// The tags of one CPU.
pub struct Tags<const N: usize> {
    /// The space that each tag stands for; 0 for none.
    spaces: [AtomicU64; N],
    /// The generation that the TLB is up to date with.
    generations: [AtomicU64; N],
    /// The tag that is taken from its space next.
    next: AtomicU64,
}

/// The tag for an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its number, below the number of tags.
    pub index: usize,
    /// Whether all that the TLB holds under it is up to date. Otherwise it has to be
    /// flushed before it is used.
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
    /// `count` tags. It is the one that the space had, or one that is taken from another.
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

    /// Returns the generation that the TLB is up to date with under the tag `index`.
    #[inline]
    pub fn generation(&self, index: usize) -> u64 {
        self.generations[index].load(Ordering::Relaxed)
    }

    /// Notes that the TLB is up to date with `generation` under the tag `index`.
    #[inline]
    pub fn note(&self, index: usize, generation: u64) {
        self.generations[index].store(generation, Ordering::Relaxed);
    }

    /// Takes all tags but `kept` from their spaces: what the TLB holds under them isn't up to
    /// date any more.
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
