use ::volume::Time;
use proptest::prelude::*;

use crate::time::DosTime;

const SECOND: i64 = 1_000_000_000;

#[test]
fn times_are_those_of_the_specification() {
    // 2023-11-14 22:13:20
    let time = DosTime::from_time(Time(1_700_000_000 * SECOND));
    assert_eq!(time.date, (2023 - 1980) << 9 | 11 << 5 | 14);
    assert_eq!((time.time, time.hundredths), (22 << 11 | 13 << 5 | 10, 0));
    let odd = DosTime::from_time(Time(1_700_000_001 * SECOND + 230_000_000));
    assert_eq!((odd.time, odd.hundredths), (time.time, 123));
    assert_eq!(odd.to_time(), Time(1_700_000_000 * SECOND));
}

#[test]
fn times_out_of_range_are_clamped() {
    const FIRST: i64 = 315_532_800;
    const END: i64 = 4_354_819_200;
    for early in [i64::MIN, -1, 0, (FIRST - 1) * SECOND] {
        assert_eq!(DosTime::from_time(Time(early)).to_time(), Time(FIRST * SECOND));
    }
    for late in [END * SECOND, i64::MAX] {
        assert_eq!(DosTime::from_time(Time(late)).to_time(), Time((END - 2) * SECOND));
    }
}

proptest! {
    #[test]
    fn any_stored_time_is_some_time(date: u16, time: u16) {
        let time = DosTime { date, time, hundredths: 0 }.to_time();
        prop_assert!(DosTime::from_time(time).to_time() == time);
    }
}
