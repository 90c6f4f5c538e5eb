//! The font.

use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;

use spleen_font::{FONT_8X16, FONT_12X24, FONT_16X32, FONT_32X64};

use crate::psf::PsfFile;

/// What is taken of the font: ASCII, Latin-1, box drawing, block elements.
const RANGES: [RangeInclusive<char>; 3] = [' '..='~', '\u{A0}'..='\u{FF}', '\u{2500}'..='\u{259F}'];

/// What is shown for a character that the font doesn't have: a shade.
const MISSING: char = '\u{2592}';

/// The size of a character's cell, in pixels.
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
    /// All of them, from small to large.
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

    /// Returns the largest size with which a screen of so many pixels still has 120
    /// columns and 40 rows; the smallest if none has.
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

/// There is no memory for the table of glyphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl fmt::Display for NoMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no memory for the font")
    }
}

impl core::error::Error for NoMemory {}

/// A font in one size, ready for constant-time look-ups.
#[derive(Clone, Debug)]
pub struct Font {
    width: usize,
    height: usize,
    /// The rows of all glyphs in the order of [`RANGES`]; a row's leftmost pixel is
    /// its highest bit.
    rows: Vec<u32>,
}

impl Font {
    /// Makes the font's table.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn try_new(size: FontSize) -> Result<Self, NoMemory> {
        let file = PsfFile::try_new(size.file()).expect("the file is part of the crate");
        let (width, height) = (file.width, file.height);
        let len = RANGES.into_iter().flatten().count() * height;
        let mut rows = Vec::new();
        rows.try_reserve_exact(len).map_err(|_| NoMemory)?;
        rows.resize(len, 0);
        file.for_each_character(|character, glyph| {
            if let Some(index) = index(character) {
                let place = &mut rows[index * height..(index + 1) * height];
                place.iter_mut().zip(file.rows(glyph)).for_each(|(row, bits)| *row = bits);
            }
        });
        Ok(Self { width, height, rows })
    }

    /// Returns the width of a cell, in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the height of a cell, in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Tells whether the font has a glyph for `character`.
    pub fn has(character: char) -> bool {
        RANGES.iter().any(|range| range.contains(&character))
    }

    /// Returns the glyph of `character`; a shade if there is none.
    pub fn glyph(&self, character: char) -> Glyph<'_> {
        let index = index(character).or_else(|| index(MISSING)).unwrap_or(0);
        Glyph(&self.rows[index * self.height..(index + 1) * self.height])
    }
}

/// Returns the index of a character's glyph.
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

/// A character's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph<'a>(&'a [u32]);

impl Glyph<'_> {
    /// Returns a row's pixels, from the top; the leftmost is the highest bit.
    ///
    /// # Panics
    /// If the font isn't that high.
    pub fn row(&self, y: usize) -> u32 {
        self.0[y]
    }
}
