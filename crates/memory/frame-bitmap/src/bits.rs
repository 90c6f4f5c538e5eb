//! A row of bits in words, read and written by whole words.

use core::ops::Range;

/// How many bits a word has.
pub(crate) const WORD_BITS: usize = u64::BITS as usize;

/// A row of bits. Bit 0 is the lowest bit of word 0.
pub(crate) struct Bits<'a> {
    words: &'a mut [u64],
    /// How many times a word was read or written.
    #[cfg(test)]
    pub(crate) accesses: core::cell::Cell<usize>,
}

impl<'a> Bits<'a> {
    /// Makes a row of the bits in `words`, as they are.
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

    /// Tells if a bit is set.
    pub(crate) fn is_set(&self, bit: usize) -> bool {
        self.read(bit / WORD_BITS) >> (bit % WORD_BITS) & 1 != 0
    }

    /// Tells if a bit of `range` is set.
    pub(crate) fn any_set(&self, range: Range<usize>) -> bool {
        masked_words(range).any(|(word, mask)| self.read(word) & mask != 0)
    }

    /// Returns the lowest bit of `range` that is clear.
    pub(crate) fn first_clear(&self, range: Range<usize>) -> Option<usize> {
        masked_words(range).find_map(|(word, mask)| {
            let clear = !self.read(word) & mask;
            (clear != 0).then(|| word * WORD_BITS + clear.trailing_zeros() as usize)
        })
    }

    /// Returns the highest bit of `range` that is clear.
    pub(crate) fn last_clear(&self, range: Range<usize>) -> Option<usize> {
        masked_words(range).rev().find_map(|(word, mask)| {
            let clear = !self.read(word) & mask;
            clear.checked_ilog2().map(|bit| word * WORD_BITS + bit as usize)
        })
    }
}

/// Returns the words that hold `range`, each with a mask of its bits in `range`.
fn masked_words(range: Range<usize>) -> impl DoubleEndedIterator<Item = (usize, u64)> {
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
