//! Character sets: ASCII, and DEC's set for drawing lines.
//!
//! Source: DEC, "VT100 User Guide", table 3-9 (special characters and line drawing).

/// The characters for `_` to `~` in DEC's special graphics set.
const DEC_SPECIAL: [char; 32] = [
    ' ', '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─',
    '⎼', '⎽', '├', '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

/// A character set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Charset {
    #[default]
    Ascii,
    DecSpecial,
}

impl Charset {
    /// Returns the set that the final byte of `ESC (` or `ESC )` names. National sets are
    /// not supported: they are ASCII.
    pub(crate) fn named(byte: u8) -> Self {
        if byte == b'0' { Self::DecSpecial } else { Self::Ascii }
    }

    fn map(self, character: char) -> char {
        match (self, character) {
            (Self::DecSpecial, '_'..='~') => DEC_SPECIAL[character as usize - '_' as usize],
            _ => character,
        }
    }
}

/// The sets that the program has selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Charsets {
    /// G0 and G1.
    sets: [Charset; 2],
    /// The index of the set in use.
    active: usize,
}

impl Charsets {
    /// Selects `charset` as G0 or G1.
    pub(crate) fn designate(&mut self, index: usize, charset: Charset) {
        self.sets[index] = charset;
    }

    /// Switches to G0 or G1.
    pub(crate) fn shift(&mut self, index: usize) {
        self.active = index;
    }

    /// Converts a character by the set in use.
    pub(crate) fn map(self, character: char) -> char {
        self.sets[self.active].map(character)
    }
}
