//! Files in the PC Screen Font format, which the Linux console uses.
//!
//! Source: "The PC Screen Fonts", A. E. Brouwer (both versions, with their tables
//! of Unicode characters).

/// A font file.
#[derive(Clone, Debug)]
pub(crate) struct PsfFile<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// The rows of all glyphs, each row in whole bytes.
    bitmaps: &'a [u8],
    /// The table of each glyph's characters.
    table: Table<'a>,
}

/// The characters of each glyph, as the file encodes them.
#[derive(Clone, Debug)]
enum Table<'a> {
    /// Version 1: words of 16 bits, little-endian. 0xFFFF ends a glyph's characters;
    /// sequences of characters follow 0xFFFE.
    Words(&'a [u8]),
    /// Version 2: UTF-8. 0xFF ends a glyph's characters; sequences of characters follow
    /// 0xFE.
    Utf8(&'a [u8]),
}

impl<'a> PsfFile<'a> {
    /// Reads the header. `None` if `file` is not in this format, or has no table of
    /// characters.
    pub(crate) fn try_new(file: &'a [u8]) -> Option<Self> {
        match file {
            [0x36, 0x04, mode, height, rest @ ..] if mode & 2 != 0 => {
                let height = usize::from(*height);
                let glyphs = if mode & 1 != 0 { 512 } else { 256 };
                let (bitmaps, table) = rest.split_at_checked(glyphs * height)?;
                Some(Self { width: 8, height, bitmaps, table: Table::Words(table) })
            }
            [0x72, 0xB5, 0x4A, 0x86, ..] => {
                let word = |index: usize| {
                    let bytes = file.get(4 * index..4 * index + 4)?;
                    Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
                };
                let (head_bytes, has_table, glyphs) = (word(2)?, word(3)? & 1 != 0, word(4)?);
                let (glyph_bytes, height, width) = (word(5)?, word(6)?, word(7)?);
                let rest = file.get(head_bytes..)?;
                let (bitmaps, table) = rest.split_at_checked(glyphs.checked_mul(glyph_bytes)?)?;
                let is_sound = has_table && glyph_bytes == height * width.div_ceil(8);
                is_sound.then_some(Self { width, height, bitmaps, table: Table::Utf8(table) })
            }
            _ => None,
        }
    }

    /// Calls `see` with each character that has a glyph, and with the glyph's index.
    pub(crate) fn for_each_character(&self, mut see: impl FnMut(char, usize)) {
        match self.table {
            Table::Words(table) => {
                let (mut glyph, mut is_sequence) = (0, false);
                for word in table.chunks_exact(2) {
                    match u16::from_le_bytes([word[0], word[1]]) {
                        0xFFFF => (glyph, is_sequence) = (glyph + 1, false),
                        0xFFFE => is_sequence = true,
                        code if !is_sequence => {
                            char::from_u32(code.into()).into_iter().for_each(|c| see(c, glyph));
                        }
                        _ => {}
                    }
                }
            }
            Table::Utf8(table) => {
                for (glyph, entry) in table.split(|&byte| byte == 0xFF).enumerate() {
                    let singles = entry.split(|&byte| byte == 0xFE).next().unwrap_or(&[]);
                    let text = core::str::from_utf8(singles).unwrap_or("");
                    text.chars().for_each(|c| see(c, glyph));
                }
            }
        }
    }

    /// Returns the rows of a glyph, each in whole bytes; the leftmost pixel is the
    /// highest bit. Empty if the file has no such glyph.
    pub(crate) fn glyph(&self, glyph: usize) -> &'a [u8] {
        let glyph_bytes = self.width.div_ceil(8) * self.height;
        self.bitmaps.get(glyph * glyph_bytes..(glyph + 1) * glyph_bytes).unwrap_or(&[])
    }
}
