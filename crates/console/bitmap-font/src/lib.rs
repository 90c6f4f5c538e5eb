//! Characters as pixels: a font in several sizes, and the pixel formats of framebuffers.
//!
//! ```
//! use bitmap_font::{Font, FontSize, PixelFormat};
//! let font = Font::new(FontSize::for_screen(1024, 768));
//! let format = PixelFormat::try_new(32, (16, 8), (8, 8), (0, 8)).unwrap();
//! let mut row = [0; 8 * 4];
//! let (white, black) = (format.encode([255; 3]), format.encode([0; 3]));
//! format.write_row(font.glyph('I').row(5), font.width(), white, black, &mut row);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod font;
mod pixel;
mod psf;
#[cfg(test)]
mod tests;

pub use font::{Font, FontSize, Glyph};
pub use pixel::{PixelFormat, WIDTH_MAX};
