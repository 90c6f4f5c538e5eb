//! The place of the key in the kernel's file.

use core::fmt;

use crate::key::Key;

/// The bytes before the key in the kernel's constants, by which it is found in the file.
pub const STAMP_MARK: [u8; 16] = *b"Farjump seal key";

/// Why a file can't have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampError {
    /// The file has no place for a key.
    NoPlace,
    /// The mark is in the file more than once.
    Ambiguous,
}

impl fmt::Display for StampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPlace => "it has no place for a key: it isn't a kernel of Farjump",
            Self::Ambiguous => "it has several places for a key",
        })
    }
}

/// Writes a key into the file of a kernel, in place of the one that it has.
///
/// # Errors
/// [`StampError`]. Then the file is as before.
pub fn stamp(file: &mut [u8], key: &Key) -> Result<(), StampError> {
    let whole = STAMP_MARK.len() + Key::LEN_BYTES;
    let mut places = (0..(file.len() + 1).saturating_sub(whole))
        .filter(|&place| file[place..].starts_with(&STAMP_MARK));
    let place = places.next().ok_or(StampError::NoPlace)?;
    if places.next().is_some() {
        return Err(StampError::Ambiguous);
    }
    file[place..][STAMP_MARK.len()..whole].copy_from_slice(&key.0);
    Ok(())
}
