//! Dates and times of day in the Gregorian calendar, and conversion from and to seconds.
//!
//! A [`CivilTime`] is always an existing second; it has a weekday and a number of seconds
//! since 1970. [`cmos`] decodes the registers of a PC's clock.
//!
//! ```
//! use civil_time::CivilTime;
//! let time = CivilTime::try_new(2024, 2, 29, 23, 59, 58)?;
//! assert_eq!(time.to_string(), "Thu 2024-02-29 23:59:58");
//! assert_eq!(CivilTime::from_unix_seconds(time.unix_seconds() + 2)?.month(), 3);
//! # Ok::<(), civil_time::Error>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod cmos;
mod error;
#[cfg(test)]
mod tests;
mod weekday;

use core::fmt;

pub use error::Error;
pub use weekday::Weekday;

/// The first year that is supported.
pub const FIRST_YEAR: u16 = 1970;
/// The last year that is supported.
pub const LAST_YEAR: u16 = 9999;

const DAY_SECONDS: u64 = 24 * 60 * 60;

/// A second of the years 1970 to 9999, in an unspecified time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl CivilTime {
    /// Makes a time from its parts; months and days count from 1.
    ///
    /// # Errors
    /// [`Error`] if there is no such second. Leap seconds aren't supported.
    pub const fn try_new(
        year: u16,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
    ) -> Result<Self, Error> {
        if year < FIRST_YEAR || year > LAST_YEAR {
            return Err(Error::Year(year));
        }
        if month < 1 || month > 12 {
            return Err(Error::Month(month));
        }
        if day < 1 || day > month_days(year, month) {
            return Err(Error::Day(day));
        }
        if hour > 23 {
            return Err(Error::Hour(hour));
        }
        if minute > 59 {
            return Err(Error::Minute(minute));
        }
        if second > 59 {
            return Err(Error::Second(second));
        }
        Ok(Self { year, month, day, hour, minute, second })
    }

    /// Returns the year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// Returns the month, from 1.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Returns the day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }

    /// Returns the weekday.
    pub fn weekday(self) -> Weekday {
        Weekday::SINCE_1970[self.days_since_1970() as usize % 7]
    }

    /// Returns the seconds since 1970-01-01 00:00:00 in the same time zone, without leap
    /// seconds.
    pub fn unix_seconds(self) -> u64 {
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(u64::from);
        u64::from(self.days_since_1970()) * DAY_SECONDS + (hour * 60 + minute) * 60 + second
    }

    /// Makes a time from the seconds since 1970-01-01 00:00:00.
    ///
    /// # Errors
    /// [`Error::TooLate`].
    pub fn from_unix_seconds(seconds: u64) -> Result<Self, Error> {
        let days = u32::try_from(seconds / DAY_SECONDS).map_err(|_| Error::TooLate(seconds))?;
        // A year has at most 366 days, so this is the right year or an earlier one.
        let mut year = days / 366 + u32::from(FIRST_YEAR);
        if year > u32::from(LAST_YEAR) {
            return Err(Error::TooLate(seconds));
        }
        while days_before_year(year + 1) <= days {
            year += 1;
        }
        let year = u16::try_from(year).ok().filter(|&year| year <= LAST_YEAR);
        let year = year.ok_or(Error::TooLate(seconds))?;
        let mut day = days - days_before_year(year.into());
        let mut month = 1;
        while day >= u32::from(month_days(year, month)) {
            day -= u32::from(month_days(year, month));
            month += 1;
        }
        let second = seconds % DAY_SECONDS;
        Ok(Self {
            year,
            month,
            day: day as u8 + 1,
            hour: (second / 3600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        })
    }

    fn days_since_1970(self) -> u32 {
        let months = (1..self.month).map(|month| u32::from(month_days(self.year, month)));
        days_before_year(self.year.into()) + months.sum::<u32>() + u32::from(self.day) - 1
    }
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        let weekday = self.weekday().short_name();
        write!(f, "{weekday} {year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

const fn is_leap_year(year: u16) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

const fn month_days(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to the start of `year`, which is 1970 or later.
const fn days_before_year(year: u32) -> u32 {
    let leap_days = (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
    const LEAP_DAYS_BEFORE_1970: u32 = 1969 / 4 - 1969 / 100 + 1969 / 400;
    (year - FIRST_YEAR as u32) * 365 + leap_days - LEAP_DAYS_BEFORE_1970
}
