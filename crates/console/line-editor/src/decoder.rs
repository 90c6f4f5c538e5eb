//! Decodes the bytes of a terminal into keys.

use core::mem;

use crate::Key;
use crate::sequence::{Introducer, Sequence, Step};

const ESC: u8 = 0x1B;
const BS: u8 = 0x08;
const DEL: u8 = 0x7F;

/// Decodes the bytes that a terminal sends into keys.
///
/// It supports UTF-8 and the sequences of xterm, the VT100, the Linux console, PuTTY and
/// rxvt. It ignores complete sequences of unknown keys, incomplete sequences (the byte that
/// can't continue a sequence is decoded by itself), a single ESC before other text, and
/// bytes that aren't UTF-8.
///
/// Strings (`ESC P`, `ESC ]`) are not supported: terminals send them only as answers to
/// queries, and after a single `ESC P` all input would be ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyDecoder {
    state: Pending,
    /// The last byte was a CR: an LF after it belongs to the same key.
    is_after_cr: bool,
}

/// The bytes so far of an incomplete key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pending {
    /// None.
    #[default]
    Text,
    /// The first bytes of a character.
    Character(Partial),
    /// ESC; with `has_alt` two or more.
    Escape { has_alt: bool },
    /// A control sequence that hasn't ended.
    Sequence(Sequence),
    /// `ESC [ [`: a letter for F1 to F5 of the Linux console follows.
    LinuxFunction,
}

/// The first bytes of a character in UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Partial {
    bytes: [u8; 4],
    len: usize,
}

/// The effect of a byte on a character.
enum Utf8 {
    More(Partial),
    Whole(char),
    /// The byte can't continue the character, or can't start one.
    Broken,
}

impl Partial {
    fn push(mut self, byte: u8) -> Utf8 {
        self.bytes[self.len] = byte;
        self.len += 1;
        match str::from_utf8(&self.bytes[..self.len]) {
            Ok(text) => text.chars().next().map_or(Utf8::Broken, Utf8::Whole),
            Err(error) if error.error_len().is_none() => Utf8::More(self),
            Err(_) => Utf8::Broken,
        }
    }
}

impl KeyDecoder {
    /// Returns a decoder in its initial state.
    pub const fn new() -> Self {
        Self { state: Pending::Text, is_after_cr: false }
    }

    /// Decodes the next byte; returns the key if the byte completes one.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let is_after_cr = mem::take(&mut self.is_after_cr);
        match mem::take(&mut self.state) {
            Pending::Text if is_after_cr && byte == b'\n' => None,
            Pending::Text => self.begin(byte),
            Pending::Character(partial) => match partial.push(byte) {
                Utf8::More(partial) => self.wait_in(Pending::Character(partial)),
                Utf8::Whole(c) => Key::from_char(c),
                Utf8::Broken => self.begin(byte),
            },
            Pending::Escape { has_alt } => self.push_after_escape(byte, has_alt),
            Pending::Sequence(mut sequence) => match sequence.push(byte) {
                Step::More => self.wait_in(Pending::Sequence(sequence)),
                Step::LinuxFunction => self.wait_in(Pending::LinuxFunction),
                Step::End(key) => key,
                Step::Broken => self.begin(byte),
            },
            Pending::LinuxFunction => match byte {
                b'A'..=b'E' => Some(Key::Function(byte - b'A' + 1)),
                b' '..=b'~' => None,
                _ => self.begin(byte),
            },
        }
    }

    /// Returns whether a key is incomplete.
    ///
    /// The caller then waits for about 50 ms, and calls [`flush`] if no byte comes.
    ///
    /// [`flush`]: Self::flush
    pub fn is_pending(&self) -> bool {
        self.state != Pending::Text
    }

    /// Ends an incomplete key after a time-out; returns [`Key::Escape`] if it was an ESC.
    /// May be called at any time.
    pub fn flush(&mut self) -> Option<Key> {
        match mem::take(self).state {
            Pending::Escape { .. } => Some(Key::Escape),
            _ => None,
        }
    }

    /// Decodes the first byte of a key.
    fn begin(&mut self, byte: u8) -> Option<Key> {
        if byte == ESC {
            return self.wait_in(Pending::Escape { has_alt: false });
        }
        self.is_after_cr = byte == b'\r';
        match Partial::default().push(byte) {
            Utf8::More(partial) => self.wait_in(Pending::Character(partial)),
            Utf8::Whole(c) => Key::from_char(c),
            Utf8::Broken => None,
        }
    }

    fn push_after_escape(&mut self, byte: u8, has_alt: bool) -> Option<Key> {
        let begin = |introducer| Pending::Sequence(Sequence::new(introducer, has_alt));
        match byte {
            ESC => self.wait_in(Pending::Escape { has_alt: true }),
            b'[' => self.wait_in(begin(Introducer::Csi)),
            b'O' => self.wait_in(begin(Introducer::Ss3)),
            b'b' | b'B' => Some(Key::WordLeft),
            b'd' | b'D' => Some(Key::DeleteWordRight),
            b'f' | b'F' => Some(Key::WordRight),
            BS | DEL => Some(Key::DeleteWordLeft),
            _ => self.begin(byte),
        }
    }

    fn wait_in(&mut self, state: Pending) -> Option<Key> {
        self.state = state;
        None
    }
}
