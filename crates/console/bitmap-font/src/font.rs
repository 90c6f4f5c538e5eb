//! A font in several sizes, with look-ups by character.

use core::ops::RangeInclusive;

use spleen_font::{FONT_8X16, FONT_12X24, FONT_16X32, FONT_32X64};

use crate::psf::PsfFile;

/// The characters that a [`Font`] holds: ASCII, Latin-1, box drawing, block elements.
const RANGES: [RangeInclusive<char>; 3] = [' '..='~', '\u{A0}'..='\u{FF}', '\u{2500}'..='\u{259F}'];

/// The glyph for a character that the font doesn't have: a shade.
const MISSING: char = '\u{2592}';

/// The size of one glyph, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FontSize {
    /// 8 wide, 16 high.
    Size8x16,
    /// 12 wide, 24 high.
    Size12x24,
    /// 16 wide, 32 high.
    Size16x32,
    /// 32 wide, 64 high.
    Size32x64,
}

impl FontSize {
    /// All sizes, from small to large.
    pub const ALL: [Self; 4] = [Self::Size8x16, Self::Size12x24, Self::Size16x32, Self::Size32x64];

    /// Returns (width, height) in pixels.
    pub const fn pixels(self) -> (usize, usize) {
        match self {
            Self::Size8x16 => (8, 16),
            Self::Size12x24 => (12, 24),
            Self::Size16x32 => (16, 32),
            Self::Size32x64 => (32, 64),
        }
    }

    /// Returns the largest size in which a screen of `width` × `height` pixels has at
    /// least 120 columns and 40 rows; the smallest size if there is none.
    pub fn for_screen(width: usize, height: usize) -> Self {
        const COLUMNS: usize = 120;
        const ROWS: usize = 40;
        let fits = |size: &Self| {
            let (cell_width, cell_height) = size.pixels();
            width / cell_width >= COLUMNS && height / cell_height >= ROWS
        };
        Self::ALL.into_iter().rfind(fits).unwrap_or(Self::Size8x16)
    }

    fn file(self) -> &'static [u8] {
        match self {
            Self::Size8x16 => FONT_8X16,
            Self::Size12x24 => FONT_12X24,
            Self::Size16x32 => FONT_16X32,
            Self::Size32x64 => FONT_32X64,
        }
    }
}

/// The number of characters in [`RANGES`].
const CHARACTERS: usize = {
    let [ascii, latin, drawing] = [95, 96, 160];
    ascii + latin + drawing
};

/// A font in one size, with look-ups in constant time. It needs no heap.
#[derive(Clone, Debug)]
pub struct Font {
    file: PsfFile<'static>,
    /// The index in the file of each character's glyph, in the order of [`RANGES`].
    glyphs: [u16; CHARACTERS],
}

impl Font {
    /// Makes a font from the file of `size`, which is part of this crate.
    pub fn new(size: FontSize) -> Self {
        let file = PsfFile::try_new(size.file()).expect("the file is part of the crate");
        let mut glyphs = [0; CHARACTERS];
        file.for_each_character(|character, glyph| {
            if let Some(index) = index(character) {
                glyphs[index] = glyph as u16;
            }
        });
        Self { file, glyphs }
    }

    /// Returns the width of a cell, in pixels.
    pub fn width(&self) -> usize {
        self.file.width
    }

    /// Returns the height of a cell, in pixels.
    pub fn height(&self) -> usize {
        self.file.height
    }

    /// Returns whether the font has a glyph for `character`.
    pub fn has(character: char) -> bool {
        RANGES.iter().any(|range| range.contains(&character))
    }

    /// Returns the glyph of `character`; a shade if there is none.
    pub fn glyph(&self, character: char) -> Glyph {
        let index = index(character).or_else(|| index(MISSING)).unwrap_or(0);
        let row_bytes = self.file.width.div_ceil(8);
        Glyph { bytes: self.file.glyph(self.glyphs[index].into()), row_bytes }
    }
}

/// Returns the index of `character` in [`RANGES`], if it is there.
fn index(character: char) -> Option<usize> {
    let mut before = 0;
    for range in RANGES {
        let (first, last) = (*range.start() as usize, *range.end() as usize);
        if range.contains(&character) {
            return Some(before + (character as usize - first));
        }
        before += last - first + 1;
    }
    None
}

/// The pixels of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    bytes: &'static [u8],
    row_bytes: usize,
}

impl Glyph {
    /// Returns the pixels of row `y`, counted from the top; the leftmost is the highest
    /// bit.
    ///
    /// # Panics
    /// If the glyph has no such row.
    pub fn row(&self, y: usize) -> u32 {
        let row = &self.bytes[y * self.row_bytes..(y + 1) * self.row_bytes];
        row.iter()
            .zip([24, 16, 8, 0])
            .fold(0, |bits, (&byte, shift)| bits | u32::from(byte) << shift)
    }
}
