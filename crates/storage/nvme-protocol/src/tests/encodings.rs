//! Commands, answers and properties.

use std::string::ToString;
use std::vec::Vec;

use crate::command::{Command, Direction, Identify};
use crate::completion::{Completion, Status, queue_pairs};
use crate::identify::{Controller, IDENTIFY_BYTES, Namespace, NamespaceError, namespace_numbers};
use crate::prp::DataPointer;

#[test]
fn commands_have_the_words_of_the_specification() {
    let words = Command::identify(Identify::NamespacesAbove(7), 0x1_2345_6000).words(0xABCD);
    assert_eq!(words, [0xABCD_0006, 7, 0, 0, 0, 0, 0x2345_6000, 1, 0, 0, 2, 0, 0, 0, 0, 0]);
    let words = Command::set_queue_pairs(4).words(1);
    assert_eq!((words[0], words[10], words[11]), (0x0001_0009, 7, 0x0003_0003));
    let words = Command::create_completion_queue(2, 64, 0x1000, Some(5)).words(0);
    assert_eq!((words[0], words[10], words[11]), (5, 63 << 16 | 2, 5 << 16 | 0b11));
    let words = Command::create_completion_queue(2, 64, 0x1000, None).words(0);
    assert_eq!(words[11], 1);
    let words = Command::create_submission_queue(2, 64, 0x2000).words(0);
    assert_eq!((words[0], words[6], words[10], words[11]), (1, 0x2000, 63 << 16 | 2, 2 << 16 | 1));
    let words = Command::abort(3, 0x0102).words(9);
    assert_eq!((words[0], words[10]), (9 << 16 | 8, 0x0102_0003));
    let data = DataPointer { first: 0x5004, second: 0xF_0000_8000 };
    let forced = Direction::Write { is_forced: true };
    let words = Command::transfer(forced, 1, 0x1_0000_0002, 8, data).words(3);
    assert_eq!(words[..10], [3 << 16 | 1, 1, 0, 0, 0, 0, 0x5004, 0, 0x8000, 0xF]);
    assert_eq!(words[10..13], [2, 1, 1 << 30 | 7]);
    assert_eq!(Command::transfer(Direction::Read, 1, 0, 1, data).words(0)[12], 0);
    assert_eq!(Command::flush(9).words(0)[..2], [0, 9]);
}

#[test]
fn answers_are_decoded() {
    let words = [0x0003_0007, 0, 0x0002_0005, 0x0005_1234];
    let answer = Completion::from_words(words);
    assert_eq!((answer.submission_head, answer.identifier, answer.phase), (5, 0x1234, true));
    assert_eq!((answer.status, queue_pairs(answer.result)), (Status(2), 4));
    assert!(!answer.status.is_success());
    assert_eq!(answer.status.to_string(), "invalid field (status 0/0x02)");
    let final_read_error = Status(1 << 14 | 2 << 8 | 0x81);
    assert!(final_read_error.is_final() && !final_read_error.is_success());
    assert_eq!(final_read_error.to_string(), "unrecovered read error (status 2/0x81)");
    assert_eq!(Status(7 << 8 | 0x55).to_string(), "status 7/0x55");
    // More and Retry Delay don't make an error.
    assert!(Status(0b111 << 11).is_success());
}

#[test]
fn controllers_are_decoded() {
    let mut data = [0; IDENTIFY_BYTES];
    data[4..24].copy_from_slice(b"S123                ");
    data[24..34].copy_from_slice(b"A\x01 model\0\xFF");
    data[77] = 5;
    data[516] = 3;
    data[525] = 1;
    let controller = Controller::from_bytes(&data);
    assert_eq!((controller.serial.as_str(), controller.model.as_str()), ("S123", "A? model ?"));
    assert_eq!(controller.transfer_bytes_max(4096), Some(128 * 1024));
    assert_eq!((controller.namespaces, controller.has_write_cache), (3, true));
    data[77] = 0;
    assert_eq!(Controller::from_bytes(&data).transfer_bytes_max(4096), None);
    data[77] = 60;
    assert_eq!(Controller::from_bytes(&data).transfer_bytes_max(4096), None);
}

#[test]
fn namespaces_are_decoded_or_refused() {
    let mut data = [0; IDENTIFY_BYTES];
    assert_eq!(Namespace::from_bytes(&data), Err(NamespaceError::Empty));
    data[1] = 1;
    assert_eq!(Namespace::from_bytes(&data), Err(NamespaceError::BlockSize(0)));
    data[130] = 9;
    let expected = Namespace { blocks: 256, block_bytes: 512, is_read_only: false };
    assert_eq!(Namespace::from_bytes(&data), Ok(expected));
    // The format with the index 2, and then 16 + 2.
    data[26] = 2;
    data[128 + 8..][..4].copy_from_slice(&[8, 0, 12, 0]);
    assert_eq!(Namespace::from_bytes(&data), Err(NamespaceError::HasMetadata(8)));
    data[26] = 0b10_0010;
    data[128 + 72 + 2] = 12;
    data[99] = 1;
    let expected = Namespace { blocks: 256, block_bytes: 4096, is_read_only: true };
    assert_eq!(Namespace::from_bytes(&data), Ok(expected));
    data[..8].fill(0xFF);
    assert_eq!(Namespace::from_bytes(&data).unwrap().blocks, u64::MAX >> 12);
}

#[test]
fn list_of_namespaces_ends_at_0() {
    let mut data = [0; IDENTIFY_BYTES];
    data[0] = 1;
    data[5] = 2;
    assert_eq!(namespace_numbers(&data).collect::<Vec<_>>(), [1, 0x200]);
    data.fill(1);
    assert_eq!(namespace_numbers(&data).count(), 1024);
}
