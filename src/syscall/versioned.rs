//! Structures that grow in new versions of Linux; the program passes their size.

use super::call::Failure;
use super::errno::Errno;
use crate::mm::user::pointer::{self, UserPointer};

/// Reads a structure of `size_bytes`, of which `WORDS` words are known. The missing words of a
/// smaller structure are 0; words after the known ones have to be 0.
///
/// Source: Linux, include/linux/uaccess.h, `copy_struct_from_user`.
///
/// # Errors
/// EFAULT; E2BIG if an unknown word isn't 0.
pub(super) fn read<const WORDS: usize>(
    address: u64,
    size_bytes: u64,
) -> Result<[u64; WORDS], Failure> {
    let known_bytes = (WORDS * size_of::<u64>()) as u64;
    for offset in known_bytes..size_bytes {
        if UserPointer::<u8>::new(address).at(offset)?.read()? != 0 {
            return Err(Errno::E2BIG.into());
        }
    }
    let mut words = [[0; size_of::<u64>()]; WORDS];
    let len_bytes = size_bytes.min(known_bytes) as usize;
    pointer::read_bytes(address, &mut words.as_flattened_mut()[..len_bytes])?;
    Ok(words.map(u64::from_le_bytes))
}
