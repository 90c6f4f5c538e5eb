//! The levels: where their words are, the search down and up through them, and
//! how they are kept in step.

use core::ops::Range;

use crate::FrameBitmap;
use crate::bits::WORD_BITS;

/// The most levels: 64 to the fifth is [`crate::FRAMES_MAX`].
const LEVELS_MAX: usize = 5;

/// Where the levels and the managed bits stand in the storage.
pub(crate) struct Layout {
    /// The first word of each level; that of the managed bits behind the last.
    starts: [usize; LEVELS_MAX + 1],
    /// How many levels there are.
    pub(crate) levels: usize,
    /// How many words there are in all.
    pub(crate) words: usize,
}

impl Layout {
    /// Lays out the words for `frames`, at most [`crate::FRAMES_MAX`].
    pub(crate) const fn new(frames: usize) -> Self {
        let frame_words = words_for(frames);
        let mut starts = [0; LEVELS_MAX + 1];
        let mut levels = 1;
        let mut level_words = frame_words;
        starts[1] = level_words;
        while level_words > 1 {
            level_words = words_for(level_words);
            starts[levels + 1] = starts[levels] + level_words;
            levels += 1;
        }
        Self { starts, levels, words: starts[levels] + frame_words }
    }

    /// Returns the place in the storage of a level's bits.
    fn level_bits(&self, level: usize, bits: &Range<usize>) -> Range<usize> {
        let base = self.starts[level] * WORD_BITS;
        base + bits.start..base + bits.end
    }

    /// Returns the place in the storage of the managed bits of `frames`.
    pub(crate) fn managed_bits(&self, frames: &Range<usize>) -> Range<usize> {
        self.level_bits(self.levels, frames)
    }

    /// Returns how many words a level has.
    pub(crate) fn level_words(&self, level: usize) -> usize {
        self.starts[level + 1] - self.starts[level]
    }
}

/// Returns how many words hold `bits`; at least one, so that there is a level.
const fn words_for(bits: usize) -> usize {
    if bits == 0 { 1 } else { bits.div_ceil(WORD_BITS) }
}

impl FrameBitmap<'_> {
    /// Marks the lowest free frame, which there is, as allocated; returns it.
    pub(crate) fn take_lowest(&mut self) -> usize {
        let mut frame = 0;
        let mut words = [0; LEVELS_MAX];
        for level in (0..self.layout.levels).rev() {
            words[level] = self.read(level, frame);
            frame = frame * WORD_BITS + lowest_bit(words[level]);
        }
        let mut place = frame;
        for (level, word) in words.into_iter().enumerate().take(self.layout.levels) {
            place /= WORD_BITS;
            let without_lowest = word & (word - 1);
            self.bits.write(self.layout.starts[level] + place, without_lowest);
            if without_lowest != 0 {
                break;
            }
        }
        frame
    }

    /// Returns the lowest free frame that isn't below `from`.
    pub(crate) fn next_free(&self, from: usize) -> Option<usize> {
        let mut bit = from;
        for level in 0..self.layout.levels {
            let word = bit / WORD_BITS;
            if word >= self.layout.level_words(level) {
                return None;
            }
            let rest = self.read(level, word) & (u64::MAX << (bit % WORD_BITS));
            if rest != 0 {
                return Some(self.descend(level, word * WORD_BITS + lowest_bit(rest)));
            }
            bit = word + 1;
        }
        None
    }

    /// Returns the lowest free frame below a set bit of a level. Bit 0 of the
    /// level above the topmost stands for all frames.
    fn descend(&self, level: usize, bit: usize) -> usize {
        (0..level)
            .rev()
            .fold(bit, |word, level| word * WORD_BITS + lowest_bit(self.read(level, word)))
    }

    /// Marks `frame` in level 0, where it is marked otherwise, and keeps the levels
    /// above in step.
    pub(crate) fn mark_one(&mut self, frame: usize, free: bool) {
        let mut bit = frame;
        for level in 0..self.layout.levels {
            let word = self.layout.starts[level] + bit / WORD_BITS;
            let old = self.bits.read(word);
            let new = old ^ 1 << (bit % WORD_BITS);
            self.bits.write(word, new);
            // The bit above a word changes if the word was or is empty.
            if (if free { old } else { new }) != 0 {
                return;
            }
            bit /= WORD_BITS;
        }
    }

    /// Marks `frames` in level 0 and keeps the levels above in step.
    pub(crate) fn mark(&mut self, frames: Range<usize>, free: bool) {
        let mut range = frames;
        for level in 0..self.layout.levels {
            if range.is_empty() {
                return;
            }
            let words = range.start / WORD_BITS..range.end.div_ceil(WORD_BITS);
            let bits = self.layout.level_bits(level, &range);
            // The bit above a word changes if the word was empty before its first
            // bit is set, or is empty after its last bit is cleared.
            range = if free {
                let changed = self.without_full_ends(level, words);
                self.bits.fill(bits, true);
                changed
            } else {
                self.bits.fill(bits, false);
                self.without_full_ends(level, words)
            };
        }
    }

    /// Returns `words` of a level without the first and the last if they have a
    /// set bit.
    fn without_full_ends(&self, level: usize, mut words: Range<usize>) -> Range<usize> {
        if self.read(level, words.start) != 0 {
            words.start += 1;
        }
        if !words.is_empty() && self.read(level, words.end - 1) != 0 {
            words.end -= 1;
        }
        words
    }

    /// Reads a word of a level.
    fn read(&self, level: usize, word: usize) -> u64 {
        self.bits.read(self.layout.starts[level] + word)
    }
}

/// Returns the number of the lowest set bit of a word that isn't 0.
fn lowest_bit(word: u64) -> usize {
    word.trailing_zeros() as usize
}

#[cfg(test)]
impl FrameBitmap<'_> {
    /// Panics unless the summaries, the managed bits and the counters agree.
    pub(crate) fn assert_consistent(&self) {
        let top = self.layout.levels - 1;
        assert_eq!(self.layout.level_words(top), 1);
        for level in 1..=top {
            let bits = self.layout.level_words(level) * WORD_BITS;
            for bit in 0..bits {
                let is_set = self.read(level, bit / WORD_BITS) >> (bit % WORD_BITS) & 1 != 0;
                let has_free =
                    bit < self.layout.level_words(level - 1) && self.read(level - 1, bit) != 0;
                assert_eq!(is_set, has_free, "level {level}, bit {bit}");
            }
        }
        let (mut managed, mut free) = (0, 0);
        for word in 0..self.layout.level_words(0) {
            let (free_bits, managed_bits) =
                (self.read(0, word), self.read(self.layout.levels, word));
            assert_eq!(free_bits & !managed_bits, 0, "free but not managed, word {word}");
            managed += managed_bits.count_ones() as usize;
            free += free_bits.count_ones() as usize;
        }
        assert_eq!((managed, free), (self.managed, self.free));
        let end = self.layout.level_words(0) * WORD_BITS;
        assert!(!self.bits.any_set(self.layout.managed_bits(&(self.frames..end))));
    }
}
