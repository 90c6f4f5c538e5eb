//! The name of a directory entry.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use path_walk::NAME_MAX_BYTES;

use super::error::FsError;
use super::short_bytes::ShortBytes;

/// The longest name that is stored in place, in bytes.
const SHORT_BYTES: usize = 30;

/// The name of a directory entry: any bytes except `/` and 0.
pub struct Name(ShortBytes<SHORT_BYTES>);

const _: () = assert!(size_of::<Name>() == 32);

impl Name {
    /// Copies `bytes`.
    ///
    /// # Errors
    /// [`FsError::NameTooLong`] or [`FsError::NoMemory`].
    pub fn try_new(bytes: &[u8]) -> Result<Self, FsError> {
        if bytes.len() <= SHORT_BYTES {
            let mut short = [0; SHORT_BYTES];
            short[..bytes.len()].copy_from_slice(bytes);
            return Ok(Self(ShortBytes::Short(bytes.len() as u8, short)));
        }
        if bytes.len() > NAME_MAX_BYTES {
            return Err(FsError::NameTooLong);
        }
        Ok(Self(ShortBytes::Long(try_boxed(bytes)?)))
    }
}

impl Deref for Name {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

/// Copies `bytes` to the heap.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(super) fn try_boxed(bytes: &[u8]) -> Result<Box<[u8]>, FsError> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy.into_boxed_slice())
}

/// Returns a number for `name` in the directory `directory`, for hash tables. It depends on `seed`,
/// so that programs can't choose names whose numbers are equal.
#[inline]
pub(super) fn hash(seed: u64, directory: u64, name: &[u8]) -> u64 {
    /// The fractional part of the golden ratio, and of the square root of 2.
    const MULTIPLIERS: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0x6A09_E667_F3BC_C909];
    let fold = |one: u64, other: u64| {
        let product = u128::from(one) * u128::from(other);
        product as u64 ^ (product >> 64) as u64
    };
    let mut state = fold(directory ^ seed, MULTIPLIERS[0]);
    let mut rest = name;
    while let Some((word, after)) = rest.split_first_chunk() {
        state = fold(state ^ u64::from_le_bytes(*word), MULTIPLIERS[1]);
        rest = after;
    }
    fold(state ^ short_word(rest), MULTIPLIERS[1] ^ name.len() as u64)
}

/// Returns whether both names are the same. Most names are so short that this takes less than a call
/// of `memcmp`.
#[inline]
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let (mut one, mut other) = (one, other);
    while let (Some((word, after)), Some((other_word, after_other))) =
        (one.split_first_chunk::<8>(), other.split_first_chunk::<8>())
    {
        if u64::from_le_bytes(*word) != u64::from_le_bytes(*other_word) {
            return false;
        }
        (one, other) = (after, after_other);
    }
    short_word(one) == short_word(other)
}

/// Returns a number for less than 8 bytes, which differs for different bytes of one length.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        // Both have 4 bytes, and may overlap.
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => {
            u32::from_le_bytes([*first, bytes[bytes.len() / 2], *last, 0]).into()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn names_are_the_same_only_with_all_bytes() {
        let name = b"0123456789abcdefghij";
        for len in 0..name.len() {
            let one = &name[..len];
            assert!(is_same(one, one));
            assert!(!is_same(one, &name[..=len]));
            for index in 0..len {
                let mut other = *name;
                other[index] ^= 0x80;
                assert!(!is_same(one, &other[..len]), "{len} {index}");
                assert_ne!(hash(1, 2, one), hash(1, 2, &other[..len]));
            }
        }
    }
}
