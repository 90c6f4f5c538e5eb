//! SGR: the style of the characters that follow.
//!
//! Source: ECMA-48, "SGR, Select Graphic Rendition"; "XTerm Control Sequences",
//! "Character Attributes (SGR)"; ITU-T T.416 for colours with colons.

use vte::Params;

use crate::{Color, Style};

impl Style {
    /// Applies the parameters of SGR, one by one. Unknown ones are ignored.
    pub(crate) fn select(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match *param {
                [38] => self.foreground = next_color(&mut params).unwrap_or(self.foreground),
                [48] => self.background = next_color(&mut params).unwrap_or(self.background),
                [38, ref color @ ..] => {
                    self.foreground = colon_color(color).unwrap_or(self.foreground);
                }
                [48, ref color @ ..] => {
                    self.background = colon_color(color).unwrap_or(self.background);
                }
                // Kinds of underlines; 0 for none.
                [4, kind] => self.underline = kind != 0,
                [code] => self.select_one(code),
                _ => {}
            }
        }
    }

    fn select_one(&mut self, code: u16) {
        match code {
            0 => *self = Self::default(),
            1 => self.bold = true,
            2 => self.faint = true,
            // Double underlines (21) are shown as single ones.
            4 | 21 => self.underline = true,
            7 => self.reverse = true,
            22 => (self.bold, self.faint) = (false, false),
            24 => self.underline = false,
            27 => self.reverse = false,
            30..=37 => self.foreground = indexed(code - 30),
            39 => self.foreground = Color::Default,
            40..=47 => self.background = indexed(code - 40),
            49 => self.background = Color::Default,
            90..=97 => self.foreground = indexed(code - 90 + 8),
            100..=107 => self.background = indexed(code - 100 + 8),
            _ => {}
        }
    }
}

fn indexed(index: u16) -> Color {
    Color::Indexed(index as u8)
}

/// Returns the colour that the next parameters describe, and consumes them: `5;n` or
/// `2;r;g;b`.
fn next_color<'a>(params: &mut impl Iterator<Item = &'a [u16]>) -> Option<Color> {
    let mut number = || params.next().and_then(|param| param.first().copied());
    match number()? {
        5 => color(&[5, number()?]),
        2 => color(&[2, number()?, number()?, number()?]),
        _ => None,
    }
}

/// Returns the colour that the numbers after a colon describe: `5:n`, `2:r:g:b`, or
/// `2::r:g:b` with an optional colour space after the first colon. Tolerances may follow.
fn colon_color(numbers: &[u16]) -> Option<Color> {
    match *numbers {
        [2, _space, red, green, blue, ..] => color(&[2, red, green, blue]),
        _ => color(numbers),
    }
}

/// Returns the colour of `numbers`; `None` if one of them is above 255.
fn color(numbers: &[u16]) -> Option<Color> {
    let byte = |number| u8::try_from(number).ok();
    match *numbers {
        [5, index] => Some(Color::Indexed(byte(index)?)),
        [2, red, green, blue] => Some(Color::Rgb(byte(red)?, byte(green)?, byte(blue)?)),
        _ => None,
    }
}
