//! Dates, in the two forms that records have.

use civil_time::CivilTime;
use volume::Time;

/// The length of the short form, in bytes.
pub(crate) const SHORT_BYTES: usize = 7;
/// The length of the long form, in bytes.
pub(crate) const LONG_BYTES: usize = 17;

/// The unit of time zones, in seconds.
const ZONE_SECONDS: i64 = 15 * 60;
/// The zones that exist, in that unit.
const ZONES: core::ops::RangeInclusive<i8> = -48..=52;

/// Returns the time of a date in the short form; 1970 for one that doesn't exist or is earlier.
pub(crate) fn short(date: &[u8; SHORT_BYTES]) -> Time {
    let [year, month, day, hour, minute, second, zone] = *date;
    time(1900 + u16::from(year), [month, day, hour, minute, second], 0, zone)
}

/// Returns the time of a date in the long form; 1970 for one that doesn't exist or is earlier.
pub(crate) fn long(date: &[u8; LONG_BYTES]) -> Time {
    let number = |range: core::ops::Range<usize>| {
        date[range].iter().try_fold(0_u16, |number, digit| {
            digit.is_ascii_digit().then(|| 10 * number + u16::from(digit - b'0'))
        })
    };
    let two = |at: usize| number(at..at + 2).map(|number| number as u8);
    let parts = (|| Some([two(4)?, two(6)?, two(8)?, two(10)?, two(12)?]))();
    match (number(0..4), parts, two(14)) {
        (Some(year), Some(parts), Some(hundredths)) => time(year, parts, hundredths, date[16]),
        _ => Time(0),
    }
}

/// Returns the time; `parts` are month, day, hour, minute, second.
fn time(year: u16, parts: [u8; 5], hundredths: u8, zone: u8) -> Time {
    let [month, day, hour, minute, second] = parts;
    let Ok(civil) = CivilTime::try_new(year, month, day, hour, minute, second) else {
        return Time(0);
    };
    let zone = zone.cast_signed();
    let east = if ZONES.contains(&zone) { i64::from(zone) * ZONE_SECONDS } else { 0 };
    let seconds = civil.unix_seconds().cast_signed() - east;
    let nanoseconds = i64::from(hundredths) * 10_000_000;
    Time(seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds))
}
