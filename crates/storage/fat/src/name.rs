//! Names as the kernel passes them, and their comparison with those on the disk.

use alloc::vec::Vec;

use ::volume::VolumeError;

use crate::long_name::UNITS_MAX;

/// The longest name, in bytes: each unit of UTF-16 takes at most 3 in UTF-8.
pub(crate) const NAME_MAX_BYTES: u32 = UNITS_MAX as u32 * 3;
/// The character that stands for one that can't be in a name.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A name that is looked for or made. It has no dots at its end, as on Windows and Linux.
pub(crate) struct Name<'a> {
    pub text: &'a str,
    /// The name in UTF-16.
    pub units: Vec<u16>,
}

impl<'a> Name<'a> {
    /// Checks a name that is looked for; `None` if no entry can have it.
    pub fn to_find(name: &'a [u8]) -> Option<Self> {
        let text = core::str::from_utf8(name).ok()?.trim_end_matches('.');
        (!text.is_empty() && text.len() <= NAME_MAX_BYTES as usize)
            .then_some(Self { text, units: Vec::new() })
    }

    /// Checks a name for a new entry.
    pub fn to_make(name: &'a [u8]) -> Result<Self, VolumeError> {
        let text = core::str::from_utf8(name).map_err(|_| VolumeError::InvalidName)?;
        let text = text.trim_end_matches('.');
        let is_bad = |char| {
            matches!(char, '\0'..='\x1F' | '"' | '*' | '/' | ':' | '<' | '>' | '?' | '\\' | '|')
        };
        if text.is_empty() || text.ends_with(' ') || text.contains(is_bad) {
            return Err(VolumeError::InvalidName);
        }
        let units: Vec<u16> = text.encode_utf16().take(UNITS_MAX + 1).collect();
        match units.len() {
            ..=UNITS_MAX => Ok(Self { text, units }),
            _ => Err(VolumeError::NameTooLong),
        }
    }

    /// Returns whether a name on the disk is this one, without regard to case.
    pub fn is(&self, on_disk: impl Iterator<Item = char>) -> bool {
        let mut on_disk = on_disk.map(fold);
        self.text.chars().map(fold).all(|char| on_disk.next() == Some(char))
            && on_disk.all(|char| char == '.')
    }
}

/// Returns the characters of a long name. One that the kernel can't take is replaced.
pub(crate) fn long_chars(units: &[u16]) -> impl Iterator<Item = char> {
    char::decode_utf16(units.iter().copied()).map(|char| presentable(char.unwrap_or(REPLACEMENT)))
}

/// Returns a character, or the one that stands for it if no path can have it.
pub(crate) fn presentable(char: char) -> char {
    if matches!(char, '\0' | '/') { REPLACEMENT } else { char }
}

/// Returns the character as it is compared: in upper case, if that is a single one.
fn fold(char: char) -> char {
    if char.is_ascii() {
        return char.to_ascii_uppercase();
    }
    single(char.to_uppercase()).unwrap_or(char)
}

/// Returns the only item.
pub(crate) fn single<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}
