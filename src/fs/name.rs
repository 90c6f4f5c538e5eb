//! The name of a directory entry.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use path_walk::NAME_MAX_BYTES;

use super::error::FsError;

/// The longest name that is stored in place, in bytes.
const SHORT_BYTES: usize = 30;

/// The name of a directory entry: any bytes except `/` and 0.
pub struct Name(Bytes);

enum Bytes {
    Short(u8, [u8; SHORT_BYTES]),
    Long(Box<[u8]>),
}

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
            return Ok(Self(Bytes::Short(bytes.len() as u8, short)));
        }
        if bytes.len() > NAME_MAX_BYTES {
            return Err(FsError::NameTooLong);
        }
        Ok(Self(Bytes::Long(try_boxed(bytes)?)))
    }
}

impl Deref for Name {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Short(len, bytes) => &bytes[..usize::from(*len)],
            Bytes::Long(bytes) => bytes,
        }
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
    let mut words = name.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("a chunk has 8 bytes"));
        state = fold(state ^ word, MULTIPLIERS[1]);
    }
    let rest = words.remainder().iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    fold(state ^ rest, MULTIPLIERS[1] ^ name.len() as u64)
}
