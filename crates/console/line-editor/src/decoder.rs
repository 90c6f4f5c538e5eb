//! Keys out of the bytes of a terminal.

use core::mem;

use crate::Key;
use crate::sequence::{Introducer, Sequence, Step};

const ESC: u8 = 0x1B;
const BS: u8 = 0x08;
const DEL: u8 = 0x7F;

/// Makes keys of the bytes that a terminal sends.
///
/// It knows UTF-8 and the sequences of xterm, the VT100, the Linux console, PuTTY
/// and rxvt. A sequence that no key has is left out as a whole. One that breaks
/// off is left out up to the byte that can't be a part of it, which then stands
/// for itself; an ESC of its own before other text is left out, too. Bytes that
/// are no UTF-8 are left out.
///
/// Strings (`ESC P`, `ESC ]`) aren't known: they only answer questions, and a
/// lone `ESC P` would swallow everything behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyDecoder {
    state: State,
    /// The last byte was a CR: a LF behind it belongs to it.
    is_behind_cr: bool,
}

/// What the last bytes were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing unfinished.
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

/// What a byte does to a character.
enum Utf8 {
    More(Partial),
    Whole(char),
    /// The byte isn't a part of it, or can't start one.
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
    /// Returns a decoder that has seen no byte.
    pub const fn new() -> Self {
        Self { state: State::Text, is_behind_cr: false }
    }

    /// Takes the next byte; returns the key that it ends, if it ends one.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        let is_behind_cr = mem::take(&mut self.is_behind_cr);
        match mem::take(&mut self.state) {
            State::Text if is_behind_cr && byte == b'\n' => None,
            State::Text => self.begin(byte),
            State::Character(partial) => match partial.push(byte) {
                Utf8::More(partial) => self.wait_in(State::Character(partial)),
                Utf8::Whole(c) => Key::from_char(c),
                Utf8::Broken => self.begin(byte),
            },
            State::Escape { has_alt } => self.push_behind_escape(byte, has_alt),
            State::Sequence(mut sequence) => match sequence.push(byte) {
                Step::More => self.wait_in(State::Sequence(sequence)),
                Step::LinuxFunction => self.wait_in(State::LinuxFunction),
                Step::End(key) => key,
                Step::Broken => self.begin(byte),
            },
            State::LinuxFunction => match byte {
                b'A'..=b'E' => Some(Key::Function(byte - b'A' + 1)),
                b' '..=b'~' => None,
                _ => self.begin(byte),
            },
        }
    }

    /// Tells whether more bytes may belong to those that were taken.
    ///
    /// The caller then waits for a moment, about 50 ms, and calls [`flush`] if
    /// nothing comes.
    ///
    /// [`flush`]: Self::flush
    pub fn is_pending(&self) -> bool {
        self.state != State::Text
    }

    /// Ends what has begun, because nothing came for a while; returns
    /// [`Key::Escape`] if it was an ESC. May be called at any time.
    pub fn flush(&mut self) -> Option<Key> {
        match mem::take(self).state {
            State::Escape { .. } => Some(Key::Escape),
            _ => None,
        }
    }

    /// Takes a byte that belongs to nothing before it.
    fn begin(&mut self, byte: u8) -> Option<Key> {
        if byte == ESC {
            return self.wait_in(State::Escape { has_alt: false });
        }
        self.is_behind_cr = byte == b'\r';
        match Partial::default().push(byte) {
            Utf8::More(partial) => self.wait_in(State::Character(partial)),
            Utf8::Whole(c) => Key::from_char(c),
            Utf8::Broken => None,
        }
    }

    fn push_behind_escape(&mut self, byte: u8, has_alt: bool) -> Option<Key> {
        let begin = |introducer| State::Sequence(Sequence::new(introducer, has_alt));
        match byte {
            ESC => self.wait_in(State::Escape { has_alt: true }),
            b'[' => self.wait_in(begin(Introducer::Csi)),
            b'O' => self.wait_in(begin(Introducer::Ss3)),
            b'b' | b'B' => Some(Key::WordLeft),
            b'd' | b'D' => Some(Key::DeleteWordRight),
            b'f' | b'F' => Some(Key::WordRight),
            BS | DEL => Some(Key::DeleteWordLeft),
            _ => self.begin(byte),
        }
    }

    fn wait_in(&mut self, state: State) -> Option<Key> {
        self.state = state;
        None
    }
}
