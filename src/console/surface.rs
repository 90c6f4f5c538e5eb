//! Devices that show cells of text: VGA text or a framebuffer.

use core::fmt;

use boot_information::BootInformation;
use terminal::{Cell, Color, Style};

use crate::drivers::video::framebuffer::{self, Framebuffer, Glyph};
use crate::drivers::video::vga_text::{self, VgaText};

/// The default colours at the start: light grey on black.
pub(super) const PLAIN: (Color, Color) = (Color::Indexed(7), Color::Indexed(0));

/// A device that shows cells.
#[derive(Clone, Copy)]
pub enum Surface {
    /// VGA text.
    VgaText(VgaText),
    /// A framebuffer.
    Framebuffer(&'static Framebuffer),
}

impl Surface {
    /// Returns the device that the loader has initialized. `None` if there is none, or it can't be
    /// used; that is logged with the reason.
    pub(super) fn find(information: &BootInformation) -> Option<Self> {
        match vga_text::start(information) {
            Ok(None) => {}
            Ok(Some(vga)) => return Some(Self::VgaText(vga)),
            Err(error) => {
                ::log::error!("no screen: the memory of VGA text can't be mapped: {error}");
                return None;
            }
        }
        match framebuffer::start(information, information.screen?) {
            Ok(framebuffer) => {
                framebuffer.clear([0; 3]);
                Some(Self::Framebuffer(framebuffer))
            }
            Err(error) => {
                ::log::error!("no screen: the loader's screen can't be used: {error}");
                None
            }
        }
    }

    /// Returns the number of rows and of columns.
    pub fn size(self) -> (usize, usize) {
        match self {
            Self::VgaText(_) => (vga_text::ROWS, vga_text::COLUMNS),
            Self::Framebuffer(framebuffer) => framebuffer.size(),
        }
    }

    /// Draws `cell`; `default` are the colours for [`Color::Default`]. Takes no lock.
    pub(super) fn draw(self, row: usize, column: usize, cell: Cell, default: (Color, Color)) {
        let (foreground, background) = cell.style.colors(default);
        match self {
            Self::VgaText(vga) => {
                let (foreground, background) =
                    (foreground.nearest_ansi(7), background.nearest_ansi(0));
                vga.draw(row, column, cell.character, foreground, background);
            }
            Self::Framebuffer(framebuffer) => {
                let glyph = Glyph {
                    character: cell.character,
                    foreground: foreground.rgb([0xFF; 3]),
                    background: background.rgb([0; 3]),
                    is_underlined: cell.style.underline,
                };
                framebuffer.draw(row, column, glyph);
            }
        }
    }

    /// Draws the cursor over `cell`, or hides it. The caller has to draw the cell at the cursor's
    /// previous position again. Takes no lock.
    pub(super) fn show_cursor(self, at: Option<(usize, usize, Cell)>, default: (Color, Color)) {
        match (self, at) {
            (Self::VgaText(vga), Some((row, column, _))) => vga.set_cursor(row, column),
            (Self::VgaText(vga), None) => vga.set_cursor(vga_text::ROWS, 0),
            (Self::Framebuffer(_), Some((row, column, cell))) => {
                let style = Style { reverse: !cell.style.reverse, ..cell.style };
                self.draw(row, column, Cell { style, ..cell }, default);
            }
            (Self::Framebuffer(_), None) => {}
        }
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = self.size();
        match self {
            Self::VgaText(_) => f.write_str("VGA text")?,
            Self::Framebuffer(framebuffer) => {
                let (width, height) = framebuffer.pixels();
                write!(f, "framebuffer {width} x {height}")?;
            }
        }
        write!(f, ", {columns} x {rows} characters")
    }
}
