//! The properties of disks, and their statuses.

use std::string::ToString;

use crate::identify::{IDENTIFY_BYTES, Identity, IdentityError};
use crate::status::Status;

fn set(data: &mut [u8; IDENTIFY_BYTES], word: usize, value: u16) {
    data[2 * word..2 * word + 2].copy_from_slice(&value.to_le_bytes());
}

fn set_text(data: &mut [u8; IDENTIFY_BYTES], word: usize, text: &[u8], len: usize) {
    for index in 0..len {
        data[2 * word + (index ^ 1)] = text.get(index).copied().unwrap_or(b' ');
    }
}

fn disk(change: impl FnOnce(&mut [u8; IDENTIFY_BYTES])) -> [u8; IDENTIFY_BYTES] {
    let mut data = [0; IDENTIFY_BYTES];
    set_text(&mut data, 10, b" serial-1", 20);
    set_text(&mut data, 27, b"QEMU \xFFARDDISK", 40);
    set(&mut data, 75, 31);
    set(&mut data, 76, 1 << 8 | 1 << 1);
    set(&mut data, 82, 1 << 5);
    set(&mut data, 83, 1 << 14 | 1 << 10);
    set(&mut data, 85, 1 << 5);
    for (index, word) in [0x5678, 0x1234, 0x0001, 0].into_iter().enumerate() {
        set(&mut data, 100 + index, word);
    }
    change(&mut data);
    data
}

#[test]
fn properties_are_decoded() {
    let found = Identity::from_bytes(&disk(|_| ())).expect("it is a disk");
    assert_eq!((found.serial.as_str(), found.model.as_str()), ("serial-1", "QEMU ?ARDDISK"));
    assert_eq!((found.sector_bytes, found.sectors), (512, 0x1_1234_5678));
    assert_eq!(found.queue_depth, Some(32));
    assert!(found.has_write_cache);

    let found = Identity::from_bytes(&disk(|data| {
        set(data, 76, 0);
        set(data, 85, 0);
        set(data, 106, 1 << 14 | 1 << 12);
        set(data, 117, 2048);
    }));
    let found = found.expect("it is a disk");
    assert_eq!((found.sector_bytes, found.queue_depth), (4096, None));
    assert!(!found.has_write_cache);
}

#[test]
fn words_without_their_fixed_bits_do_not_count() {
    let data = disk(|data| {
        set(data, 76, 0xFFFF);
        set(data, 106, 1 << 12);
        set(data, 117, 7);
    });
    let found = Identity::from_bytes(&data).expect("it is a disk");
    assert_eq!((found.queue_depth, found.sector_bytes), (None, 512));
}

#[test]
fn checksum_counts_where_there_is_one() {
    let mut data = disk(|data| data[510] = 0xA5);
    assert_eq!(Identity::from_bytes(&data), Err(IdentityError::Checksum));
    let sum = data.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    data[511] = sum.wrapping_neg();
    assert!(Identity::from_bytes(&data).is_ok());
}

#[test]
fn disks_that_cannot_be_used_are_refused() {
    let error = |change: fn(&mut [u8; IDENTIFY_BYTES])| Identity::from_bytes(&disk(change)).err();
    assert_eq!(error(|data| set(data, 0, 1 << 15)), Some(IdentityError::Unsupported));
    assert_eq!(error(|data| set(data, 83, 1 << 14)), Some(IdentityError::Unsupported));
    assert_eq!(error(|data| set(data, 83, 0xFFFF)), Some(IdentityError::Unsupported));
    assert_eq!(error(|data| set(data, 103, 2)), Some(IdentityError::Sectors));
    assert_eq!(error(|data| data[200..208].fill(0)), Some(IdentityError::Sectors));
    let sector_words = |words: u32| {
        let data = disk(|data| {
            set(data, 106, 1 << 14 | 1 << 12);
            set(data, 117, words as u16);
            set(data, 118, (words >> 16) as u16);
        });
        Identity::from_bytes(&data).err()
    };
    for words in [0, 128, 300, 4096] {
        assert_eq!(sector_words(words), Some(IdentityError::SectorBytes(2 * words)));
    }
    assert_eq!(sector_words(u32::MAX), Some(IdentityError::SectorBytes(u32::MAX)));
    assert_eq!(sector_words(2048), None);
}

#[test]
fn statuses_say_what_has_happened() {
    let status = |word| Status::from_word(word);
    assert!(status(0x50).is_ready() && !status(0x50).is_failed());
    assert!(!status(0xD0).is_ready() && !status(0x58).is_ready());
    assert!(status(0x4051).is_failed() && status(0x70).is_failed());
    assert!(status(0x8451).is_transient() && !status(0x8470).is_transient());
    assert!([0x4051, 0x1051, 0x0451].into_iter().all(|word| !status(word).is_transient()));
    assert_eq!(status(0x4051).word(), 0x4051);
    for (word, text) in [
        (0x4051, "uncorrectable data"),
        (0x1451, "no such sector"),
        (0x8451, "interface CRC error"),
        (0x0451, "command aborted"),
        (0x0070, "device fault"),
        (0x0151, "status 0x51, error 0x01"),
    ] {
        assert_eq!(status(word).to_string(), text);
    }
}
