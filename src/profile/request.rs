//! The words that start and stop the profiler: `start [HZ [KIB]]`, `stop`.

use core::fmt;
use core::ops::RangeInclusive;

/// How samples are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    hz: u32,
    buffer_kib: u32,
}

/// A request to the profiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// It starts.
    Start(Settings),
    /// It stops.
    Stop,
}

/// The reason why words are no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestError {
    /// The first word is neither `start` nor `stop`.
    Unknown,
    /// The number of samples per second is not in [`Settings::HZ`].
    BadRate,
    /// The size of a buffer is not in [`Settings::BUFFER_KIB`].
    BadSize,
    /// There are more words.
    TooMany,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let range = |range: RangeInclusive<u32>| (*range.start(), *range.end());
        match self {
            Self::Unknown => f.write_str("neither start nor stop"),
            Self::BadRate => {
                let (min, max) = range(Settings::HZ);
                write!(f, "the samples per second are a number from {min} to {max}")
            }
            Self::BadSize => {
                let (min, max) = range(Settings::BUFFER_KIB);
                write!(f, "the KiB for the samples of a CPU are a number from {min} to {max}")
            }
            Self::TooMany => f.write_str("too many words"),
        }
    }
}

impl core::error::Error for RequestError {}

impl Settings {
    /// The possible numbers of samples per second.
    pub const HZ: RangeInclusive<u32> = 1..=20_000;
    /// The possible sizes of a CPU's buffer, in KiB.
    pub const BUFFER_KIB: RangeInclusive<u32> = 1..=65_536;

    /// Makes settings; `None` if a number is out of its range.
    pub fn try_new(hz: u32, buffer_kib: u32) -> Option<Self> {
        let is_good = Self::HZ.contains(&hz) && Self::BUFFER_KIB.contains(&buffer_kib);
        is_good.then_some(Self { hz, buffer_kib })
    }

    /// Returns the number of samples per second of each CPU.
    pub fn hz(self) -> u32 {
        self.hz
    }

    /// Returns the time between two samples of a CPU, in nanoseconds.
    pub(super) fn period_ns(self) -> u64 {
        1_000_000_000 / u64::from(self.hz)
    }

    /// Returns the size of a CPU's buffer.
    pub(super) fn buffer_bytes(self) -> usize {
        self.buffer_kib as usize * 1024
    }
}

impl Default for Settings {
    /// A rate that is no multiple or divisor of other rates, such as that of the scheduler, and
    /// room for some thousand samples of each CPU.
    fn default() -> Self {
        Self { hz: 997, buffer_kib: 1024 }
    }
}

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let mut words = text.split_ascii_whitespace();
        let request = match words.next() {
            Some("start") => {
                let Settings { hz, buffer_kib } = Settings::default();
                let hz = number(words.next(), hz, Settings::HZ).ok_or(RequestError::BadRate)?;
                let buffer_kib = number(words.next(), buffer_kib, Settings::BUFFER_KIB);
                let buffer_kib = buffer_kib.ok_or(RequestError::BadSize)?;
                Self::Start(Settings { hz, buffer_kib })
            }
            Some("stop") => Self::Stop,
            _ => return Err(RequestError::Unknown),
        };
        words.next().map_or(Ok(request), |_| Err(RequestError::TooMany))
    }
}

/// Returns the number that `word` is, or `default` without a word; `None` if it isn't in `range`.
fn number(word: Option<&str>, default: u32, range: RangeInclusive<u32>) -> Option<u32> {
    let Some(word) = word else {
        return Some(default);
    };
    word.parse().ok().filter(|number| range.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn requests_are_read() {
        let start = |hz, kib| Settings::try_new(hz, kib).map(Request::Start);
        assert_eq!(Request::parse("start").ok(), start(997, 1024));
        assert_eq!(Request::parse(" start 1\n").ok(), start(1, 1024));
        assert_eq!(Request::parse("start 20000 65536").ok(), start(20_000, 65_536));
        assert_eq!(Request::parse("stop\n"), Ok(Request::Stop));
        for (text, error) in [
            ("", RequestError::Unknown),
            ("START", RequestError::Unknown),
            ("start 0", RequestError::BadRate),
            ("start 20001", RequestError::BadRate),
            ("start fast", RequestError::BadRate),
            ("start 1 0", RequestError::BadSize),
            ("start 1 65537", RequestError::BadSize),
            ("start 1 1 1", RequestError::TooMany),
            ("stop now", RequestError::TooMany),
        ] {
            assert_eq!(Request::parse(text), Err(error), "{text}");
        }
        assert_eq!(Settings::try_new(0, 1), None);
    }
}
