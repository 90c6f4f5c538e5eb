//! The size of a terminal's window.

/// The size of a `struct winsize`.
pub const WINDOW_SIZE_BYTES: usize = 8;

/// The size of a terminal's window; all zero if it is unknown.
///
/// Source: ioctl_tty(2), TIOCGWINSZ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowSize {
    /// Rows of text.
    pub rows: u16,
    /// Columns of text.
    pub columns: u16,
    /// The width in pixels.
    pub x_pixels: u16,
    /// The height in pixels.
    pub y_pixels: u16,
}

impl WindowSize {
    /// Returns the size as Linux's `struct winsize`.
    pub fn to_bytes(self) -> [u8; WINDOW_SIZE_BYTES] {
        let mut bytes = [0; WINDOW_SIZE_BYTES];
        let words = [self.rows, self.columns, self.x_pixels, self.y_pixels];
        for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads the size from Linux's `struct winsize`.
    pub fn from_bytes(bytes: &[u8; WINDOW_SIZE_BYTES]) -> Self {
        let word = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        Self { rows: word(0), columns: word(2), x_pixels: word(4), y_pixels: word(6) }
    }
}
