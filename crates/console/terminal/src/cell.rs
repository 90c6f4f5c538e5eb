//! A cell: a character and its style.

use crate::Color;

/// The style of a character.
///
/// Other attributes (slanted, blinking, concealed, crossed out) are not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The colour of the character.
    pub foreground: Color,
    /// The colour of the background.
    pub background: Color,
    /// Bold, or bright.
    pub bold: bool,
    /// Darker than usual.
    pub faint: bool,
    /// Underlined.
    pub underline: bool,
    /// The two colours are exchanged.
    pub reverse: bool,
}

impl Style {
    /// Returns the colours to show, as (foreground, background). `default` has those for
    /// [`Color::Default`]. Bold text in one of the first eight colours is shown in its
    /// bright variant. With [`reverse`](Self::reverse) the two are exchanged.
    pub fn colors(self, default: (Color, Color)) -> (Color, Color) {
        let or = |color, default| if color == Color::Default { default } else { color };
        let foreground = or(self.foreground, default.0);
        let foreground = if self.bold { foreground.brightened() } else { foreground };
        let background = or(self.background, default.1);
        if self.reverse { (background, foreground) } else { (foreground, background) }
    }
}

/// A character and its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The character; a blank where there is none.
    pub character: char,
    /// Its style.
    pub style: Style,
}

impl Cell {
    /// Returns an erased cell: blank, with the background of `style`, the cursor's style.
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
