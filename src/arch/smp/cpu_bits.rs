//! Sets of CPUs, which all CPUs may change at the same time.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::CPUS_MAX;

/// The number of words of a set of CPUs.
pub const SET_WORDS: usize = CPUS_MAX / u64::BITS as usize;

/// A set of CPUs, one bit for each CPU: CPU 0 is the lowest bit of the first word.
#[derive(Debug)]
pub struct CpuBits([AtomicU64; SET_WORDS]);

impl CpuBits {
    /// Returns the empty set.
    pub const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SET_WORDS])
    }

    /// Adds a CPU. This is a full memory barrier.
    pub fn insert(&self, cpu: CpuId) {
        self.0[cpu.index() / 64].fetch_or(1 << (cpu.index() % 64), Ordering::SeqCst);
    }

    /// Removes a CPU. Only loads a word if the CPU isn't in the set.
    #[inline]
    pub fn remove(&self, cpu: CpuId) {
        if self.contains(cpu) {
            self.0[cpu.index() / 64].fetch_and(!(1 << (cpu.index() % 64)), Ordering::SeqCst);
        }
    }

    /// Returns whether a CPU is in the set.
    #[inline]
    pub fn contains(&self, cpu: CpuId) -> bool {
        self.word(cpu.index() / 64) >> (cpu.index() % 64) & 1 != 0
    }

    /// Returns the bits of 64 CPUs.
    #[inline]
    pub fn word(&self, index: usize) -> u64 {
        self.0[index].load(Ordering::Relaxed)
    }

    /// Returns all bits. The words are read one after the other.
    #[inline]
    pub fn words(&self) -> [u64; SET_WORDS] {
        self.0.each_ref().map(|word| word.load(Ordering::Relaxed))
    }

    /// Sets all bits, word by word.
    pub fn store(&self, words: &[u64; SET_WORDS]) {
        for (kept, word) in self.0.iter().zip(words) {
            kept.store(*word, Ordering::Relaxed);
        }
    }
}

impl Default for CpuBits {
    fn default() -> Self {
        Self::new()
    }
}
