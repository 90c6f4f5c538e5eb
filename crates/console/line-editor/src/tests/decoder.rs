//! Keys of several terminals, and invalid bytes.

extern crate std;

use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use crate::{Key, KeyDecoder};

fn decode(bytes: &[u8]) -> Vec<Key> {
    let mut decoder = KeyDecoder::new();
    bytes.iter().filter_map(|&byte| decoder.push(byte)).collect()
}

fn chars(text: &str) -> Vec<Key> {
    text.chars().filter_map(Key::from_char).collect()
}

/// The bytes that terminals send, and the key; `None` if they are ignored.
const SEQUENCES: &[(&[u8], Option<Key>)] = &[
    // xterm, VT100 and the Linux console.
    (b"\x1B[A", Some(Key::Up)),
    (b"\x1B[B", Some(Key::Down)),
    (b"\x1B[C", Some(Key::Right)),
    (b"\x1B[D", Some(Key::Left)),
    (b"\x1BOA", Some(Key::Up)),
    (b"\x1BOB", Some(Key::Down)),
    (b"\x1BOC", Some(Key::Right)),
    (b"\x1BOD", Some(Key::Left)),
    (b"\x1B[H", Some(Key::Home)),
    (b"\x1B[F", Some(Key::End)),
    (b"\x1BOH", Some(Key::Home)),
    (b"\x1BOF", Some(Key::End)),
    (b"\x1B[1~", Some(Key::Home)),
    (b"\x1B[4~", Some(Key::End)),
    (b"\x1B[7~", Some(Key::Home)),
    (b"\x1B[8~", Some(Key::End)),
    (b"\x1B[3~", Some(Key::Delete)),
    (b"\x1B[5~", Some(Key::PageUp)),
    (b"\x1B[6~", Some(Key::PageDown)),
    (b"\x1B[5;2~", Some(Key::ScrollUp)),
    (b"\x1B[6;2~", Some(Key::ScrollDown)),
    (b"\x1B[5;5~", Some(Key::PageUp)),
    (b"\x1B[5;6~", Some(Key::ScrollUp)),
    // Ctrl, Alt, Shift.
    (b"\x1B[1;5D", Some(Key::WordLeft)),
    (b"\x1B[1;5C", Some(Key::WordRight)),
    (b"\x1B[1;3D", Some(Key::WordLeft)),
    (b"\x1B[1;3C", Some(Key::WordRight)),
    (b"\x1B[1;9C", Some(Key::WordRight)),
    (b"\x1B[1;2C", Some(Key::Right)),
    (b"\x1B[1;6D", Some(Key::WordLeft)),
    (b"\x1B[5D", Some(Key::WordLeft)),
    (b"\x1BO5C", Some(Key::WordRight)),
    (b"\x1B[1;5A", Some(Key::Up)),
    (b"\x1B[1;5H", Some(Key::Home)),
    (b"\x1B[3;5~", Some(Key::DeleteWordRight)),
    (b"\x1B[3;3~", Some(Key::DeleteWordRight)),
    (b"\x1B[3;2~", Some(Key::Delete)),
    (b"\x1Bb", Some(Key::WordLeft)),
    (b"\x1Bf", Some(Key::WordRight)),
    (b"\x1Bd", Some(Key::DeleteWordRight)),
    (b"\x1BB", Some(Key::WordLeft)),
    (b"\x1BF", Some(Key::WordRight)),
    (b"\x1BD", Some(Key::DeleteWordRight)),
    (b"\x1B\x7F", Some(Key::DeleteWordLeft)),
    (b"\x1B\x08", Some(Key::DeleteWordLeft)),
    // PuTTY's Alt.
    (b"\x1B\x1B[D", Some(Key::WordLeft)),
    (b"\x1B\x1B[C", Some(Key::WordRight)),
    (b"\x1B\x1BOC", Some(Key::WordRight)),
    (b"\x1B\x1B[A", Some(Key::Up)),
    (b"\x1B\x1B[3~", Some(Key::DeleteWordRight)),
    // Function keys of xterm and the VT220.
    (b"\x1BOP", Some(Key::Function(1))),
    (b"\x1BOQ", Some(Key::Function(2))),
    (b"\x1BOR", Some(Key::Function(3))),
    (b"\x1BOS", Some(Key::Function(4))),
    (b"\x1B[1;2P", Some(Key::Function(1))),
    (b"\x1B[1;5S", Some(Key::Function(4))),
    (b"\x1B[15~", Some(Key::Function(5))),
    (b"\x1B[17~", Some(Key::Function(6))),
    (b"\x1B[18~", Some(Key::Function(7))),
    (b"\x1B[19~", Some(Key::Function(8))),
    (b"\x1B[20~", Some(Key::Function(9))),
    (b"\x1B[21~", Some(Key::Function(10))),
    (b"\x1B[23~", Some(Key::Function(11))),
    (b"\x1B[24~", Some(Key::Function(12))),
    (b"\x1B[24;5~", Some(Key::Function(12))),
    // Function keys of PuTTY and rxvt.
    (b"\x1B[11~", Some(Key::Function(1))),
    (b"\x1B[12~", Some(Key::Function(2))),
    (b"\x1B[13~", Some(Key::Function(3))),
    (b"\x1B[14~", Some(Key::Function(4))),
    // Function keys of the Linux console.
    (b"\x1B[[A", Some(Key::Function(1))),
    (b"\x1B[[C", Some(Key::Function(3))),
    (b"\x1B[[E", Some(Key::Function(5))),
    (b"\x1B\x1B[[B", Some(Key::Function(2))),
    // rxvt.
    (b"\x1B[a", Some(Key::Up)),
    (b"\x1B[d", Some(Key::Left)),
    (b"\x1BOa", Some(Key::Up)),
    (b"\x1BOb", Some(Key::Down)),
    (b"\x1BOc", Some(Key::WordRight)),
    (b"\x1BOd", Some(Key::WordLeft)),
    (b"\x1B[3^", Some(Key::DeleteWordRight)),
    (b"\x1B[5$", Some(Key::ScrollUp)),
    (b"\x1B[6@", Some(Key::ScrollDown)),
    (b"\x1B[7^", Some(Key::Home)),
    // A keypad in application mode.
    (b"\x1BOM", Some(Key::Enter)),
    (b"\x1BOI", Some(Key::Tab)),
    (b"\x1BOp", Some(Key::Char('0'))),
    (b"\x1BOy", Some(Key::Char('9'))),
    (b"\x1BOk", Some(Key::Char('+'))),
    (b"\x1BOj", Some(Key::Char('*'))),
    (b"\x1BOX", Some(Key::Char('='))),
    // No keys, or keys without a meaning here.
    (b"\x1B[2~", None),
    (b"\x1B[E", None),
    (b"\x1B[P", None),
    (b"\x1B[Z", None),
    (b"\x1B[16~", None),
    (b"\x1B[22~", None),
    (b"\x1B[25~", None),
    (b"\x1B[~", None),
    (b"\x1B[200~", None),
    (b"\x1B[259~", None),
    (b"\x1B[99999999999999~", None),
    (b"\x1B[1;2;3;4;5;6;7~", Some(Key::Home)),
    (b"\x1B[?1;2c", None),
    (b"\x1B[?25;1$y", None),
    (b"\x1B[<0;10;20M", None),
    (b"\x1B[27:5u", None),
    (b"\x1B[[z", None),
    (b"\x1BOz", None),
    (b"\x1BO[", None),
    // Characters.
    (b"a", Some(Key::Char('a'))),
    (b" ", Some(Key::Char(' '))),
    ("é".as_bytes(), Some(Key::Char('é'))),
    ("漢".as_bytes(), Some(Key::Char('漢'))),
    ("🦀".as_bytes(), Some(Key::Char('🦀'))),
    (b"\r", Some(Key::Enter)),
    (b"\x1B\r", Some(Key::Enter)),
    (b"\t", Some(Key::Tab)),
    (b"\x08", Some(Key::Backspace)),
    (b"\x7F", Some(Key::Backspace)),
    (b"\x01", Some(Key::Ctrl('a'))),
    (b"\x1A", Some(Key::Ctrl('z'))),
    (b"\0", None),
    (b"\x1C", None),
    (b"\x1F", None),
    ("\u{80}".as_bytes(), None),
    ("\u{9B}".as_bytes(), None),
];

#[test]
fn keys_of_many_terminals_are_known() {
    for &(bytes, key) in SEQUENCES {
        assert_eq!(decode(bytes), Vec::from_iter(key), "{}", bytes.escape_ascii());
    }
}

#[test]
fn complete_sequence_leaves_no_state() {
    for &(bytes, _) in SEQUENCES.iter().filter(|(bytes, _)| !bytes.ends_with(b"\r")) {
        let mut decoder = KeyDecoder::new();
        for (index, &byte) in bytes.iter().enumerate() {
            assert_eq!(decoder.is_pending(), index > 0, "{}", bytes.escape_ascii());
            decoder.push(byte);
        }
        assert_eq!(decoder, KeyDecoder::new(), "{}", bytes.escape_ascii());
    }
}

#[test]
fn incomplete_sequences_end_at_the_next_control_character() {
    for &(bytes, _) in SEQUENCES {
        for end in 0..bytes.len() {
            let half = &bytes[..end];
            let keys = decode(&[half, b"\rtext"].concat());
            assert_eq!(keys, chars("\rtext"), "{}", half.escape_ascii());
            let keys = decode(&[half, b"\x03text"].concat());
            assert_eq!(keys, chars("\x03text"), "{}", half.escape_ascii());
            // Another sequence begins.
            let keys = decode(&[half, b"\x1B[Htext"].concat());
            assert_eq!(keys, [&[Key::Home], &*chars("text")].concat(), "{}", half.escape_ascii());
            // A character ends a sequence too.
            let keys = decode(&[half, "漢text".as_bytes()].concat());
            assert_eq!(keys, chars("漢text"), "{}", half.escape_ascii());
        }
    }
}

#[test]
fn time_out_ends_a_sequence() {
    for &(bytes, _) in SEQUENCES {
        for end in 0..bytes.len() {
            let half = &bytes[..end];
            let mut decoder = KeyDecoder::new();
            assert!(half.iter().all(|&byte| decoder.push(byte).is_none()));
            let is_escape = matches!(half, b"\x1B" | b"\x1B\x1B");
            assert_eq!(decoder.flush(), is_escape.then_some(Key::Escape));
            assert_eq!(decoder, KeyDecoder::new());
        }
    }
}

#[test]
fn single_escape_does_not_affect_the_text_after_it() {
    assert_eq!(decode(b"\x1Bx"), chars("x"));
    assert_eq!(decode(b"\x1B\x1B\x1Bx"), chars("x"));
    assert_eq!(decode(b"a\x1B \x1B1\x1B\xC3\xA9"), chars("a 1é"));
    // No key's sequence has a blank.
    assert_eq!(decode(b"\x1B[ ls"), chars(" ls"));
}

#[test]
fn ends_of_lines_are_one_key() {
    let enters = |bytes| decode(bytes).iter().filter(|&&key| key == Key::Enter).count();
    assert_eq!(enters(b"\r"), 1);
    assert_eq!(enters(b"\n"), 1);
    assert_eq!(enters(b"\r\n"), 1);
    assert_eq!(enters(b"\n\r"), 2);
    assert_eq!(enters(b"\r\r"), 2);
    assert_eq!(enters(b"\n\n"), 2);
    assert_eq!(enters(b"\r\n\n"), 2);
    assert_eq!(enters(b"\r\n\r\n"), 2);
    assert_eq!(enters(b"\rx\n"), 2);
    assert_eq!(enters(b"\r\x1B[A\n"), 2);
    // After a time-out, LF is a key of its own.
    let mut decoder = KeyDecoder::new();
    assert_eq!(decoder.push(b'\r'), Some(Key::Enter));
    assert!(!decoder.is_pending());
    assert_eq!(decoder.flush(), None);
    assert_eq!(decoder.push(b'\n'), Some(Key::Enter));
}

/// Returns text without ESC and without combining characters.
fn plain_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 ;\\[~é漢🦀]{0,12}"
}

/// Bytes that often are parts of sequences or characters.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => any::<u8>(),
        2 => Just(0x1B),
        4 => prop::sample::select(b"[O;0123456789~ABCDF\r\n$?".to_vec()),
    ];
    prop::collection::vec(byte, 0..60)
}

proptest! {
    #[test]
    fn text_around_sequences_survives(
        pieces in prop::collection::vec((plain_text(), prop::sample::select(SEQUENCES)), 0..8),
        end in plain_text(),
    ) {
        let mut bytes = Vec::new();
        let mut keys = Vec::new();
        for (text, (sequence, key)) in &pieces {
            bytes.extend(text.bytes());
            bytes.extend(*sequence);
            keys.extend(chars(text));
            keys.extend(*key);
        }
        bytes.extend(end.bytes());
        keys.extend(chars(&end));
        prop_assert_eq!(decode(&bytes), keys);
    }

    #[test]
    fn random_bytes_never_panic(bytes in bytes(), text in plain_text()) {
        let mut decoder = KeyDecoder::new();
        for byte in bytes {
            if let Some(Key::Char(c)) = decoder.push(byte) {
                prop_assert!(!c.is_control());
            }
        }
        decoder.flush();
        prop_assert_eq!(&decoder, &KeyDecoder::new());
        let keys: Vec<Key> = text.bytes().filter_map(|byte| decoder.push(byte)).collect();
        prop_assert_eq!(keys, chars(&text));
    }

    #[test]
    fn input_may_be_split_anywhere(first in bytes(), second in bytes()) {
        let mut decoder = KeyDecoder::new();
        let mut keys: Vec<Key> = first.iter().filter_map(|&byte| decoder.push(byte)).collect();
        // The decoder is moved in between.
        let mut decoder = decoder.clone();
        keys.extend(second.iter().filter_map(|&byte| decoder.push(byte)));
        prop_assert_eq!(keys, decode(&[first, second].concat()));
    }

    #[test]
    fn invalid_utf8_is_ignored(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let bytes: Vec<u8> = bytes.into_iter().filter(|byte| !b"\x1B\r".contains(byte)).collect();
        let text = String::from_utf8_lossy(&bytes).replace(char::REPLACEMENT_CHARACTER, "");
        prop_assert_eq!(decode(&bytes), chars(&text));
    }

    #[test]
    fn text_is_decoded_into_its_characters(text in any::<String>()) {
        let text = text.replace(['\x1B', '\r'], "");
        prop_assert_eq!(decode(text.as_bytes()), chars(&text));
    }
}
