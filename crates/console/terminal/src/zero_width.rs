//! Characters without a width.
//!
//! Source: The Unicode Standard, the blocks of combining characters, the variation
//! selectors and "General Punctuation".

use core::ops::RangeInclusive;

/// Characters that combine with the previous one, or are invisible. Only whole blocks are
/// listed: a table of all single characters would be larger than the rest of the terminal.
const RANGES: [RangeInclusive<char>; 12] = [
    '\u{0300}'..='\u{036F}',
    '\u{1AB0}'..='\u{1AFF}',
    '\u{1DC0}'..='\u{1DFF}',
    '\u{200B}'..='\u{200F}',
    '\u{202A}'..='\u{202E}',
    '\u{2060}'..='\u{2064}',
    '\u{2066}'..='\u{206F}',
    '\u{20D0}'..='\u{20FF}',
    '\u{FE00}'..='\u{FE0F}',
    '\u{FE20}'..='\u{FE2F}',
    '\u{FEFF}'..='\u{FEFF}',
    '\u{E0100}'..='\u{E01EF}',
];

/// Returns whether a character takes no cell.
pub(crate) fn is_zero_width(character: char) -> bool {
    // Almost all text is below the first range.
    character >= *RANGES[0].start() && RANGES.iter().any(|range| range.contains(&character))
}
