//! A set of processors that all of them may change, a bit each.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::arch::cpu::percpu::CPUS_MAX;

/// The words of a set of processors.
pub const SET_WORDS: usize = CPUS_MAX / u64::BITS as usize;

/// A set of processors, by their numbers: 0 is the lowest bit of the first word.
pub struct ProcessorBits([AtomicU64; SET_WORDS]);

impl ProcessorBits {
    /// Returns the empty set.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SET_WORDS])
    }

    /// Adds a processor. A full memory barrier.
    pub fn insert(&self, number: u32) {
        self.0[number as usize / 64].fetch_or(1 << (number % 64), Ordering::SeqCst);
    }

    /// Takes a processor out. Costs a load if it isn't in.
    #[inline]
    pub fn remove(&self, number: u32) {
        if self.contains(number) {
            self.0[number as usize / 64].fetch_and(!(1 << (number % 64)), Ordering::SeqCst);
        }
    }

    /// Tells whether a processor is in.
    #[inline]
    pub fn contains(&self, number: u32) -> bool {
        self.word(number as usize / 64) >> (number % 64) & 1 != 0
    }

    /// Returns the bits of 64 processors.
    #[inline]
    pub fn word(&self, index: usize) -> u64 {
        self.0[index].load(Ordering::Relaxed)
    }

    /// Returns all bits, as they are one after the other.
    #[inline]
    pub fn words(&self) -> [u64; SET_WORDS] {
        self.0.each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    /// Makes it the set of these bits, word by word.
    pub fn store(&self, words: &[u64; SET_WORDS]) {
        for (kept, word) in self.0.iter().zip(words) {
            kept.store(*word, Ordering::Relaxed);
        }
    }
}

impl Default for ProcessorBits {
    fn default() -> Self {
        Self::new()
    }
}
