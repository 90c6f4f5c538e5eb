//! Errors.

use core::fmt;

/// Why a time can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The year is before [`FIRST_YEAR`](crate::FIRST_YEAR) or after [`LAST_YEAR`](crate::LAST_YEAR).
    Year(u16),
    /// The month isn't 1 to 12.
    Month(u8),
    /// The month has no such day.
    Day(u8),
    /// The hour is above 23.
    Hour(u8),
    /// The minute is above 59.
    Minute(u8),
    /// The second is above 59.
    Second(u8),
    /// The time is after [`LAST_YEAR`](crate::LAST_YEAR). Holds the seconds since 1970.
    TooLate(u64),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "the year {year} is before 1970 or after 9999"),
            Self::Month(month) => write!(f, "there is no month {month}"),
            Self::Day(day) => write!(f, "the month has no day {day}"),
            Self::Hour(hour) => write!(f, "there is no hour {hour}"),
            Self::Minute(minute) => write!(f, "there is no minute {minute}"),
            Self::Second(second) => write!(f, "there is no second {second}"),
            Self::TooLate(seconds) => write!(f, "{seconds} s after 1970 is after the year 9999"),
        }
    }
}

impl core::error::Error for Error {}
