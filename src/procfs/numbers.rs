//! Directories whose names are numbers of processes or threads.

use crate::fs::attributes::FileKind;
use crate::fs::error::FsError;
use crate::fs::generated::{Found, Text};
use crate::process::pid::Pid;

/// Parses a name that is a number without leading zeros.
pub(super) fn pid_of(name: &[u8]) -> Option<Pid> {
    if name.first() == Some(&b'0') || !name.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(name).ok()?.parse().ok().and_then(Pid::try_new)
}

/// Passes the directory of a process or a thread on, as an entry after `first`.
pub(super) fn list_number(number: u64, first: u64, found: Found<'_>) -> Result<bool, FsError> {
    let mut name = Text::new();
    write!(name, "{number}")?;
    Ok(found(&name.into_bytes(), FileKind::Directory, first + number + 1))
}
