//! Strings that a program has passed.

use alloc::vec::Vec;

use super::errno::Errno;
use crate::mm::user::pointer::{self, StringError};

/// Reads the string at `address`, of at most `max_bytes` with the zero byte.
///
/// # Errors
/// EFAULT, ENOMEM, and `too_long` if there is no zero byte within them.
pub fn read_string(address: u64, max_bytes: usize, too_long: Errno) -> Result<Vec<u8>, Errno> {
    // Most strings are short.
    let mut short = [0; 128];
    match pointer::read_string(address, &mut short) {
        Ok(read) => return copied(read),
        Err(StringError::BadAddress) => return Err(Errno::EFAULT),
        Err(StringError::TooLong) => {}
    }
    let mut string = Vec::new();
    let mut capacity = 1024.min(max_bytes);
    loop {
        string.try_reserve_exact(capacity).map_err(|_| Errno::ENOMEM)?;
        string.resize(capacity, 0);
        match pointer::read_string(address, &mut string) {
            Ok(read) => return copied(read),
            Err(StringError::BadAddress) => return Err(Errno::EFAULT),
            Err(StringError::TooLong) if capacity == max_bytes => return Err(too_long),
            Err(StringError::TooLong) => capacity = (capacity * 8).min(max_bytes),
        }
        string.clear();
    }
}

/// Returns a copy of a string.
///
/// # Errors
/// ENOMEM.
pub fn copied(string: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(string.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(string);
    Ok(copy)
}
