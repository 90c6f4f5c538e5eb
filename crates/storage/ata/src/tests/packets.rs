//! Drives with packets: their commands byte by byte, and their answers.

use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use crate::command::{Command, Queuing};
use crate::identify::{IDENTIFY_BYTES, IdentityError};
use crate::packet::{Capacity, DriveIdentity, Packet, SENSE_BYTES, Sense};

fn bytes(packet: Packet) -> Vec<u8> {
    packet.words().into_iter().flat_map(u32::to_le_bytes).collect()
}

#[test]
fn packets_have_their_numbers_with_the_high_byte_first() {
    assert_eq!(bytes(Packet::RequestSense), [3, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(bytes(Packet::ReadCapacity), [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let read = Packet::Read { sector: 0x1122_3344, count: 0x5566 };
    assert_eq!(bytes(read), [0x28, 0, 0x11, 0x22, 0x33, 0x44, 0, 0x55, 0x66, 0, 0, 0]);
}

#[test]
fn frames_say_who_moves_the_data() {
    let frame =
        |packet, needs_direction| Command::Packet { packet, needs_direction }.frame(Queuing::Alone);
    let read = Packet::Read { sector: 7, count: 1 };
    assert_eq!(frame(read, false), [0x01A0_8027, 0x40FC_0000, 0, 0, 0]);
    assert_eq!(frame(read, true), [0x05A0_8027, 0x40FC_0000, 0, 0, 0]);
    assert_eq!(frame(Packet::RequestSense, true), [0x00A0_8027, 0x40FC_0000, 0, 0, 0]);
    let identify = Command::IdentifyPacketDevice.frame(Queuing::Alone);
    assert_eq!(identify, [0x00A1_8027, 0x4000_0000, 0, 0, 0]);
}

#[test]
fn identity_is_that_of_a_drive_of_cds() {
    let mut data = [0; IDENTIFY_BYTES];
    data[20..24].copy_from_slice(b"MQ10");
    data[54..58].copy_from_slice(b"VD-D");
    let mut found = |general: u16, direction: u16| {
        data[..2].copy_from_slice(&general.to_le_bytes());
        data[124..126].copy_from_slice(&direction.to_le_bytes());
        DriveIdentity::from_bytes(&data)
    };
    let drive = found(0x8580, 0).expect("it is a drive");
    assert_eq!((drive.serial.as_str(), drive.model.as_str()), ("QM01", "DVD-"));
    assert!(!drive.needs_direction);
    assert!(found(0x8580, 0x8000).expect("it is a drive").needs_direction);
    // A disk, a tape, and packets of 16 bytes.
    for general in [0x0040, 0x8180, 0x8581] {
        assert_eq!(found(general, 0), Err(IdentityError::UnsupportedDrive));
    }
}

#[test]
fn capacity_is_one_more_than_the_last_sector() {
    let found = Capacity::from_bytes([0, 1, 2, 3, 0, 0, 8, 0]);
    assert_eq!(found, Ok(Capacity { sectors: 0x1_0204, sector_bytes: 2048 }));
    for wrong in [0_u32, 2352, 8192, 256] {
        let mut data = [0; 8];
        data[4..].copy_from_slice(&wrong.to_be_bytes());
        assert_eq!(Capacity::from_bytes(data), Err(IdentityError::SectorBytes(wrong)));
    }
}

#[test]
fn sense_is_decoded() {
    for (key, code, qualifier, expected) in [
        (0, 0, 0, Sense::Nothing),
        (2, 0x04, 0x01, Sense::BecomingReady),
        (2, 0x3A, 0x01, Sense::NoMedium),
        (2, 0x04, 0x02, Sense::Other(2, 4, 2)),
        (3, 0x11, 0x05, Sense::Unreadable),
        (6, 0x28, 0x00, Sense::MediumChanged),
        (6, 0x29, 0x02, Sense::Reset),
        (5, 0x21, 0x00, Sense::Other(5, 0x21, 0)),
    ] {
        let mut data = [0; SENSE_BYTES];
        // The upper bits of the key's byte are flags.
        (data[2], data[12], data[13]) = (key | 0xF0, code, qualifier);
        assert_eq!(Sense::from_bytes(&data), expected);
    }
    let text = Sense::Other(5, 0x21, 0).to_string();
    assert_eq!(text, "sense key 0x5, code 0x21, qualifier 0x00");
}

proptest! {
    #[test]
    fn answers_of_any_bytes_are_decoded(data in prop::collection::vec(any::<u8>(), IDENTIFY_BYTES)) {
        let data: [u8; IDENTIFY_BYTES] = data.try_into().expect("it has as many");
        let _ = DriveIdentity::from_bytes(&data);
        let _ = Sense::from_bytes(data.first_chunk().expect("it is longer"));
        let capacity = Capacity::from_bytes(*data.first_chunk().expect("it is longer"));
        prop_assert!(capacity.is_ok_and(|found| found.sectors > 0) || capacity.is_err());
    }
}
