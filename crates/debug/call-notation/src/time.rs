//! Times.

use core::fmt;

use crate::bytes::Bytes;

/// A time in two numbers.
pub(crate) struct Time {
    seconds: i64,
    rest: i64,
    rest_name: &'static str,
}

impl Time {
    /// Reads a `struct timespec`.
    pub(crate) fn of_timespec(bytes: Bytes<'_>, offset: usize) -> Self {
        let [seconds, rest] = [offset, offset + 8].map(|at| bytes.i64_at(at));
        Self { seconds, rest, rest_name: "tv_nsec" }
    }

    /// Reads a `struct timeval`.
    pub(crate) fn of_timeval(bytes: Bytes<'_>, offset: usize) -> Self {
        Self { rest_name: "tv_usec", ..Self::of_timespec(bytes, offset) }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{tv_sec={}, {}={}}}", self.seconds, self.rest_name, self.rest)
    }
}

/// Nanoseconds that stand for the present time, and for no change.
///
/// Source: Linux, include/linux/stat.h.
const NOW: i64 = (1 << 30) - 1;
const OMIT: i64 = (1 << 30) - 2;

/// A time of a file to be set.
pub(crate) struct FileTime(Time);

impl FileTime {
    /// Reads a `struct timespec` of utimensat(2).
    pub(crate) fn at(bytes: Bytes<'_>, offset: usize) -> Self {
        Self(Time::of_timespec(bytes, offset))
    }
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rest {
            NOW => f.write_str("UTIME_NOW"),
            OMIT => f.write_str("UTIME_OMIT"),
            _ => self.0.fmt(f),
        }
    }
}
