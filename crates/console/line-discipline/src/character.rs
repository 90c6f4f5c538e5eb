//! Classes of bytes, according to Latin-1. Linux's terminals use these classes in UTF-8
//! mode too.

/// Returns whether `byte` is a control character, which has no width.
pub(crate) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control()
}

/// Returns whether `byte` is a letter or a digit.
pub(crate) fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_digit() || is_upper(byte) || is_lower(byte)
}

/// Returns whether `byte` is a continuation byte of a UTF-8 character.
pub(crate) fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// Returns the lower case letter of an upper case one, other bytes unchanged.
pub(crate) fn to_lower(byte: u8) -> u8 {
    if is_upper(byte) { byte + 0x20 } else { byte }
}

/// Returns the upper case letter of a lower case one, other bytes unchanged. As on Linux,
/// `ß` and `ÿ`, which have no upper case letter in Latin-1, become the bytes 0x20 below.
pub(crate) fn to_upper(byte: u8) -> u8 {
    if is_lower(byte) { byte - 0x20 } else { byte }
}

/// Returns whether `byte` is `A` to `Z`, or `À` to `Þ` without `×`.
fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || (matches!(byte, 0xc0..=0xde) && byte != 0xd7)
}

/// Returns whether `byte` is `a` to `z`, or `ß` to `ÿ` without `÷`.
fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || (matches!(byte, 0xdf..=0xff) && byte != 0xf7)
}
