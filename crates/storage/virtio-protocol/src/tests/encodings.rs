//! Encodings, byte by byte.

use std::string::ToString;

use crate::block::{CONFIG_BYTES, Config, ConfigError, Kind, Status, header, identity};
use crate::capability::{Place, Structure, decode};
use crate::features::Features;

#[test]
fn capabilities_are_decoded_and_bad_ones_ignored() {
    let place = Place { base_address: 4, offset_bytes: 0x3000, len_bytes: 0x1000 };
    assert_eq!(decode([0x0110_5009, 4, 0x3000, 0x1000, 7]), Some((Structure::Common, place)));
    let notify = Structure::Notify { multiplier: 7 };
    assert_eq!(decode([0x0214_5009, 4, 0x3000, 0x1000, 7]), Some((notify, place)));
    assert_eq!(decode([0x0410_5009, 4, 0x3000, 0x1000, 7]), Some((Structure::Device, place)));
    for words in [
        // The interrupt status, access by the configuration space, a kind that isn't known.
        [0x0310_5009, 4, 0x3000, 0x1000, 0],
        [0x0514_5009, 4, 0x3000, 0x1000, 0],
        [0x0010_5009, 4, 0x3000, 0x1000, 0],
        // Too short, no such base address, not aligned, too long.
        [0x010F_5009, 4, 0x3000, 0x1000, 0],
        [0x0210_5009, 4, 0x3000, 0x1000, 0],
        [0x0110_5009, 6, 0x3000, 0x1000, 0],
        [0x0110_5009, 4, 0x3002, 0x1000, 0],
        [0x0110_5009, 4, 0xFFFF_F000, 0x2000, 0],
    ] {
        assert_eq!(decode(words), None, "{words:x?}");
    }
}

fn config(change: impl FnOnce(&mut [u8; CONFIG_BYTES])) -> [u8; CONFIG_BYTES] {
    let mut data = [0xEE; CONFIG_BYTES];
    data[0..8].copy_from_slice(&0x1_0000_0008_u64.to_le_bytes());
    data[8..12].copy_from_slice(&65536_u32.to_le_bytes());
    data[12..16].copy_from_slice(&254_u32.to_le_bytes());
    data[20..24].copy_from_slice(&4096_u32.to_le_bytes());
    data[34..36].copy_from_slice(&4_u16.to_le_bytes());
    change(&mut data);
    data
}

#[test]
fn properties_count_only_with_their_features() {
    let all = Config::from_bytes(&config(|_| ()), Features::OF_DRIVER).expect("it is valid");
    let expected = Config {
        sector_bytes: 4096,
        sectors: 0x2000_0001,
        segments_max: 254,
        segment_bytes_max: 65536,
        queues: 4,
        is_read_only: true,
        has_write_cache: true,
    };
    assert_eq!(all, expected);
    let none = Config::from_bytes(&config(|_| ()), Features::VERSION_1).expect("it is valid");
    let expected = Config {
        sector_bytes: 512,
        sectors: 0x1_0000_0008,
        segments_max: 1,
        segment_bytes_max: u32::MAX,
        queues: 1,
        is_read_only: false,
        has_write_cache: false,
    };
    assert_eq!(none, expected);
}

#[test]
fn impossible_properties_are_refused() {
    for bytes in [0, 256, 513, 8192, u32::MAX] {
        let data = config(|data| data[20..24].copy_from_slice(&bytes.to_le_bytes()));
        let error = Config::from_bytes(&data, Features::OF_DRIVER);
        assert_eq!(error, Err(ConfigError::SectorBytes(bytes)));
    }
    // Less than a sector of 4,096 bytes.
    let data = config(|data| data[0..8].copy_from_slice(&7_u64.to_le_bytes()));
    assert_eq!(Config::from_bytes(&data, Features::OF_DRIVER), Err(ConfigError::Empty));
    // Numbers of 0 stand for the least.
    let data = config(|data| {
        data[12..16].fill(0);
        data[34..36].fill(0);
    });
    let found = Config::from_bytes(&data, Features::OF_DRIVER).expect("it is valid");
    assert_eq!((found.segments_max, found.queues), (1, 1));
}

#[test]
fn headers_and_answers_are_those_of_the_specification() {
    assert_eq!(header(Kind::Read, 7), [0, 7]);
    assert_eq!(header(Kind::Write, 7), [1, 7]);
    // The sector of a flush is 0.
    assert_eq!(header(Kind::Flush, 7), [4, 0]);
    assert_eq!(header(Kind::Identify, 7), [8, 0]);
    assert!(Status(0).is_success());
    assert!(!Status(1).is_success() && !Status(2).is_success() && !Status::UNSET.is_success());
    assert_eq!(Status(1).to_string(), "device or driver error");
    assert_eq!(Status(9).to_string(), "status 0x09");
    assert_eq!(identity(b"abc 1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "abc 1");
    assert_eq!(identity(b"01234567890123456789"), "01234567890123456789");
    assert_eq!(identity(b"ab\xFFc\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "ab");
}
