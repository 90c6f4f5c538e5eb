//! Signatures of tables, and other texts of fixed length.

use core::fmt;

/// The four letters that name a table. Characters that aren't ASCII are shown as dots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 4]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Text(&self.0))
    }
}

/// A text of fixed length. It is shown without the spaces and zeros at its end;
/// characters that aren't ASCII are shown as dots.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.0.iter().rposition(|byte| !matches!(byte, b' ' | 0)).map_or(0, |at| at + 1);
        for &byte in &self.0[..len] {
            let is_shown = matches!(byte, b' '..=b'~');
            write!(f, "{}", if is_shown { char::from(byte) } else { '.' })?;
        }
        // Pads to the width of the format.
        let fill = f.width().unwrap_or(0).saturating_sub(len);
        (0..fill).try_for_each(|_| f.write_str(" "))
    }
}
