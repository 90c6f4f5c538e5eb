//! The levels: the positions of their words, the search for a block, and updates that keep
//! them consistent.

use core::ops::Range;

use crate::bits::{Bits, WORD_BITS, highest_bit, up_to};
use crate::order::{WORD_ORDERS, block_starts, only_block_with, orders_in};
use crate::tree::{Shape, Tree, words_for};

/// The most levels: 64 to the fifth is [`crate::FRAMES_MAX`], and a level of one bit stands
/// for all of these.
const LEVELS_MAX: usize = 6;

/// One level: a row of bits, and a tree for each order within a word.
#[derive(Clone, Copy)]
pub(crate) struct Level {
    /// The first word of the row in the storage; its trees are after it.
    start: usize,
    bits: usize,
    /// The shape of each tree: it has a bit for each word of the row.
    shape: Shape,
}

impl Level {
    const EMPTY: Self = Self { start: 0, bits: 0, shape: Shape::EMPTY };

    const fn row_words(&self) -> usize {
        words_for(self.bits)
    }

    const fn words(&self) -> usize {
        self.row_words() + WORD_ORDERS * self.shape.words()
    }

    /// Returns the tree of the words that have a free block of the order `order`.
    #[inline]
    pub(crate) fn tree(&self, order: usize) -> Tree<'_> {
        let start = self.start + self.row_words() + order * self.shape.words();
        Tree { shape: &self.shape, start }
    }
}

/// The positions of the levels and the managed bits in the storage.
pub(crate) struct StorageLayout {
    levels: [Level; LEVELS_MAX],
    /// The number of levels.
    count: usize,
    /// The first word of the managed bits, after the levels.
    managed: usize,
    /// The number of all words.
    pub(crate) words: usize,
}

impl StorageLayout {
    /// Lays out the words for `frames`, at most [`crate::FRAMES_MAX`].
    pub(crate) const fn new(frames: usize) -> Self {
        let mut levels = [Level::EMPTY; LEVELS_MAX];
        let (mut count, mut start, mut bits) = (0, 0, frames);
        loop {
            let row_words = words_for(bits);
            levels[count] = Level { start, bits, shape: Shape::new(row_words) };
            start += levels[count].words();
            count += 1;
            if bits <= 1 {
                return Self { levels, count, managed: start, words: start + words_for(frames) };
            }
            bits = row_words;
        }
    }

    /// Returns the positions of the managed bits of `frames` in the storage.
    pub(crate) fn managed_bits(&self, frames: &Range<usize>) -> Range<usize> {
        let base = self.managed * WORD_BITS;
        base + frames.start..base + frames.end
    }

    /// Returns the level of single frames.
    pub(crate) fn frames(&self) -> &Level {
        &self.levels[0]
    }

    /// Returns the highest free frame that isn't above `last`, a frame of the bitmap.
    #[inline]
    pub(crate) fn last_free(&self, bits: &Bits<'_>, last: usize) -> Option<usize> {
        let word = last / WORD_BITS;
        let rest = bits.read(word) & up_to(last % WORD_BITS);
        if rest != 0 {
            return Some(word * WORD_BITS + highest_bit(rest));
        }
        let word = self.levels[0].tree(0).last_below(bits, word)?;
        Some(word * WORD_BITS + highest_bit(bits.read(word)))
    }

    /// Returns the highest frame, not above `last_start`, at which a block of the order
    /// `order` begins whose frames are all free.
    #[inline]
    pub(crate) fn last_block(
        &self,
        bits: &Bits<'_>,
        order: usize,
        last_start: usize,
    ) -> Option<usize> {
        let (level_number, order) = (order / WORD_ORDERS, order % WORD_ORDERS);
        let level = self.levels[..self.count].get(level_number)?;
        let shift = level_number * WORD_ORDERS;
        let last = (last_start >> shift).min(level.bits.checked_sub(1)?);
        // Only the word that contains the bound may have blocks above the bound.
        let mut word = last / WORD_BITS;
        let within = up_to(last % WORD_BITS);
        let mut starts = block_starts(bits.read(level.start + word), order) & within;
        if starts == 0 {
            word = level.tree(order).last_below(bits, word)?;
            starts = block_starts(bits.read(level.start + word), order);
        }
        Some((word * WORD_BITS + highest_bit(starts)) << shift)
    }

    /// Marks `frame`, which has the opposite mark, and updates all levels.
    ///
    /// At each level, from the lowest on, one bit of one word changes. There are two cases:
    ///
    /// - The word was or becomes all free: its bit in the level above changes too. No tree of
    ///   this level changes, because the word has blocks of all orders even without the bit.
    /// - Otherwise the levels above don't change. At most one tree of this level changes, that
    ///   of the largest order: a block that lacks one bit still has blocks of all smaller
    ///   orders.
    #[inline]
    pub(crate) fn mark_one(&self, bits: &mut Bits<'_>, frame: usize, free: bool) {
        let mut bit = frame;
        for level in &self.levels[..self.count] {
            let (word, mask) = (bit / WORD_BITS, 1 << (bit % WORD_BITS));
            let old = bits.read(level.start + word);
            bits.write(level.start + word, old ^ mask);
            let with_bit = old | mask;
            if with_bit != u64::MAX {
                if let Some(order) = only_block_with(with_bit, bit % WORD_BITS) {
                    level.tree(order).toggle(bits, word, free);
                }
                return;
            }
            bit = word;
        }
    }

    /// Replaces a word of the frames' bits and updates all levels.
    #[inline]
    pub(crate) fn replace_word(&self, bits: &mut Bits<'_>, word: usize, new: u64) {
        self.replace(bits, 0, word, new);
    }

    /// Replaces a word of a level and updates the levels above.
    #[inline]
    fn replace(&self, bits: &mut Bits<'_>, from_level: usize, word: usize, new: u64) {
        let (mut word, mut new) = (word, new);
        for (number, level) in self.levels.iter().enumerate().take(self.count).skip(from_level) {
            let old = bits.read(level.start + word);
            bits.write(level.start + word, new);
            let (had, has) = (orders_in(old), orders_in(new));
            (has..had).for_each(|order| level.tree(order).toggle(bits, word, false));
            (had..has).for_each(|order| level.tree(order).toggle(bits, word, true));
            if (old == u64::MAX) == (new == u64::MAX) || number + 1 == self.count {
                return;
            }
            // The word becomes all free, or was all free.
            let above = &self.levels[number + 1];
            new = bits.read(above.start + word / WORD_BITS) ^ 1 << (word % WORD_BITS);
            word /= WORD_BITS;
        }
    }

    /// Marks `frames`, which all have the opposite mark, and updates all levels.
    pub(crate) fn mark(&self, bits: &mut Bits<'_>, frames: Range<usize>, free: bool) {
        let mut range = frames;
        for (number, level) in self.levels[..self.count].iter().enumerate() {
            // Whole words all change in the same way; words at the ends change in part.
            let whole = range.start.div_ceil(WORD_BITS)..range.end / WORD_BITS;
            if whole.is_empty() {
                crate::bits::masked_words(range).for_each(|(word, mask)| {
                    self.toggle_bits(bits, number, word, mask);
                });
                return;
            }
            for end in [range.start..whole.start * WORD_BITS, whole.end * WORD_BITS..range.end] {
                crate::bits::masked_words(end).for_each(|(word, mask)| {
                    self.toggle_bits(bits, number, word, mask);
                });
            }
            let base = level.start * WORD_BITS;
            bits.fill(base + whole.start * WORD_BITS..base + whole.end * WORD_BITS, free);
            for order in 0..WORD_ORDERS {
                level.tree(order).fill(bits, whole.clone(), free);
            }
            range = whole;
        }
    }

    fn toggle_bits(&self, bits: &mut Bits<'_>, level: usize, word: usize, mask: u64) {
        if mask != 0 {
            let old = bits.read(self.levels[level].start + word);
            self.replace(bits, level, word, old ^ mask);
        }
    }
}

#[cfg(test)]
impl crate::FrameBitmap<'_> {
    /// Panics unless the levels, the managed bits and the counters agree.
    pub(crate) fn assert_consistent(&self) {
        let layout = &self.layout;
        for (number, level) in layout.levels[..layout.count].iter().enumerate() {
            let read = |word| self.bits.read(level.start + word);
            for order in 0..WORD_ORDERS {
                let has_block =
                    |word| word < level.row_words() && block_starts(read(word), order) != 0;
                level.tree(order).assert_consistent(&self.bits, has_block);
            }
            if let Some(above) = layout.levels[..layout.count].get(number + 1) {
                for word in 0..level.row_words() {
                    let is_full = self.bits.is_set(above.start * WORD_BITS + word);
                    assert_eq!(is_full, read(word) == u64::MAX, "level {number}, word {word}");
                }
            }
        }
        let (mut managed, mut free) = (0, 0);
        for word in 0..layout.frames().row_words() {
            let (free_bits, managed_bits) =
                (self.bits.read(word), self.bits.read(layout.managed + word));
            assert_eq!(free_bits & !managed_bits, 0, "free but not managed, word {word}");
            managed += managed_bits.count_ones() as usize;
            free += free_bits.count_ones() as usize;
        }
        assert_eq!((managed, free), (self.managed, self.free));
        let end = layout.frames().row_words() * WORD_BITS;
        assert!(!self.bits.any_set(layout.managed_bits(&(self.frames..end))));
    }
}
