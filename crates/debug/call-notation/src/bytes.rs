//! Numbers in the bytes of a structure.

/// The bytes of a structure; missing bytes at the end are read as zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    /// Returns `N` bytes from `offset` on.
    pub(crate) fn array_at<const N: usize>(self, offset: usize) -> [u8; N] {
        let mut array = [0; N];
        let there = self.0.get(offset..).unwrap_or_default();
        array.iter_mut().zip(there).for_each(|(to, from)| *to = *from);
        array
    }

    pub(crate) fn u16_at(self, offset: usize) -> u16 {
        u16::from_le_bytes(self.array_at(offset))
    }

    pub(crate) fn u32_at(self, offset: usize) -> u32 {
        u32::from_le_bytes(self.array_at(offset))
    }

    pub(crate) fn i32_at(self, offset: usize) -> i32 {
        i32::from_le_bytes(self.array_at(offset))
    }

    pub(crate) fn u64_at(self, offset: usize) -> u64 {
        u64::from_le_bytes(self.array_at(offset))
    }

    pub(crate) fn i64_at(self, offset: usize) -> i64 {
        i64::from_le_bytes(self.array_at(offset))
    }
}
