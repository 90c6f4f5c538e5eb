//! A cell: a character and how it looks.

use crate::Color;

/// How a character looks.
///
/// What isn't listed (slanted, blinking, concealed, crossed out) isn't kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The colour of the character.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
    /// Bold, or bright.
    pub bold: bool,
    /// Darker than usual.
    pub faint: bool,
    /// Underlined.
    pub underline: bool,
    /// The two colours are to be exchanged.
    pub reverse: bool,
}

impl Style {
    /// Returns the (foreground, background) to show: the colours of `default` where the
    /// style has [`Color::Default`], the bright one of the first eight colours for bold
    /// text, exchanged for [`reverse`](Self::reverse).
    pub fn colors(self, default: (Color, Color)) -> (Color, Color) {
        let or = |color, default| if color == Color::Default { default } else { color };
        let foreground = or(self.foreground, default.0);
        let foreground = if self.bold { foreground.brightened() } else { foreground };
        let background = or(self.background, default.1);
        if self.reverse { (background, foreground) } else { (foreground, background) }
    }
}

/// A character and how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The character; a blank where there is none.
    pub character: char,
    /// How it looks.
    pub style: Style,
}

impl Cell {
    /// Returns a blank cell, as erasing leaves it where `style` is the one in force: of
    /// that only the background stays.
    pub(crate) fn erased(style: Style) -> Self {
        let Style { background, .. } = style;
        Self { character: ' ', style: Style { background, ..Style::default() } }
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self { character: ' ', style: Style::default() }
    }
}
