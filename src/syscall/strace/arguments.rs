//! The arguments of a call, as text.

use core::fmt::{self, Write};

use call_notation as notation;
use notation::Quoted;
use signals::Signal;

use crate::mm::user::pointer::{self, StringError, UserPointer};
use crate::syscall::table::Argument;

/// How many bytes of a string are shown, as strace does.
const STRING_BYTES: usize = 32;

/// How many bytes of a path are shown.
const PATH_BYTES: usize = 128;

/// How many arguments of a program are shown.
const STRINGS_MAX: u64 = 16;

/// The directory of a call that is the working directory.
///
/// Source: Linux, include/uapi/linux/fcntl.h.
const AT_FDCWD: i32 = -100;

/// The flags of open(2) with which the mode counts: O_CREAT, and what O_TMPFILE adds to a
/// directory.
const MAKES_FILE: u64 = 0o100 | 0o20_000_000;

/// How a call has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With this result.
    Done(u64),
    /// With an error.
    Failed,
}

/// The arguments of a call. Those that the call reads are written before it runs, since it may
/// change the memory; from the first on that it fills, they are written after it.
pub(super) struct Shown {
    kinds: &'static [Argument],
    values: [u64; 6],
    next: usize,
}

impl Shown {
    pub(super) fn new(kinds: &'static [Argument], values: [u64; 6]) -> Self {
        Self { kinds, values, next: 0 }
    }

    /// Writes the arguments up to the first that the call fills.
    pub(super) fn write_before(&mut self, out: &mut dyn Write) -> fmt::Result {
        while let Some(kind) = self.kinds.get(self.next)
            && !matches!(kind, Argument::Filled | Argument::FilledString)
        {
            self.write_next(out, *kind, Outcome::Failed)?;
        }
        Ok(())
    }

    /// Writes the others.
    pub(super) fn write_after(&mut self, out: &mut dyn Write, outcome: Outcome) -> fmt::Result {
        while let Some(kind) = self.kinds.get(self.next) {
            self.write_next(out, *kind, outcome)?;
        }
        Ok(())
    }

    fn write_next(&mut self, out: &mut dyn Write, kind: Argument, outcome: Outcome) -> fmt::Result {
        let index = self.next;
        self.next += 1;
        let value = self.values.get(index).copied().unwrap_or(0);
        if kind == Argument::NewMode {
            let flags = index.checked_sub(1).and_then(|before| self.values.get(before));
            if flags.is_none_or(|flags| flags & MAKES_FILE == 0) {
                return Ok(());
            }
        }
        if index > 0 {
            out.write_str(", ")?;
        }
        let next = self.values.get(index + 1).copied().unwrap_or(0);
        match (kind, outcome) {
            (Argument::Bytes, _) => write_bytes(out, value, next),
            (Argument::Filled, Outcome::Done(len)) => write_bytes(out, value, len),
            (Argument::FilledString, Outcome::Done(_)) => write_string(out, value, PATH_BYTES),
            _ => write_value(out, kind, value),
        }
    }
}

/// Writes an argument as a number.
fn write_value(out: &mut dyn Write, kind: Argument, value: u64) -> fmt::Result {
    match kind {
        Argument::Number => write!(out, "{}", value as i64),
        Argument::Hex if value == 0 => out.write_str("0"),
        Argument::Hex => write!(out, "{value:#x}"),
        Argument::Fd if value as i32 == AT_FDCWD => out.write_str("AT_FDCWD"),
        Argument::Fd => write!(out, "{}", value as i32),
        Argument::Path => write_string(out, value, PATH_BYTES),
        Argument::Signal => match Signal::from_number(value) {
            Some(signal) => write!(out, "{signal}"),
            None => write!(out, "{value}"),
        },
        Argument::Mode | Argument::NewMode => write!(out, "0{:03o}", value as u32),
        Argument::Strings => write_strings(out, value),
        Argument::Pointer | Argument::Bytes | Argument::Filled | Argument::FilledString => {
            match value {
                0 => out.write_str("NULL"),
                _ => write!(out, "{value:#x}"),
            }
        }
        Argument::OpenFlags => write!(out, "{}", notation::OPEN_FLAGS.show(low(value))),
        Argument::DescriptorFlags => write!(out, "{}", notation::DESCRIPTOR_FLAGS.show(low(value))),
        Argument::Protection => write!(out, "{}", notation::PROTECTION.show(low(value))),
        Argument::MapFlags => write!(out, "{}", notation::MAP_FLAGS.show(low(value))),
        Argument::AtFlags => write!(out, "{}", notation::AT_FLAGS.show(low(value))),
        Argument::Access => write!(out, "{}", notation::ACCESS.show(low(value))),
        Argument::WaitOptions => write!(out, "{}", notation::WAIT_OPTIONS.show(low(value))),
        Argument::Whence => write!(out, "{}", notation::WHENCE.show(low(value))),
        Argument::MaskHow => write!(out, "{}", notation::MASK_HOW.show(low(value))),
        Argument::Clock => write!(out, "{}", notation::CLOCKS.show(low(value))),
        Argument::FcntlCommand => write!(out, "{}", notation::FCNTL_COMMANDS.show(low(value))),
        Argument::IoctlCommand => write!(out, "{}", notation::IOCTL_COMMANDS.show(low(value))),
    }
}

/// The calls take these arguments as 32 bits.
fn low(value: u64) -> u64 {
    value & u64::from(u32::MAX)
}

/// Writes bytes of the program, or their address if they can't be read.
fn write_bytes(out: &mut dyn Write, address: u64, len: u64) -> fmt::Result {
    // One more shows whether there are more.
    let mut bytes = [0; STRING_BYTES + 1];
    let wanted = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
    match pointer::read_some(address, &mut bytes[..wanted]) {
        read if read == wanted => write!(out, "{}", Quoted::new(&bytes[..read], STRING_BYTES)),
        _ => write_value(out, Argument::Pointer, address),
    }
}

/// Writes a string of the program, or its address if it can't be read.
fn write_string(out: &mut dyn Write, address: u64, max_bytes: usize) -> fmt::Result {
    let mut bytes = [0; PATH_BYTES + 1];
    let shown = match pointer::read_string(address, &mut bytes) {
        Ok(string) => Ok(string.len()),
        Err(StringError::TooLong) => Ok(PATH_BYTES + 1),
        Err(StringError::BadAddress) => Err(()),
    };
    match shown {
        Ok(len) => write!(out, "{}", Quoted::new(&bytes[..len], max_bytes)),
        Err(()) => write_value(out, Argument::Pointer, address),
    }
}

/// Writes the strings of an array of pointers, which a null pointer ends.
fn write_strings(out: &mut dyn Write, array: u64) -> fmt::Result {
    if array == 0 {
        return out.write_str("NULL");
    }
    out.write_char('[')?;
    for index in 0..=STRINGS_MAX {
        let place = UserPointer::<u64>::new(array).at(index);
        let Ok(string) = place.and_then(|place| place.read()) else {
            write!(out, "{}???", if index > 0 { ", " } else { "" })?;
            break;
        };
        if string == 0 {
            break;
        }
        if index > 0 {
            out.write_str(", ")?;
        }
        if index == STRINGS_MAX {
            out.write_str("...")?;
            break;
        }
        write_string(out, string, STRING_BYTES)?;
    }
    out.write_char(']')
}
