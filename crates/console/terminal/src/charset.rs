//! Character sets: ASCII, and DEC's with lines.
//!
//! Source: DEC, "VT100 User Guide", table 3-9 (special characters and line drawing).

/// What `_` to `~` are in DEC's set of special characters and lines.
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
    /// Returns the set that a final byte of `ESC (` names. The national ones aren't
    /// known, and are ASCII.
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

/// Which sets are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Charsets {
    /// G0 and G1.
    sets: [Charset; 2],
    /// Which of the two is in force.
    active: usize,
}

impl Charsets {
    /// Makes `charset` G0 or G1.
    pub(crate) fn designate(&mut self, index: usize, charset: Charset) {
        self.sets[index] = charset;
    }

    /// Puts G0 or G1 in force.
    pub(crate) fn shift(&mut self, index: usize) {
        self.active = index;
    }

    /// Returns what a character stands for.
    pub(crate) fn map(self, character: char) -> char {
        self.sets[self.active].map(character)
    }
}
