//! Writes the parts of the image before the code.

/// The size of the image: a page.
pub const IMAGE_BYTES: usize = 4096;

/// The offset of the code in the image.
pub const CODE_OFFSET: usize = 0x800;

/// Why there is no image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// The code is too large.
    CodeTooLarge,
    /// There are too many functions, or their names are too long.
    TooManyFunctions,
    /// A function is outside of the code.
    OutsideOfCode,
}

/// Writes the image, one part after the other.
pub(super) struct Writer<'a> {
    pub(super) image: &'a mut [u8; IMAGE_BYTES],
    pub(super) at: usize,
}

impl Writer<'_> {
    pub(super) fn align(&mut self, alignment: usize) -> usize {
        self.at = self.at.next_multiple_of(alignment);
        self.at
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        let end = self.at + bytes.len();
        if end > CODE_OFFSET {
            return Err(ImageError::TooManyFunctions);
        }
        self.image[self.at..end].copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    pub(super) fn u16s(&mut self, values: &[u16]) -> Result<(), ImageError> {
        values.iter().try_for_each(|value| self.bytes(&value.to_le_bytes()))
    }

    pub(super) fn u32s(&mut self, values: &[u32]) -> Result<(), ImageError> {
        values.iter().try_for_each(|value| self.bytes(&value.to_le_bytes()))
    }

    pub(super) fn u64s(&mut self, values: &[u64]) -> Result<(), ImageError> {
        values.iter().try_for_each(|value| self.bytes(&value.to_le_bytes()))
    }

    pub(super) fn string(&mut self, string: &[u8]) -> Result<(), ImageError> {
        self.bytes(string)?;
        self.bytes(&[0])
    }
}
