//! A row of bits with summaries above it: in each higher row a bit stands for a word of the
//! row below, and is set if a bit of that word is set. The topmost row is one word.
//!
//! Setting, clearing or finding a bit accesses one or two words of each row.

use core::ops::Range;

use crate::bits::{Bits, WORD_BITS, highest_bit, lowest_bit, up_to};

/// The most rows: 64 to the fifth is [`crate::FRAMES_MAX`].
const ROWS_MAX: usize = 5;

/// The positions of the rows of a tree, from its first word on.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    /// The first word of each row, and the word after the last row.
    starts: [usize; ROWS_MAX + 1],
    rows: usize,
}

impl Shape {
    /// A tree of no rows.
    pub(crate) const EMPTY: Self = Self { starts: [0; ROWS_MAX + 1], rows: 0 };

    /// Lays out a tree whose lowest row has `bits`.
    pub(crate) const fn new(bits: usize) -> Self {
        let mut shape = Self::EMPTY;
        let mut words = words_for(bits);
        loop {
            shape.starts[shape.rows + 1] = shape.starts[shape.rows] + words;
            shape.rows += 1;
            if words == 1 {
                return shape;
            }
            words = words_for(words);
        }
    }

    /// Returns the number of words of the tree.
    pub(crate) const fn words(&self) -> usize {
        self.starts[self.rows]
    }
}

/// Returns the number of words that hold `bits`; at least one.
pub(crate) const fn words_for(bits: usize) -> usize {
    if bits == 0 { 1 } else { bits.div_ceil(WORD_BITS) }
}

/// A tree, whose first word in the storage is `start`.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'s> {
    pub(crate) shape: &'s Shape,
    pub(crate) start: usize,
}

impl Tree<'_> {
    fn row_start(&self, row: usize) -> usize {
        self.start + self.shape.starts[row]
    }

    fn row_words(&self, row: usize) -> usize {
        self.shape.starts[row + 1] - self.shape.starts[row]
    }

    /// Sets or clears `bit`, which has the opposite value.
    #[inline]
    pub(crate) fn toggle(&self, bits: &mut Bits<'_>, bit: usize, set: bool) {
        let mut bit = bit;
        for row in 0..self.shape.rows {
            let word = self.row_start(row) + bit / WORD_BITS;
            let old = bits.read(word);
            let new = old ^ 1 << (bit % WORD_BITS);
            bits.write(word, new);
            // The bit above a word changes if the word was or is empty.
            if (if set { old } else { new }) != 0 {
                return;
            }
            bit /= WORD_BITS;
        }
    }

    /// Sets or clears all bits of `range`.
    pub(crate) fn fill(&self, bits: &mut Bits<'_>, range: Range<usize>, set: bool) {
        let mut range = range;
        for row in 0..self.shape.rows {
            if range.is_empty() {
                return;
            }
            let words = range.start / WORD_BITS..range.end.div_ceil(WORD_BITS);
            let base = self.row_start(row) * WORD_BITS;
            let place = base + range.start..base + range.end;
            // The bit above a word changes if the word was empty before its first
            // bit is set, or is empty after its last bit is cleared.
            range = if set {
                let changed = self.without_full_ends(bits, row, words);
                bits.fill(place, true);
                changed
            } else {
                bits.fill(place, false);
                self.without_full_ends(bits, row, words)
            };
        }
    }

    /// Returns `words` of a row without the first and the last if they have a set bit.
    fn without_full_ends(
        &self,
        bits: &Bits<'_>,
        row: usize,
        mut words: Range<usize>,
    ) -> Range<usize> {
        if self.read(bits, row, words.start) != 0 {
            words.start += 1;
        }
        if !words.is_empty() && self.read(bits, row, words.end - 1) != 0 {
            words.end -= 1;
        }
        words
    }

    /// Returns the highest set bit below `end`.
    #[inline]
    pub(crate) fn last_below(&self, bits: &Bits<'_>, end: usize) -> Option<usize> {
        let mut end = end;
        for row in 0..self.shape.rows {
            let last = end.checked_sub(1)?;
            let word = last / WORD_BITS;
            let rest = self.read(bits, row, word) & up_to(last % WORD_BITS);
            if rest != 0 {
                let mut bit = word * WORD_BITS + highest_bit(rest);
                for lower in (0..row).rev() {
                    bit = bit * WORD_BITS + highest_bit(self.read(bits, lower, bit));
                }
                return Some(bit);
            }
            end = word;
        }
        None
    }

    /// Returns the lowest set bit that isn't below `from`.
    pub(crate) fn first_from(&self, bits: &Bits<'_>, from: usize) -> Option<usize> {
        let mut from = from;
        for row in 0..self.shape.rows {
            let word = from / WORD_BITS;
            if word >= self.row_words(row) {
                return None;
            }
            let rest = self.read(bits, row, word) & !0 << (from % WORD_BITS);
            if rest != 0 {
                let mut bit = word * WORD_BITS + lowest_bit(rest);
                for lower in (0..row).rev() {
                    bit = bit * WORD_BITS + lowest_bit(self.read(bits, lower, bit));
                }
                return Some(bit);
            }
            from = word + 1;
        }
        None
    }

    fn read(&self, bits: &Bits<'_>, row: usize, word: usize) -> u64 {
        bits.read(self.row_start(row) + word)
    }

    /// Returns whether `bit` is set; panics unless the rows above agree with the lowest.
    #[cfg(test)]
    pub(crate) fn assert_consistent(&self, bits: &Bits<'_>, is_set: impl Fn(usize) -> bool) {
        for bit in 0..self.row_words(0) * WORD_BITS {
            let set = self.read(bits, 0, bit / WORD_BITS) >> (bit % WORD_BITS) & 1 != 0;
            assert_eq!(set, is_set(bit), "row 0, bit {bit}");
        }
        for row in 1..self.shape.rows {
            for bit in 0..self.row_words(row) * WORD_BITS {
                let set = self.read(bits, row, bit / WORD_BITS) >> (bit % WORD_BITS) & 1 != 0;
                let below = bit < self.row_words(row - 1) && self.read(bits, row - 1, bit) != 0;
                assert_eq!(set, below, "row {row}, bit {bit}");
            }
        }
        assert_eq!(self.row_words(self.shape.rows - 1), 1);
    }
}
