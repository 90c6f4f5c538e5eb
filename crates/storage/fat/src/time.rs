//! Dates and times of entries, in UTC.

use ::volume::Time;
use civil_time::CivilTime;

const NANOSECONDS: i64 = 1_000_000_000;
const FIRST_YEAR: u16 = 1980;
const LAST_YEAR: u16 = 2107;

/// A date and a time of day, as an entry stores them: the time in units of 2 s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DosTime {
    pub date: u16,
    pub time: u16,
    /// The rest of the time, in units of 10 ms. Only stored for the time of the creation.
    pub hundredths: u8,
}

impl DosTime {
    /// Returns a time before 1980 or after 2107 as the first or last one that can be stored.
    pub fn from_time(time: Time) -> Self {
        let seconds = u64::try_from(time.0.div_euclid(NANOSECONDS)).unwrap_or(0);
        let last =
            Self { date: 127 << 9 | 12 << 5 | 31, time: 23 << 11 | 59 << 5 | 29, hundredths: 0 };
        let Ok(civil) = CivilTime::from_unix_seconds(seconds) else {
            return last;
        };
        if civil.year() < FIRST_YEAR {
            return Self { date: 1 << 5 | 1, time: 0, hundredths: 0 };
        }
        if civil.year() > LAST_YEAR {
            return last;
        }
        let year = civil.year() - FIRST_YEAR;
        let day_seconds = seconds % (24 * 60 * 60);
        let (hour, minute, second) = (day_seconds / 3600, day_seconds / 60 % 60, day_seconds % 60);
        let hundredths = time.0.rem_euclid(NANOSECONDS) / 10_000_000;
        Self {
            date: year << 9 | u16::from(civil.month()) << 5 | u16::from(civil.day()),
            time: (hour << 11 | minute << 5 | (second / 2)) as u16,
            hundredths: (second % 2) as u8 * 100 + hundredths as u8,
        }
    }

    /// Returns the time. Parts that can't be are moved to the nearest ones.
    pub fn to_time(self) -> Time {
        let year = FIRST_YEAR + (self.date >> 9);
        let month = (self.date >> 5 & 0xF).clamp(1, 12) as u8;
        let day = (self.date & 0x1F).clamp(1, 31) as u8;
        let hour = (self.time >> 11).min(23) as u8;
        let minute = (self.time >> 5 & 0x3F).min(59) as u8;
        let second = ((self.time & 0x1F) * 2).min(58) as u8;
        // No month has less than 28 days.
        let civil = (28..=day.max(28))
            .rev()
            .map(|last| CivilTime::try_new(year, month, day.min(last), hour, minute, second))
            .find_map(Result::ok);
        Time(civil.map_or(0, |civil| civil.unix_seconds() as i64 * NANOSECONDS))
    }
}
