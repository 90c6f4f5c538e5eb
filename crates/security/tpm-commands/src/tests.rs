use std::vec::Vec;

use hash_tree::Hash;
use proptest::prelude::*;

use super::*;

/// By hand from part 3: for PCR 11 and bytes of 0xAB.
const EXTEND: &[u8] = b"\x80\x02\0\0\0\x41\0\0\x01\x82\0\0\0\x0b\0\0\0\x09\x40\0\0\x09\0\0\0\0\0\
    \0\0\0\x01\0\x0b";
/// The same for PCRs 8 to 15.
const READ: &[u8] = b"\x80\x01\0\0\0\x14\0\0\x01\x7e\0\0\0\x01\0\x0b\x03\0\xff\0";

/// The answer with the values of PCRs 8 to 15: each has bytes of its number.
fn answer() -> Vec<u8> {
    let mut answer =
        b"\x80\x01\0\0\0\0\0\0\0\0\0\0\0\x15\0\0\0\x01\0\x0b\x03\0\xff\0\0\0\0\x08".to_vec();
    for pcr in 8..16 {
        answer.extend([0, 32]);
        answer.extend([pcr; 32]);
    }
    answer[5] = (answer.len() & 0xFF) as u8;
    answer[4] = (answer.len() >> 8) as u8;
    answer
}

#[test]
fn commands_are_those_of_other_programs() {
    let command = command::extend(11, &Hash([0xAB; 32]));
    assert_eq!(command[..EXTEND.len()], *EXTEND);
    assert_eq!(command[EXTEND.len()..], [0xAB; 32]);
    assert_eq!(command::read(8), READ);
}

#[test]
fn values_are_read() {
    let values = answer::pcrs(&answer(), 8).unwrap();
    assert_eq!(values.map(|digest| digest.0[31]), [8, 9, 10, 11, 12, 13, 14, 15]);
    assert_eq!(answer::check(&answer()), Ok(()));
}

#[test]
fn bad_answers_are_refused() {
    let good = answer();
    assert_eq!(answer::pcrs(&good, 0), Err(AnswerError::NoBank), "other PCRs");
    let mut refused = b"\x80\x01\0\0\0\x0a\0\0\x01\x01".to_vec();
    assert_eq!(answer::check(&refused), Err(AnswerError::Refused(0x101)));
    assert_eq!(answer::pcrs(&refused, 8), Err(AnswerError::Refused(0x101)));
    refused[5] = 11;
    assert_eq!(answer::check(&refused), Err(AnswerError::Length));
    // An answer of a TPM without this bank selects none.
    let none = b"\x80\x01\0\0\0\x16\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0\0";
    assert_eq!(answer::pcrs(none, 8), Err(AnswerError::NoBank));
    for end in 0..good.len() {
        let mut cut = good[..end].to_vec();
        assert_eq!(answer::pcrs(&cut, 8), Err(AnswerError::Length), "{end}");
        if end >= answer::HEADER_BYTES {
            cut[4..6].copy_from_slice(&(end as u16).to_be_bytes());
            assert!(answer::pcrs(&cut, 8).is_err(), "{end}");
        }
    }
}

#[test]
fn lengths_are_limited() {
    let header = |len: u32| {
        let mut header = [0; answer::HEADER_BYTES];
        header[2..6].copy_from_slice(&len.to_be_bytes());
        header
    };
    assert_eq!(answer::len_bytes(&header(9)), Err(AnswerError::Length));
    assert_eq!(answer::len_bytes(&header(10)), Ok(10));
    assert_eq!(answer::len_bytes(&header(512)), Ok(512));
    assert_eq!(answer::len_bytes(&header(513)), Err(AnswerError::Length));
    assert_eq!(answer::len_bytes(&header(u32::MAX)), Err(AnswerError::Length));
}

proptest! {
    #[test]
    fn no_answer_makes_the_reader_panic(bytes: Vec<u8>, first in 0..PCRS) {
        let _ = answer::pcrs(&bytes, first);
        let mut answer = answer();
        let len = answer.len();
        for (place, byte) in answer.iter_mut().skip(10).zip(bytes) {
            *place = byte;
        }
        prop_assert_eq!(answer.len(), len);
        let _ = answer::pcrs(&answer, first);
    }
}
