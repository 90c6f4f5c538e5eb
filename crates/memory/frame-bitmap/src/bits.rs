//! A row of bits in words, read and written by whole words.

use core::ops::Range;

/// The number of bits of a word.
pub(crate) const WORD_BITS: usize = u64::BITS as usize;

/// A row of bits. Bit 0 is the lowest bit of word 0.
pub(crate) struct Bits<'a> {
    words: &'a mut [u64],
    /// The number of reads and writes of words.
    #[cfg(test)]
    pub(crate) accesses: core::cell::Cell<usize>,
}

impl<'a> Bits<'a> {
    /// Makes a row of the bits in `words`, without changing them.
    pub(crate) fn new(words: &'a mut [u64]) -> Self {
        Self {
            words,
            #[cfg(test)]
            accesses: core::cell::Cell::new(0),
        }
    }

    /// Reads a word.
    pub(crate) fn read(&self, word: usize) -> u64 {
        self.count_access();
        self.words[word]
    }

    /// Replaces a word.
    pub(crate) fn write(&mut self, word: usize, value: u64) {
        self.count_access();
        self.words[word] = value;
    }

    fn count_access(&self) {
        #[cfg(test)]
        self.accesses.set(self.accesses.get() + 1);
    }

    /// Sets or clears all bits of `range`.
    pub(crate) fn fill(&mut self, range: Range<usize>, set: bool) {
        for (word, mask) in masked_words(range) {
            let old = self.read(word);
            self.write(word, if set { old | mask } else { old & !mask });
        }
    }

    /// Returns whether a bit is set.
    pub(crate) fn is_set(&self, bit: usize) -> bool {
        self.read(bit / WORD_BITS) >> (bit % WORD_BITS) & 1 != 0
    }

    /// Returns whether a bit of `range` is set.
    pub(crate) fn any_set(&self, range: Range<usize>) -> bool {
        masked_words(range).any(|(word, mask)| self.read(word) & mask != 0)
    }

    /// Returns whether all bits of `range` are set.
    pub(crate) fn all_set(&self, range: Range<usize>) -> bool {
        masked_words(range).all(|(word, mask)| self.read(word) & mask == mask)
    }

    /// Returns the lowest bit of `range` that is clear.
    pub(crate) fn first_clear(&self, range: Range<usize>) -> Option<usize> {
        masked_words(range).find_map(|(word, mask)| {
            let clear = !self.read(word) & mask;
            (clear != 0).then(|| word * WORD_BITS + lowest_bit(clear))
        })
    }
}

/// Returns the words that hold `range`, each with a mask of its bits in `range`.
pub(crate) fn masked_words(range: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
    let words = range.start / WORD_BITS..range.end.div_ceil(WORD_BITS);
    words.map(move |word| {
        let mut mask = u64::MAX;
        if word == range.start / WORD_BITS {
            mask &= u64::MAX << (range.start % WORD_BITS);
        }
        if word == range.end / WORD_BITS {
            mask &= !(u64::MAX << (range.end % WORD_BITS));
        }
        (word, mask)
    })
}

/// Returns the number of the lowest set bit of a word that isn't 0.
pub(crate) fn lowest_bit(word: u64) -> usize {
    word.trailing_zeros() as usize
}

/// Returns the number of the highest set bit of a word that isn't 0.
pub(crate) fn highest_bit(word: u64) -> usize {
    WORD_BITS - 1 - word.leading_zeros() as usize
}

/// Returns a mask of the bits from 0 up to and including `bit`.
pub(crate) fn up_to(bit: usize) -> u64 {
    u64::MAX >> (WORD_BITS - 1 - bit)
}
