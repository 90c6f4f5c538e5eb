//! The kernel's log for programs: syslog(2), which the C library calls klogctl(3).

use alloc::vec::Vec;
use core::fmt::Write;
use core::ops::Range;
use core::sync::atomic::{AtomicU8, Ordering};

use capabilities::Capability;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use crate::console::history;
use crate::klog;
use crate::mm::user::pointer;
use crate::sync::{Rank, SpinMutex};
use crate::task;

// Source: Linux, include/linux/syslog.h.
const CLOSE: i32 = 0;
const OPEN: i32 = 1;
const READ: i32 = 2;
const READ_ALL: i32 = 3;
const READ_CLEAR: i32 = 4;
const CLEAR: i32 = 5;
const CONSOLE_OFF: i32 = 6;
const CONSOLE_ON: i32 = 7;
const CONSOLE_LEVEL: i32 = 8;
const SIZE_UNREAD: i32 = 9;
const SIZE_BUFFER: i32 = 10;

/// The lowest level of the console, which shows only the most severe lines.
const LEVEL_MIN: u8 = 1;

/// The interval at which a waiting read checks for new lines. Lines may be logged while any lock is
/// held, so logging can't wake a thread.
const LOOK_NS: u64 = 100_000_000;

/// The positions in the log up to which lines were read.
struct Marks {
    /// The position before which all reads skip lines.
    cleared: usize,
    /// The position of the next line for reads that return each line once.
    read: usize,
    /// The number of bytes of that line that were read.
    partial: usize,
}

/// Protects these positions; held while lines are copied within the kernel.
static MARKS: SpinMutex<Marks> =
    SpinMutex::new(Rank::Process, Marks { cleared: 0, read: 0, partial: 0 });

/// The level of the console before it was turned off; 0 if it wasn't.
static LEVEL_BEFORE: AtomicU8 = AtomicU8::new(0);

/// Returns an empty text with room for `bytes`, limited to what the log can have.
fn room(bytes: usize) -> Result<Vec<u8>, Failure> {
    let mut room = Vec::new();
    // The text of a severity is shorter than its line.
    room.try_reserve_exact(bytes.min(4 * history::KEPT_BYTES)).map_err(|_| Errno::ENOMEM)?;
    Ok(room)
}

/// Appends the part of `bytes` for which there is room; returns its length.
fn append(text: &mut Vec<u8>, bytes: &[u8]) -> usize {
    let taken = bytes.len().min(text.capacity() - text.len());
    text.extend_from_slice(&bytes[..taken]);
    taken
}

/// The longest line with its severity and its end, in bytes.
const LINE_BYTES: usize = 264;

/// A line in the format for programs.
type Line = heapless::String<LINE_BYTES>;

/// Calls `found` with the position and the text of each line in a range of the log.
fn for_each_line(positions: Range<usize>, mut found: impl FnMut(usize, &str)) {
    history::for_each_within(positions, |position, level, text| {
        let mut line = Line::new();
        // The line has room for the longest text.
        let _ = writeln!(line, "<{}>{text}", klog::severity(level));
        found(position, &line);
    });
}

/// Returns the number of bytes of the lines in a range of the log.
fn len_bytes(positions: Range<usize>) -> usize {
    let mut len = 0;
    for_each_line(positions, |_, line| len += line.len());
    len
}

/// Returns the buffer of a read and its length; with a length of 0, nothing is read.
fn buffer(call: &Call<'_>) -> Result<(u64, usize), Failure> {
    let (address, len) = (call.argument(1), call.argument_i32(2));
    match usize::try_from(len) {
        Ok(len) if address != 0 => Ok((address, len)),
        _ => Err(Errno::EINVAL.into()),
    }
}

/// Reads lines that were not read yet; waits for the first.
fn read(call: &Call<'_>) -> CallResult {
    let (address, len) = buffer(call)?;
    if len == 0 {
        return Ok(0);
    }
    while MARKS.lock().read == history::end() {
        task::sleep_ns(LOOK_NS).map_err(|_| Failure::RESTART)?;
    }
    let mut text = room(len)?;
    MARKS.lock().read_once(&mut text);
    pointer::write_bytes(address, &text)?;
    Ok(text.len() as u64)
}

impl Marks {
    /// Appends the lines that were not read yet, as far as there is room.
    fn read_once(&mut self, text: &mut Vec<u8>) {
        let end = history::end();
        let (first, skipped) = (self.read, self.partial);
        // The line at which the next read starts, unless it starts at the end.
        let mut rest = None;
        for_each_line(first..end, |position, line| {
            if rest.is_some() {
                return;
            }
            // A line that was read in part may have been overwritten.
            let skipped = if position == first { skipped.min(line.len()) } else { 0 };
            let bytes = &line.as_bytes()[skipped..];
            let taken = append(text, bytes);
            if taken < bytes.len() {
                rest = Some((position, skipped + taken));
            }
        });
        (self.read, self.partial) = rest.unwrap_or((end, 0));
    }
}

/// Reads as many of the last lines as the buffer has room for.
fn read_all(call: &Call<'_>, clears: bool) -> CallResult {
    let (address, len) = buffer(call)?;
    if len == 0 {
        return Ok(0);
    }
    let mut text = room(len)?;
    let end = history::end();
    let lines = MARKS.lock().cleared..end;
    // The number of bytes of the first lines that don't fit.
    let mut excess = len_bytes(lines.clone()).saturating_sub(text.capacity());
    for_each_line(lines, |_, line| {
        if excess > 0 {
            excess = excess.saturating_sub(line.len());
        } else {
            append(&mut text, line.as_bytes());
        }
    });
    pointer::write_bytes(address, &text)?;
    if clears {
        MARKS.lock().cleared = end;
    }
    Ok(text.len() as u64)
}

/// Sets the level of the console to that of the last argument.
fn set_level(call: &Call<'_>) -> CallResult {
    let level = u8::try_from(call.argument_i32(2)).ok().filter(|level| (1..=8).contains(level));
    klog::set_console_level(level.ok_or(Errno::EINVAL)?);
    LEVEL_BEFORE.store(0, Ordering::Relaxed);
    Ok(0)
}

pub(super) fn syslog(call: &mut Call<'_>) -> CallResult {
    // As on a Linux with CONFIG_SECURITY_DMESG_RESTRICT.
    if !call.has(Capability::Syslog) {
        call.check_capability(Capability::SysAdmin)?;
    }
    match call.argument_i32(0) {
        OPEN | CLOSE => Ok(0),
        READ => read(call),
        READ_ALL => read_all(call, false),
        READ_CLEAR => read_all(call, true),
        CLEAR => {
            MARKS.lock().cleared = history::end();
            Ok(0)
        }
        CONSOLE_OFF => {
            let before = klog::set_console_level(LEVEL_MIN);
            // If it is turned off twice, the level from before the first time is restored later.
            let _ = LEVEL_BEFORE.compare_exchange(0, before, Ordering::Relaxed, Ordering::Relaxed);
            Ok(0)
        }
        CONSOLE_ON => {
            match LEVEL_BEFORE.swap(0, Ordering::Relaxed) {
                0 => {}
                before => drop(klog::set_console_level(before)),
            }
            Ok(0)
        }
        CONSOLE_LEVEL => set_level(call),
        SIZE_UNREAD => {
            let marks = MARKS.lock();
            let unread = len_bytes(marks.read..history::end());
            Ok(unread.saturating_sub(marks.partial) as u64)
        }
        SIZE_BUFFER => Ok(history::KEPT_BYTES as u64),
        _ => Err(Errno::EINVAL.into()),
    }
}
