//! Characters on a framebuffer.
//!
//! The framebuffer is only written: reading it is slow on any machine.

use core::sync::atomic::{AtomicU64, Ordering};

use bitmap_font::{Font, FontSize, PixelFormat, WIDTH_MAX};
use boot_information::{BootInformation, Screen, ScreenKind};
use spin::Once;
use x86_64::PhysAddr;

use crate::mm::kernel::device_memory::{self, DeviceMemory, Writes};
use crate::mm::kernel::screen_memory;

/// A colour as red, green and blue.
pub type Rgb = [u8; 3];

/// The largest pixel, in bytes.
const PIXEL_BYTES_MAX: usize = 4;

/// A character and its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// The character. If the font doesn't have it, a shaded block is shown.
    pub character: char,
    /// Its colour.
    pub foreground: Rgb,
    /// The colour of the background.
    pub background: Rgb,
    /// Whether it is underlined.
    pub is_underlined: bool,
}

/// A framebuffer with its font.
pub struct Framebuffer {
    memory: DeviceMemory,
    pitch_bytes: u64,
    format: PixelFormat,
    font: Font,
    width: usize,
    height: usize,
}

static FRAMEBUFFER: Once<Framebuffer> = Once::new();

/// The number of bytes written so far.
static BYTES_WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Returns the number of bytes written to the framebuffer so far.
pub fn bytes_written() -> u64 {
    BYTES_WRITTEN.load(Ordering::Relaxed)
}

/// Uses the screen that the loader has initialized, if its pixels hold colours. Needs no heap, and
/// still works after the kernel has loaded its own page tables. Called once.
///
/// # Errors
/// See [`Error`].
pub fn start(information: &BootInformation, screen: Screen) -> Result<&'static Framebuffer, Error> {
    let framebuffer = Framebuffer::try_new(information, screen)?;
    Ok(FRAMEBUFFER.call_once(|| framebuffer))
}

/// The reason why a framebuffer can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Its pixels are indices into a palette.
    NoColours,
    /// The format of its pixels is not supported.
    UnknownFormat,
    /// Its sizes contradict each other.
    Malformed,
    /// It is smaller than a character.
    TooSmall,
    /// Its memory can't be mapped.
    NotMapped(device_memory::Error),
}

impl core::fmt::Display for Error {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoColours => f.write_str("its pixels aren't colours"),
            Self::UnknownFormat => f.write_str("its pixels have an unknown format"),
            Self::Malformed => f.write_str("its sizes contradict each other"),
            Self::TooSmall => f.write_str("it is smaller than a character"),
            Self::NotMapped(error) => write!(f, "its memory can't be mapped: {error}"),
        }
    }
}

impl core::error::Error for Error {}

impl Framebuffer {
    fn try_new(information: &BootInformation, screen: Screen) -> Result<Self, Error> {
        let ScreenKind::Rgb { red, green, blue } = screen.kind else {
            return Err(Error::NoColours);
        };
        let format = PixelFormat::try_new(screen.depth_bits, red, green, blue)
            .ok_or(Error::UnknownFormat)?;
        let (width, height) = (screen.width as usize, screen.height as usize);
        let pitch_bytes = u64::from(screen.pitch_bytes);
        let start = PhysAddr::try_new(screen.address).map_err(|_| Error::Malformed)?;
        if pitch_bytes < (width * format.bytes()) as u64 {
            return Err(Error::Malformed);
        }
        let font = Font::new(FontSize::for_screen(width, height));
        if width < font.width() || height < font.height() {
            return Err(Error::TooSmall);
        }
        let len_bytes = pitch_bytes * u64::from(screen.height);
        // SAFETY: writes only change the picture.
        let memory = unsafe {
            screen_memory::map(information, "framebuffer", start, len_bytes, Writes::Combined)
        };
        let memory = memory.map_err(Error::NotMapped)?;
        Ok(Self { memory, pitch_bytes, format, font, width, height })
    }

    /// Returns the number of rows and columns of characters.
    pub fn size(&self) -> (usize, usize) {
        (self.height / self.font.height(), self.width / self.font.width())
    }

    /// Returns the width and height in pixels.
    pub fn pixels(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// Fills the whole screen with one colour.
    pub fn clear(&self, colour: Rgb) {
        let pixel = self.format.encode(colour);
        let mut pixels = [0; WIDTH_MAX * PIXEL_BYTES_MAX];
        let piece_bytes = self.format.write_row(0, WIDTH_MAX, pixel, pixel, &mut pixels);
        for y in 0..self.height {
            let line = y as u64 * self.pitch_bytes;
            let line_bytes = self.width * self.format.bytes();
            for x_bytes in (0..line_bytes).step_by(piece_bytes) {
                let piece = &pixels[..piece_bytes.min(line_bytes - x_bytes)];
                self.write(line + x_bytes as u64, piece);
            }
        }
    }

    /// Draws a character in a cell.
    ///
    /// # Panics
    /// If there is no such cell.
    pub fn draw(&self, row: usize, column: usize, glyph: Glyph) {
        let Glyph { character, foreground, background, is_underlined } = glyph;
        let (rows, columns) = self.size();
        assert!(row < rows && column < columns, "row {row}, column {column} of {rows}, {columns}");
        let glyph = self.font.glyph(character);
        let (foreground, background) =
            (self.format.encode(foreground), self.format.encode(background));
        let mut pixels = [0; WIDTH_MAX * PIXEL_BYTES_MAX];
        let x_bytes = column * self.font.width() * self.format.bytes();
        for y in 0..self.font.height() {
            let is_line = is_underlined && y + 2 == self.font.height();
            let bits = if is_line { !0 } else { glyph.row(y) };
            let len_bytes =
                self.format.write_row(bits, self.font.width(), foreground, background, &mut pixels);
            let line = (row * self.font.height() + y) as u64 * self.pitch_bytes;
            self.write(line + x_bytes as u64, &pixels[..len_bytes]);
        }
    }

    fn write(&self, offset_bytes: u64, pixels: &[u8]) {
        self.memory.write_bytes(offset_bytes, pixels);
        BYTES_WRITTEN.fetch_add(pixels.len() as u64, Ordering::Relaxed);
    }
}
