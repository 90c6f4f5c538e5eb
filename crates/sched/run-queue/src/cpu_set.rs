//! Sets of CPUs.

use core::fmt;

const WORD_BITS: usize = u64::BITS as usize;

/// A set of CPUs, a bit for each: those from 0 up to 64 times `WORDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuSet<const WORDS: usize> {
    words: [u64; WORDS],
}

impl<const WORDS: usize> CpuSet<WORDS> {
    /// How many CPUs a set can have.
    pub const CAPACITY: usize = WORDS * WORD_BITS;

    /// Returns the empty set.
    pub const fn new() -> Self {
        Self { words: [0; WORDS] }
    }

    /// Returns the set of the first `count` CPUs; of all that there is room for,
    /// if that is less.
    pub const fn first(count: usize) -> Self {
        let mut words = [0; WORDS];
        let mut word = 0;
        while word < WORDS && word * WORD_BITS < count {
            let bits = count - word * WORD_BITS;
            words[word] = if bits >= WORD_BITS { u64::MAX } else { (1 << bits) - 1 };
            word += 1;
        }
        Self { words }
    }

    /// Returns the set of these bits: CPU 0 is the lowest bit of the first word.
    pub const fn from_words(words: [u64; WORDS]) -> Self {
        Self { words }
    }

    /// Returns the bits.
    #[inline]
    pub const fn words(&self) -> &[u64; WORDS] {
        &self.words
    }

    /// Adds a CPU.
    ///
    /// # Errors
    /// [`OutOfRange`] if there is no room for it.
    pub const fn try_insert(&mut self, cpu: usize) -> Result<(), OutOfRange> {
        if cpu >= Self::CAPACITY {
            return Err(OutOfRange);
        }
        self.words[cpu / WORD_BITS] |= 1 << (cpu % WORD_BITS);
        Ok(())
    }

    /// Removes a CPU, if it is in.
    pub const fn remove(&mut self, cpu: usize) {
        if cpu < Self::CAPACITY {
            self.words[cpu / WORD_BITS] &= !(1 << (cpu % WORD_BITS));
        }
    }

    /// Returns whether a CPU is in the set.
    #[inline]
    pub const fn contains(&self, cpu: usize) -> bool {
        cpu < Self::CAPACITY && self.words[cpu / WORD_BITS] >> (cpu % WORD_BITS) & 1 != 0
    }

    /// Returns how many CPUs are in.
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Returns whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Returns the CPUs, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, word)| {
            let mut rest = *word;
            core::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.checked_sub(1)?;
                Some(index * WORD_BITS + bit)
            })
        })
    }

    /// Returns the CPU that has `index` others in the set before it.
    pub fn nth(&self, index: usize) -> Option<usize> {
        let mut rest = index;
        for (word_index, word) in self.words.iter().enumerate() {
            let ones = word.count_ones() as usize;
            if rest < ones {
                return Some(word_index * WORD_BITS + nth_one(*word, rest as u32));
            }
            rest -= ones;
        }
        None
    }

    /// Returns the first CPU, from `from` on and around, that is also in another
    /// set, of which `other` gives the words. Each is asked for once, but the one of
    /// `from` perhaps twice.
    pub fn first_common(&self, other: impl Fn(usize) -> u64, from: usize) -> Option<usize> {
        let from = if from < Self::CAPACITY { from } else { 0 };
        let (start, low) = (from / WORD_BITS, (1 << (from % WORD_BITS)) - 1);
        (0..=WORDS).find_map(|step| {
            let word = (start + step) % WORDS.max(1);
            let mask = match step {
                0 => !low,
                _ if step == WORDS => low,
                _ => u64::MAX,
            };
            let own = self.words.get(word)? & mask;
            let common = if own == 0 { 0 } else { own & other(word) };
            (common != 0).then(|| word * WORD_BITS + common.trailing_zeros() as usize)
        })
    }
}

impl<const WORDS: usize> Default for CpuSet<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns the place of the set bit that has `index` others below it. There is one.
fn nth_one(word: u64, index: u32) -> usize {
    let (mut rest, mut place) = (index, 0);
    for width in [32, 16, 8, 4, 2, 1] {
        let ones = (word >> place & ((1 << width) - 1)).count_ones();
        if rest >= ones {
            rest -= ones;
            place += width;
        }
    }
    place as usize
}

/// A CPU that a [`CpuSet`] has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the set has no room for this CPU")
    }
}

impl core::error::Error for OutOfRange {}
