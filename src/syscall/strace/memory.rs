//! The contents of a program's memory, as text. Memory that can't be read is shown as its address.

use core::fmt::{self, Write};

use call_notation::{PolledFile, Quoted, Structure};

use crate::mm::user::pointer::{self, StringError, UserPointer};

/// The number of bytes of a string that are shown, as in strace.
const STRING_BYTES: usize = 32;

/// The number of bytes of a path that are shown.
pub(super) const PATH_BYTES: usize = 128;

/// The number of elements of an array that are shown.
const ELEMENTS_MAX: u64 = 16;

/// The largest number of environment variables that are counted.
const VARIABLES_MAX: u64 = 1 << 16;

/// Writes an address.
pub(super) fn write_address(out: &mut dyn Write, address: u64) -> fmt::Result {
    match address {
        0 => out.write_str("NULL"),
        _ => write!(out, "{address:#x}"),
    }
}

/// Writes a structure.
pub(super) fn write_structure(
    out: &mut dyn Write,
    structure: Structure,
    address: u64,
) -> fmt::Result {
    let mut bytes = [0; Structure::MAX_BYTES];
    let bytes = &mut bytes[..structure.len_bytes()];
    match address {
        0 => out.write_str("NULL"),
        _ if pointer::read_bytes(address, bytes).is_ok() => {
            write!(out, "{}", structure.show(bytes))
        }
        _ => write_address(out, address),
    }
}

/// Writes bytes.
pub(super) fn write_bytes(out: &mut dyn Write, address: u64, len: u64) -> fmt::Result {
    // One more byte shows whether the string is longer.
    let mut bytes = [0; STRING_BYTES + 1];
    let wanted = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
    match pointer::read_some(address, &mut bytes[..wanted]) {
        read if read == wanted => write!(out, "{}", Quoted::new(&bytes[..read], STRING_BYTES)),
        _ => write_address(out, address),
    }
}

/// Writes a string.
pub(super) fn write_string(out: &mut dyn Write, address: u64, max_bytes: usize) -> fmt::Result {
    let mut bytes = [0; PATH_BYTES + 1];
    let shown = match pointer::read_string(address, &mut bytes) {
        Ok(string) => Some(string.len()),
        Err(StringError::TooLong) => Some(PATH_BYTES + 1),
        Err(StringError::BadAddress) => None,
    };
    match shown {
        Some(len) => write!(out, "{}", Quoted::new(&bytes[..len], max_bytes)),
        None => write_address(out, address),
    }
}

/// Writes the elements of an array between brackets. `write` is called with an index; it returns
/// whether that element exists.
fn write_array(
    out: &mut dyn Write,
    len: u64,
    write: &mut dyn FnMut(&mut dyn Write, u64) -> Result<bool, fmt::Error>,
) -> fmt::Result {
    out.write_char('[')?;
    for index in 0..len {
        let separator = if index > 0 { ", " } else { "" };
        if index == ELEMENTS_MAX {
            write!(out, "{separator}...")?;
            break;
        }
        if !write(&mut Separated { out: &mut *out, separator }, index)? {
            break;
        }
    }
    out.write_char(']')
}

/// Writes a separator before its first text, if any.
struct Separated<'a> {
    out: &'a mut dyn Write,
    separator: &'static str,
}

impl Write for Separated<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_str(core::mem::take(&mut self.separator))?;
        self.out.write_str(text)
    }
}

/// Reads a number of 8 bytes of an array.
fn word(array: u64, index: u64) -> Option<u64> {
    UserPointer::<u64>::new(array).at(index).and_then(UserPointer::read).ok()
}

/// Writes the strings of an array of pointers, which a null pointer ends.
pub(super) fn write_strings(out: &mut dyn Write, array: u64) -> fmt::Result {
    if array == 0 {
        return out.write_str("NULL");
    }
    write_array(out, u64::MAX, &mut |out, index| match word(array, index) {
        Some(0) => Ok(false),
        Some(string) => write_string(out, string, STRING_BYTES).map(|()| true),
        None => out.write_str("???").map(|()| false),
    })
}

/// Writes the address of an environment, and the number of its variables.
pub(super) fn write_environment(out: &mut dyn Write, array: u64) -> fmt::Result {
    write_address(out, array)?;
    if array == 0 {
        return Ok(());
    }
    let count =
        (0..VARIABLES_MAX).take_while(|index| word(array, *index).is_some_and(|it| it != 0));
    let count = count.count();
    write!(out, " /* {count} var{} */", if count == 1 { "" } else { "s" })
}

/// Writes pieces of memory, of which only the first `filled` bytes are valid.
pub(super) fn write_vectors(out: &mut dyn Write, array: u64, len: u64, filled: u64) -> fmt::Result {
    let mut left = filled;
    if word(array, 0).is_none() {
        return write_address(out, array);
    }
    write_array(out, len, &mut |out, index| {
        let at = index.saturating_mul(2);
        let (Some(base), Some(piece_len)) = (word(array, at), word(array, at.saturating_add(1)))
        else {
            return out.write_str("???").map(|()| false);
        };
        let shown = piece_len.min(left);
        left -= shown;
        out.write_str("{iov_base=")?;
        write_bytes(out, base, shown)?;
        write!(out, ", iov_len={piece_len}}}").map(|()| true)
    })
}

/// The events of the files of poll(2) that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollSide {
    /// The requested events.
    Wanted,
    /// The events that have occurred, for files with some.
    Happened,
}

/// Writes the files of poll(2).
pub(super) fn write_polled(
    out: &mut dyn Write,
    array: u64,
    len: u64,
    side: PollSide,
) -> fmt::Result {
    let read = |index| {
        let place = UserPointer::<[u8; PolledFile::BYTES]>::new(array).at(index);
        place.and_then(UserPointer::read).ok().map(|bytes| PolledFile::from_bytes(&bytes))
    };
    if len > 0 && read(0).is_none() {
        return write_address(out, array);
    }
    match side {
        PollSide::Wanted => write_array(out, len, &mut |out, index| match read(index) {
            Some(file) => write!(out, "{file}").map(|()| true),
            None => out.write_str("???").map(|()| false),
        }),
        PollSide::Happened => {
            let mut happened = (0..len)
                .map_while(read)
                .filter(PolledFile::has_happened)
                .map(|it| it.show_happened());
            write_array(out, len, &mut |out, _| match happened.next() {
                Some(file) => write!(out, "{file}").map(|()| true),
                None => Ok(false),
            })
        }
    }
}
