//! Bytes that are stored in place if they are few, and on the heap otherwise.

use alloc::boxed::Box;
use core::ops::Deref;

/// Bytes, of which up to `N`, at most 255, take no memory of the heap.
pub enum ShortBytes<const N: usize> {
    /// A number of bytes at the start of the array.
    Short(u8, [u8; N]),
    /// All bytes.
    Long(Box<[u8]>),
}

impl<const N: usize> Deref for ShortBytes<N> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(len, bytes) => &bytes[..usize::from(*len)],
            Self::Long(bytes) => bytes,
        }
    }
}
