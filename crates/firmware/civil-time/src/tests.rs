//! Edges, and every day compared with a calendar that counts days one by one.

extern crate std;

use std::string::ToString;

use proptest::prelude::*;

use super::cmos::{self, Registers};
use super::*;

fn time(year: u16, month: u8, day: u8) -> CivilTime {
    CivilTime::try_new(year, month, day, 0, 0, 0).expect("the test's day exists")
}

#[test]
fn known_times_have_their_numbers() {
    // Numbers printed by `date -u -d … +%s`.
    for (text, parts, seconds) in [
        ("Thu 1970-01-01 00:00:00", (1970, 1, 1, 0, 0, 0), 0),
        ("Thu 2024-02-29 23:59:58", (2024, 2, 29, 23, 59, 58), 1_709_251_198),
        ("Tue 2000-02-29 12:00:00", (2000, 2, 29, 12, 0, 0), 951_825_600),
        ("Mon 2100-03-01 00:00:00", (2100, 3, 1, 0, 0, 0), 4_107_542_400),
        ("Sat 2026-11-21 14:27:31", (2026, 11, 21, 14, 27, 31), 1_795_271_251),
        ("Fri 9999-12-31 23:59:59", (9999, 12, 31, 23, 59, 59), 253_402_300_799),
    ] {
        let (year, month, day, hour, minute, second) = parts;
        let time = CivilTime::try_new(year, month, day, hour, minute, second);
        let time = time.expect("it exists");
        assert_eq!(time.to_string(), text);
        assert_eq!(time.unix_seconds(), seconds, "{text}");
        assert_eq!(CivilTime::from_unix_seconds(seconds), Ok(time));
    }
}

#[test]
fn every_day_follows_the_one_before() {
    let mut days = 0_u64;
    for year in FIRST_YEAR..=LAST_YEAR {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if is_leap { 29 } else { 28 };
        for (month, len) in (1..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            for day in 1..=len {
                let time = time(year, month, day);
                assert_eq!(time.unix_seconds(), days * 86_400);
                assert_eq!(CivilTime::from_unix_seconds(days * 86_400), Ok(time));
                assert_eq!(time.weekday(), Weekday::SINCE_1970[(days % 7) as usize]);
                days += 1;
            }
            let beyond = CivilTime::try_new(year, month, len + 1, 0, 0, 0);
            assert_eq!(beyond, Err(Error::Day(len + 1)));
        }
    }
    assert_eq!(CivilTime::from_unix_seconds(days * 86_400), Err(Error::TooLate(days * 86_400)));
    assert_eq!(CivilTime::from_unix_seconds(u64::MAX), Err(Error::TooLate(u64::MAX)));
}

#[test]
fn parts_that_do_not_exist_are_errors() {
    let new = CivilTime::try_new;
    assert_eq!(new(1969, 12, 31, 0, 0, 0), Err(Error::Year(1969)));
    assert_eq!(new(10_000, 1, 1, 0, 0, 0), Err(Error::Year(10_000)));
    assert_eq!(new(2026, 0, 1, 0, 0, 0), Err(Error::Month(0)));
    assert_eq!(new(2026, 13, 1, 0, 0, 0), Err(Error::Month(13)));
    assert_eq!(new(2026, 1, 0, 0, 0, 0), Err(Error::Day(0)));
    assert_eq!(new(2026, 2, 29, 0, 0, 0), Err(Error::Day(29)));
    assert_eq!(new(2026, 1, 1, 24, 0, 0), Err(Error::Hour(24)));
    assert_eq!(new(2026, 1, 1, 0, 60, 0), Err(Error::Minute(60)));
    assert_eq!(new(2026, 1, 1, 0, 0, 60), Err(Error::Second(60)));
}

/// Returns the registers of a clock with this format.
fn registers(seconds: u64, is_binary: bool, is_24_hours: bool) -> Registers {
    let CivilTime { year, month, day, hour, minute, second } =
        CivilTime::from_unix_seconds(seconds).expect("the test's time exists");
    let number = |n: u8| if is_binary { n } else { n / 10 * 16 + n % 10 };
    let hours = match hour {
        hour if is_24_hours => number(hour),
        0 => number(12),
        hour @ 1..=11 => number(hour),
        12 => number(12) | 0x80,
        hour => number(hour - 12) | 0x80,
    };
    Registers {
        seconds: number(second),
        minutes: number(minute),
        hours,
        day: number(day),
        month: number(month),
        year: number((year % 100) as u8),
        century: Some(number((year / 100) as u8)),
        format: u8::from(is_binary) << 2 | u8::from(is_24_hours) << 1,
    }
}

#[test]
fn century_is_this_one_where_no_register_has_it() {
    let registers = Registers { century: None, ..registers(951_825_600, false, true) };
    assert_eq!(registers.decode(), CivilTime::from_unix_seconds(951_825_600).map_err(Into::into));
}

#[test]
fn registers_without_a_time_are_errors() {
    let good = registers(1_709_251_198, false, true);
    let bad = |change: fn(&mut Registers)| {
        let mut registers = good;
        change(&mut registers);
        registers.decode().expect_err("it is no time")
    };
    assert_eq!(bad(|it| it.month = 0), cmos::Error::NoSuchTime(Error::Month(0)));
    assert_eq!(bad(|it| it.seconds = 0x5A), cmos::Error::NotDecimal(0x5A));
    assert_eq!(bad(|it| it.year = 0xA1), cmos::Error::NotDecimal(0xA1));
    assert_eq!(bad(|it| it.century = Some(0x19)), cmos::Error::NoSuchTime(Error::Year(1924)));
    assert_eq!(bad(|it| (it.hours, it.format) = (0, 0)), cmos::Error::HalfDayHour(0));
    assert_eq!(bad(|it| (it.hours, it.format) = (0x93, 0)), cmos::Error::HalfDayHour(13));
    assert_eq!(bad(|it| (it.year, it.format) = (100, 6)), cmos::Error::TwoDigits(100));
    // Reads of a missing clock return these values.
    let nothing = Registers {
        seconds: 255,
        minutes: 255,
        hours: 255,
        day: 255,
        month: 255,
        year: 255,
        century: None,
        format: 255,
    };
    assert_eq!(nothing.decode(), Err(cmos::Error::TwoDigits(255)));
}

proptest! {
    #[test]
    fn seconds_and_parts_agree(seconds in 0..253_402_300_800_u64) {
        let time = CivilTime::from_unix_seconds(seconds).expect("it exists");
        prop_assert_eq!(time.unix_seconds(), seconds);
        let next = CivilTime::from_unix_seconds(seconds + 1);
        prop_assert!(next.is_ok_and(|next| next > time) || seconds == 253_402_300_799);
    }

    #[test]
    fn registers_of_every_format_are_read(
        seconds in 0..253_402_300_800_u64,
        is_binary: bool,
        is_24_hours: bool,
    ) {
        let time = CivilTime::from_unix_seconds(seconds).expect("it exists");
        prop_assert_eq!(registers(seconds, is_binary, is_24_hours).decode(), Ok(time));
    }

    #[test]
    fn any_registers_are_a_time_or_an_error(bytes: [u8; 7], century: Option<u8>) {
        let [seconds, minutes, hours, day, month, year, format] = bytes;
        let registers = Registers { seconds, minutes, hours, day, month, year, century, format };
        if let Ok(time) = registers.decode() {
            prop_assert_eq!(CivilTime::from_unix_seconds(time.unix_seconds()), Ok(time));
        }
    }
}
