//! Frames, headers and regions, word by word.

use std::vec::Vec;

use proptest::prelude::*;

use crate::command::{Command, Direction, Queuing};
use crate::packet::Packet;
use crate::regions::{Region, RegionsError, describe, header};

const READ: Command =
    Command::Transfer { direction: Direction::Read, sector: 0x6655_4433_2211, count: 0x0807 };

const WRITE: Command = Command::Transfer { direction: Direction::Write, sector: 1, count: 2 };
const PACKET: Command = Command::Packet { packet: Packet::ReadCapacity, needs_direction: true };

#[test]
fn commands_that_are_executed_alone_have_their_count_in_the_count() {
    assert_eq!(READ.frame(Queuing::Alone), [0x0025_8027, 0x4033_2211, 0x0066_5544, 0x0807, 0]);
    assert_eq!(WRITE.frame(Queuing::Alone), [0x0035_8027, 0x4000_0001, 0, 2, 0]);
    assert_eq!(Command::Flush.frame(Queuing::Alone), [0x00EA_8027, 0x4000_0000, 0, 0, 0]);
    assert_eq!(Command::Standby.frame(Queuing::Alone), [0x00E0_8027, 0x4000_0000, 0, 0, 0]);
    assert_eq!(Command::Identify.frame(Queuing::Alone), [0x00EC_8027, 0x4000_0000, 0, 0, 0]);
    assert!(WRITE.is_write() && !READ.is_write() && !Command::Flush.is_write());
}

#[test]
fn queued_commands_have_their_count_in_the_features_and_the_tag_in_the_count() {
    assert_eq!(
        READ.frame(Queuing::Queued(31)),
        [0x0760_8027, 0x4033_2211, 0x0866_5544, 31 << 3, 0]
    );
    assert_eq!(WRITE.frame(Queuing::Queued(1)), [0x0261_8027, 0x4000_0001, 0, 8, 0]);
}

proptest! {
    #[test]
    fn frames_have_the_sector_and_the_count(
        sector in 0_u64..1 << 48,
        count in 1_u32..=65_535,
        tag in 0_u8..32,
    ) {
        let read = Command::Transfer { direction: Direction::Read, sector, count };
        for queuing in [Queuing::Alone, Queuing::Queued(tag)] {
            let bytes: Vec<u8> =
                read.frame(queuing).into_iter().flat_map(u32::to_le_bytes).collect();
            let places = [4, 5, 6, 8, 9, 10];
            let found = places.into_iter().rev().fold(0, |sum, at| sum << 8 | u64::from(bytes[at]));
            prop_assert_eq!(found, sector);
            let features = u32::from(bytes[11]) << 8 | u32::from(bytes[3]);
            let counted = u32::from(bytes[13]) << 8 | u32::from(bytes[12]);
            match queuing {
                Queuing::Alone => prop_assert_eq!((features, counted), (0, count)),
                Queuing::Queued(tag) => {
                    prop_assert_eq!((features, counted), (count, u32::from(tag) << 3));
                }
            }
        }
    }
}

#[test]
fn regions_are_described_as_the_specification_says() {
    let regions = [
        Region { address: 0x1000, len_bytes: 4096 },
        Region { address: 0x7_0000_0000, len_bytes: 4 << 20 },
    ];
    let mut written = Vec::new();
    let count = describe(regions, 2, |index, words| written.push((index, words)));
    assert_eq!(count, Ok(2));
    assert_eq!(written, [(0, [0x1000, 0, 0, 4095]), (1, [0, 7, 0, 0x3F_FFFF])]);
    assert_eq!(describe(regions, 1, |_, _| ()), Err(RegionsError::TooMany));
    assert_eq!(describe([], 0, |_, _| ()), Ok(0));
    for (address, len_bytes) in [(1, 2), (2, 1), (0, 0), (0, (4 << 20) + 2)] {
        let regions = [Region { address, len_bytes }];
        assert_eq!(describe(regions, 1, |_, _| ()), Err(RegionsError::Invalid));
    }
    assert_eq!(header(0x7_0000_0080, 3, WRITE), [0x0003_0045, 0, 0x80, 7]);
    assert_eq!(header(0x80, 0, Command::Flush), [5, 0, 0x80, 0]);
    assert_eq!(header(0x80, 1, PACKET), [0x0001_0025, 0, 0x80, 0]);
}
