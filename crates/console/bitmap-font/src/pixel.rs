//! The format of a framebuffer's pixels.

/// The widest row of a glyph, in pixels.
pub const WIDTH_MAX: usize = 32;

/// The bits of one colour in a pixel: the lowest bit, and the number of bits.
type Field = (u8, u8);

/// How the pixels of a framebuffer encode colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    bytes: usize,
    fields: [Field; 3],
}

impl PixelFormat {
    /// Returns the format of pixels with `depth_bits`. `None` if that is not 15 to 32, or
    /// a colour has bits beyond it.
    pub fn try_new(depth_bits: u8, red: Field, green: Field, blue: Field) -> Option<Self> {
        let fields = [red, green, blue];
        let fits = |&(lowest, bits): &Field| {
            (1..=16).contains(&bits) && lowest.checked_add(bits).is_some_and(|end| end <= 32)
        };
        let bytes = usize::from(depth_bits).div_ceil(8);
        let is_known = (15..=32).contains(&depth_bits)
            && fields.iter().all(fits)
            && fields.iter().all(|&(lowest, bits)| usize::from(lowest + bits) <= 8 * bytes);
        is_known.then_some(Self { bytes, fields })
    }

    /// Returns the size of a pixel, in bytes: 2 to 4.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the pixel of a colour, given as red, green and blue.
    pub fn encode(&self, colour: [u8; 3]) -> u32 {
        self.fields.iter().zip(colour).fold(0, |pixel, (&(lowest, bits), value)| {
            let value = u32::from(value);
            let scaled = if bits <= 8 { value >> (8 - bits) } else { value << (bits - 8) };
            pixel | scaled << lowest
        })
    }

    /// Writes one row of a glyph to `pixels`: bits that are set in `row`, from the
    /// highest on, in `foreground`, the others in `background`. Returns the number of
    /// bytes written.
    ///
    /// # Panics
    /// If `width` is more than [`WIDTH_MAX`], or `pixels` is too short.
    pub fn write_row(
        &self,
        row: u32,
        width: usize,
        foreground: u32,
        background: u32,
        pixels: &mut [u8],
    ) -> usize {
        assert!(width <= WIDTH_MAX, "a row of {width} pixels");
        let len_bytes = width * self.bytes;
        let chunks = pixels[..len_bytes].chunks_exact_mut(self.bytes);
        for (x, pixel) in chunks.enumerate() {
            let is_set = row >> (31 - x) & 1 != 0;
            let value = if is_set { foreground } else { background };
            pixel.copy_from_slice(&value.to_le_bytes()[..self.bytes]);
        }
        len_bytes
    }
}
