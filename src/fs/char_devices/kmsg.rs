//! kmsg: the kernel's log.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;

use crate::console::history;
use crate::fs::attributes::DeviceNumber;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{self, Bytes, Sink, Source};
use crate::sync::{Mutex, Rank};

/// The longest written line, in bytes; longer lines are truncated.
const LINE_MAX_BYTES: usize = 976;

/// The facility of the kernel's messages, as syslog(3) numbers them.
const KERNEL: u32 = 0;

/// The lines of the log at the time of opening. Each read returns one line, as
/// `PRIORITY,NUMBER,MICROSECONDS,-;TEXT`; after the last line, the end of the file is reached.
struct Kmsg {
    lines: Vec<String>,
    /// Protects the number of the next line; held while the line is copied.
    next: Mutex<usize>,
}

pub(super) fn open(_number: DeviceNumber, flags: OpenFlags) -> Result<Arc<dyn FileOps>, FsError> {
    let mut lines = Vec::new();
    let mut result = Ok(());
    if flags.can_read() {
        history::for_each(|level, line| {
            if result.is_ok() {
                result = record(lines.len(), level, line).and_then(|record| {
                    lines.try_reserve(1)?;
                    lines.push(record);
                    Ok(())
                });
            }
        });
    }
    result?;
    Ok(Arc::try_new(Kmsg { lines, next: Mutex::new(Rank::SpecialFile, 0) })?)
}

/// Returns a record for a line of the log. The line begins with its time.
fn record(number: usize, level: log::Level, line: &str) -> Result<String, FsError> {
    let severity = match level {
        log::Level::Error => 3,
        log::Level::Warn => 4,
        log::Level::Info => 6,
        log::Level::Debug | log::Level::Trace => 7,
    };
    let line = line.trim_end();
    let (time_us, text) = split_time(line).unwrap_or((0, line));
    let mut record = String::new();
    record.try_reserve(text.len() + 64)?;
    // The record has room for the whole text.
    let _ = writeln!(record, "{},{number},{time_us},-;{text}", KERNEL << 3 | severity);
    Ok(record)
}

/// Removes the time in seconds, in brackets, from the start of a line; returns it in microseconds.
fn split_time(line: &str) -> Option<(u64, &str)> {
    let (time, text) = line.trim_start().strip_prefix('[')?.split_once(']')?;
    let (seconds, parts) = time.trim().split_once('.')?;
    let seconds: u64 = seconds.parse().ok()?;
    let mut microseconds = 0;
    for digit in parts.chars().chain(core::iter::repeat('0')).take(6) {
        microseconds = microseconds * 10 + u64::from(digit.to_digit(10)?);
    }
    Some((seconds.saturating_mul(1_000_000).saturating_add(microseconds), text.trim_start()))
}

impl FileOps for Kmsg {
    fn read(&self, _flags: OpenFlags, _offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let mut next = self.next.lock();
        let Some(line) = self.lines.get(*next) else {
            return Ok(0);
        };
        if to.room() < line.len() {
            return Err(FsError::InvalidArgument);
        }
        if to.put(Bytes::Slice(line.as_bytes())) < line.len() {
            return Err(FsError::BadAddress);
        }
        *next += 1;
        Ok(line.len())
    }

    fn write(
        &self,
        _flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let len = from.left();
        if len > LINE_MAX_BYTES {
            return Err(FsError::InvalidArgument);
        }
        let line = io::take(from, len)?;
        let (level, text) = level_of(line.trim_ascii_end());
        log::log!(level, "{}", text.escape_ascii());
        Ok(len)
    }
}

/// Removes the priority, `<NUMBER>`, from the start of a line.
fn level_of(line: &[u8]) -> (log::Level, &[u8]) {
    let parsed = line.strip_prefix(b"<").and_then(|rest| {
        let end = rest.iter().position(|byte| *byte == b'>')?;
        let number: u32 = core::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
        Some((number & 7, &rest[end + 1..]))
    });
    match parsed {
        Some((0..=3, text)) => (log::Level::Error, text),
        Some((4, text)) => (log::Level::Warn, text),
        Some((7, text)) => (log::Level::Debug, text),
        Some((_, text)) => (log::Level::Info, text),
        None => (log::Level::Info, line),
    }
}
