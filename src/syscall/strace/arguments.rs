//! The arguments of a call, as text.

use core::fmt::{self, Write};

use call_notation as notation;
use signals::Signal;

use super::memory::{self, PATH_BYTES, PollSide};
use super::outcome::Outcome;
use super::structures::{self, Moment};
use crate::syscall::table::Argument;

/// The number that stands for the working directory in place of a directory's descriptor.
///
/// Source: Linux, include/uapi/linux/fcntl.h.
const AT_FDCWD: i32 = -100;

/// The flags of open(2) with which the mode is used: O_CREAT, and the bit that O_TMPFILE adds to
/// O_DIRECTORY.
const MAKES_FILE: u64 = 0o100 | 0o20_000_000;

/// The arguments of a call. Those before the first one that the call fills are written before it
/// runs, because it may change the memory; the others are written afterwards.
pub(super) struct Shown {
    kinds: &'static [Argument],
    values: [u64; 6],
    next: usize,
}

impl Shown {
    pub(super) fn new(kinds: &'static [Argument], values: [u64; 6]) -> Self {
        Self { kinds, values, next: 0 }
    }

    /// Writes the arguments before the first one that the call fills.
    pub(super) fn write_before(&mut self, out: &mut dyn Write) -> fmt::Result {
        while let Some(kind) = self.kinds.get(self.next)
            && !self.is_filled(*kind)
        {
            self.write_next(out, *kind, Outcome::Pending)?;
        }
        Ok(())
    }

    /// Writes the remaining arguments.
    pub(super) fn write_after(&mut self, out: &mut dyn Write, outcome: Outcome) -> fmt::Result {
        while let Some(kind) = self.kinds.get(self.next) {
            self.write_next(out, *kind, outcome)?;
        }
        Ok(())
    }

    /// Writes the text that is shown after the result.
    pub(super) fn write_remark(&self, out: &mut dyn Write, outcome: Outcome) -> fmt::Result {
        let [array, len, ..] = self.values;
        match (self.kinds.first(), outcome) {
            (Some(Argument::PolledFiles), Outcome::Done(0)) => out.write_str(" (Timeout)"),
            (Some(Argument::PolledFiles), Outcome::Done(_)) => {
                out.write_str(" (")?;
                memory::write_polled(out, array, len, PollSide::Happened)?;
                out.write_char(')')
            }
            _ => Ok(()),
        }
    }

    /// Returns whether the call fills the next argument, which is of this kind.
    fn is_filled(&self, kind: Argument) -> bool {
        match kind {
            Argument::Filled | Argument::FilledString | Argument::FilledVectors => true,
            _ => {
                let structure = structures::of(kind, self.value_before());
                structure.is_some_and(|(_, moment)| moment != Moment::Before)
            }
        }
    }

    /// Returns the value of the previous argument; 0 for the first one.
    fn value_before(&self) -> u64 {
        let before = self.next.checked_sub(1).and_then(|before| self.values.get(before));
        before.copied().unwrap_or(0)
    }

    fn write_next(&mut self, out: &mut dyn Write, kind: Argument, outcome: Outcome) -> fmt::Result {
        let (index, before) = (self.next, self.value_before());
        self.next += 1;
        let value = self.values.get(index).copied().unwrap_or(0);
        if kind == Argument::NewMode && before & MAKES_FILE == 0 {
            return Ok(());
        }
        if index > 0 {
            out.write_str(", ")?;
        }
        let next = self.values.get(index + 1).copied().unwrap_or(0);
        if let Some((structure, moment)) = structures::of(kind, before) {
            return match moment.is_at(outcome) {
                true => memory::write_structure(out, structure, value),
                false => memory::write_address(out, value),
            };
        }
        match (kind, outcome) {
            (Argument::Bytes, _) => memory::write_bytes(out, value, next),
            (Argument::Filled, Outcome::Done(len)) => memory::write_bytes(out, value, len),
            (Argument::FilledString, Outcome::Done(_)) => {
                memory::write_string(out, value, PATH_BYTES)
            }
            (Argument::Vectors, _) => memory::write_vectors(out, value, next, u64::MAX),
            (Argument::FilledVectors, Outcome::Done(len)) => {
                memory::write_vectors(out, value, next, len)
            }
            (Argument::PolledFiles, _) => memory::write_polled(out, value, next, PollSide::Wanted),
            _ => write_value(out, kind, value),
        }
    }
}

/// Writes an argument as a number.
fn write_value(out: &mut dyn Write, kind: Argument, value: u64) -> fmt::Result {
    // The calls use only 32 bits of flags and of named numbers.
    let low = value & u64::from(u32::MAX);
    match kind {
        Argument::Number => write!(out, "{}", value as i64),
        Argument::Int => write!(out, "{}", value as i32),
        Argument::Hex if value == 0 => out.write_str("0"),
        Argument::Hex => write!(out, "{value:#x}"),
        Argument::Fd if value as i32 == AT_FDCWD => out.write_str("AT_FDCWD"),
        Argument::Fd => write!(out, "{}", value as i32),
        Argument::Path => memory::write_string(out, value, PATH_BYTES),
        Argument::Signal => match Signal::from_number(value) {
            Some(signal) => write!(out, "{signal}"),
            None => write!(out, "{value}"),
        },
        Argument::Mode | Argument::NewMode => write!(out, "0{:03o}", value as u32),
        Argument::Strings => memory::write_strings(out, value),
        Argument::Environment => memory::write_environment(out, value),
        Argument::OpenFlags => write!(out, "{}", notation::OPEN_FLAGS.show(low)),
        Argument::DescriptorFlags => write!(out, "{}", notation::DESCRIPTOR_FLAGS.show(low)),
        Argument::Protection => write!(out, "{}", notation::PROTECTION.show(low)),
        Argument::MapFlags => write!(out, "{}", notation::MAP_FLAGS.show(low)),
        Argument::AtFlags => write!(out, "{}", notation::AT_FLAGS.show(low)),
        Argument::Access => write!(out, "{}", notation::ACCESS.show(low)),
        Argument::WaitOptions => write!(out, "{}", notation::WAIT_OPTIONS.show(low)),
        Argument::Whence => write!(out, "{}", notation::WHENCE.show(low)),
        Argument::MaskHow => write!(out, "{}", notation::MASK_HOW.show(low)),
        Argument::Clock => write!(out, "{}", notation::CLOCKS.show(low)),
        Argument::Resource => write!(out, "{}", notation::RESOURCES.show(low)),
        Argument::Timer => write!(out, "{}", notation::TIMERS.show(low)),
        Argument::FcntlCommand => write!(out, "{}", notation::FCNTL_COMMANDS.show(low)),
        Argument::IoctlCommand => write!(out, "{}", notation::IOCTL_COMMANDS.show(low)),
        _ => memory::write_address(out, value),
    }
}
