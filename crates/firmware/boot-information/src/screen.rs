//! The screen that the loader has initialized.

use crate::problem::Problem;
use crate::tags::TagKind;
use table_bytes::{read_u8, read_u16, read_u32, read_u64};

/// A screen that the loader has initialized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Physical address of the first cell or pixel; never 0.
    pub address: u64,
    /// Bytes from one line to the next.
    pub pitch_bytes: u32,
    /// In characters for [`ScreenKind::Text`], otherwise in pixels.
    pub width: u32,
    /// In characters for [`ScreenKind::Text`], otherwise in pixels.
    pub height: u32,
    /// Bits a pixel; 16 for [`ScreenKind::Text`].
    pub depth_bits: u8,
    /// The format of its cells or pixels.
    pub kind: ScreenKind,
}

/// The format of a screen's cells or pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreenKind {
    /// VGA text: for each cell a byte for the character and one for the attribute.
    Text,
    /// Each pixel is an index into a palette.
    Indexed,
    /// Each pixel holds three colours, given as (lowest bit, number of bits).
    Rgb {
        /// The bits of red.
        red: (u8, u8),
        /// The bits of green.
        green: (u8, u8),
        /// The bits of blue.
        blue: (u8, u8),
    },
}

/// The offset of the fields that depend on the kind.
const COLOURS: usize = 24;
/// The size of a palette's entry.
const PALETTE_ENTRY_BYTES: usize = 3;

impl Screen {
    /// Reads a tag's payload.
    ///
    /// # Errors
    /// [`Problem`] if the payload is too short, of an unknown kind, or without an address
    /// or size.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, Problem> {
        const MALFORMED: Problem = Problem::MalformedTag(TagKind::Framebuffer);
        let kind = match read_u8(payload, 21).ok_or(MALFORMED)? {
            0 => {
                let colours = read_u16(payload, COLOURS).ok_or(MALFORMED)?;
                let palette_bytes = usize::from(colours) * PALETTE_ENTRY_BYTES;
                payload
                    .get(COLOURS + 2..)
                    .filter(|palette| palette.len() >= palette_bytes)
                    .ok_or(MALFORMED)?;
                ScreenKind::Indexed
            }
            1 => {
                let field = |offset| {
                    let [position, bits] =
                        [0, 1].map(|byte| read_u8(payload, COLOURS + offset + byte));
                    position.zip(bits).ok_or(MALFORMED)
                };
                ScreenKind::Rgb { red: field(0)?, green: field(2)?, blue: field(4)? }
            }
            2 => ScreenKind::Text,
            _ => return Err(Problem::UnknownScreen),
        };
        let word = |offset| read_u32(payload, offset).ok_or(MALFORMED);
        let screen = Self {
            address: read_u64(payload, 0).ok_or(MALFORMED)?,
            pitch_bytes: word(8)?,
            width: word(12)?,
            height: word(16)?,
            depth_bits: read_u8(payload, 20).ok_or(MALFORMED)?,
            kind,
        };
        // A graphics output of UEFI may have no framebuffer; GRUB then passes address 0.
        if screen.address == 0 || screen.len_bytes() == 0 || screen.width == 0 {
            return Err(Problem::ScreenWithoutMemory);
        }
        Ok(screen)
    }

    /// Returns the length of the screen's memory in bytes.
    pub fn len_bytes(&self) -> u64 {
        u64::from(self.pitch_bytes) * u64::from(self.height)
    }
}
