//! Bitmaps: a set bit is a block or an inode in use.

use core::ops::Range;

fn is_set(bits: &[u8], index: usize) -> bool {
    bits[index / 8] & 1 << (index % 8) != 0
}

/// Sets or clears the bits of a range. Returns how many of them have changed.
pub(crate) fn put(bits: &mut [u8], range: Range<usize>, value: bool) -> usize {
    let mut changed = 0;
    for index in range {
        if is_set(bits, index) != value {
            bits[index / 8] ^= 1 << (index % 8);
            changed += 1;
        }
    }
    changed
}

/// Returns whether all bits of a range are set.
pub(crate) fn all_set(bits: &[u8], mut range: Range<usize>) -> bool {
    while let Some(index) = range.next() {
        if index.is_multiple_of(8) && range.len() >= 7 && bits[index / 8] == 0xFF {
            range.start += 7;
        } else if !is_set(bits, index) {
            return false;
        }
    }
    true
}

/// Returns the first clear bit of a range.
pub(crate) fn first_clear(bits: &[u8], range: Range<usize>) -> Option<usize> {
    let mut index = range.start;
    while index < range.end {
        let word = bits[index / 8..].first_chunk().map(|word| u64::from_ne_bytes(*word));
        if word == Some(u64::MAX) && index.is_multiple_of(8) {
            index += 64;
            continue;
        }
        let byte = bits[index / 8] | ((1_u16 << (index % 8)) - 1) as u8;
        if byte != 0xFF {
            let found = index / 8 * 8 + byte.trailing_ones() as usize;
            return (found < range.end).then_some(found);
        }
        index = (index / 8 + 1) * 8;
    }
    None
}

/// Returns the number of clear bits from `from` on, at most up to `end`.
pub(crate) fn clear_len(bits: &[u8], from: usize, end: usize) -> usize {
    (from..end).take_while(|index| !is_set(bits, *index)).count()
}

/// Returns a clear bit of the first `end` ones: `goal`, or else one near it where many are clear.
pub(crate) fn find(bits: &[u8], goal: usize, end: usize) -> Option<usize> {
    if goal < end && !is_set(bits, goal) {
        return Some(goal);
    }
    let goal = goal.min(end);
    let clear_byte = |range: Range<usize>| {
        let bytes = range.start.div_ceil(8)..range.end / 8;
        let byte = bytes.clone().find(|byte| bits[*byte] == 0)?;
        let mut index = byte * 8;
        while index > range.start && !is_set(bits, index - 1) {
            index -= 1;
        }
        Some(index)
    };
    clear_byte(goal..end)
        .or_else(|| clear_byte(0..goal))
        .or_else(|| first_clear(bits, goal..end))
        .or_else(|| first_clear(bits, 0..goal))
}
