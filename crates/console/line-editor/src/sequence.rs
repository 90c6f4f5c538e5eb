//! The control sequences of terminals' keys.
//!
//! Sources: ECMA-48, "Control sequences"; XTerm Control Sequences, "PC-Style
//! Function Keys"; VT100 User Guide, "Keypad keys"; `console_codes(4)`; rxvt's
//! `rxvtRef`, "Key codes".

use crate::Key;

/// The first bytes of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Introducer {
    /// `ESC [`.
    Csi,
    /// `ESC O`.
    Ss3,
}

/// The content of a sequence so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    introducer: Introducer,
    /// The first two parameters, 0 if they were not sent, at most 255.
    parameters: [u8; 2],
    /// The index of the parameter that the next digit belongs to.
    index: usize,
    /// The sequence has bytes that no key's sequence has: it is a terminal's answer to a
    /// query.
    is_answer: bool,
    has_alt: bool,
}

/// The effect of a byte on a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The sequence continues.
    More,
    /// The sequence is `ESC [ [` of the Linux console; a letter follows.
    LinuxFunction,
    /// The sequence ends, with or without a key.
    End(Option<Key>),
    /// The byte isn't a part of the sequence.
    Broken,
}

/// The modifier keys that are held.
#[derive(Clone, Copy)]
struct Modifiers {
    shift: bool,
    /// Ctrl, Alt or Meta.
    jump: bool,
}

impl Modifiers {
    /// Decodes xterm's parameter: 1 plus a bit for each modifier.
    fn from_parameter(parameter: u8) -> Self {
        const SHIFT: u8 = 1 << 0;
        const ALT: u8 = 1 << 1;
        const CTRL: u8 = 1 << 2;
        const META: u8 = 1 << 3;
        let bits = parameter.saturating_sub(1);
        Self { shift: bits & SHIFT != 0, jump: bits & (ALT | CTRL | META) != 0 }
    }

    /// Returns `jump` if Ctrl, Alt or Meta is held, else `step`.
    fn jump_or(self, jump: Key, step: Key) -> Key {
        if self.jump { jump } else { step }
    }

    /// Returns `shifted` if Shift is held, else `plain`.
    fn shifted_or(self, shifted: Key, plain: Key) -> Key {
        if self.shift { shifted } else { plain }
    }
}

impl Sequence {
    /// Returns the beginning of a sequence. `has_alt` is set if another ESC preceded it,
    /// which PuTTY and rxvt send for Alt.
    pub(crate) fn new(introducer: Introducer, has_alt: bool) -> Self {
        Self { introducer, parameters: [0; 2], index: 0, is_answer: false, has_alt }
    }

    /// Adds the next byte.
    pub(crate) fn push(&mut self, byte: u8) -> Step {
        let is_new = *self == Self::new(Introducer::Csi, self.has_alt);
        match byte {
            b'[' if is_new => return Step::LinuxFunction,
            b'0'..=b'9' => {
                if let Some(parameter) = self.parameters.get_mut(self.index) {
                    *parameter = parameter.saturating_mul(10).saturating_add(byte - b'0');
                }
            }
            b';' => self.index = self.index.saturating_add(1),
            b':' | b'<'..=b'?' => self.is_answer = true,
            // An answer may contain these bytes before its last one. Keys of rxvt send `$` as the
            // last byte; no other key sends one of them.
            b' '..=b'/' if self.is_answer => {}
            b'$' | b'@'..=b'~' => return Step::End(self.key(byte)),
            _ => return Step::Broken,
        }
        Step::More
    }

    /// Returns the key whose sequence ends with `last`.
    fn key(&self, last: u8) -> Option<Key> {
        if self.is_answer {
            return None;
        }
        match self.introducer {
            Introducer::Csi if matches!(last, b'~' | b'^' | b'$' | b'@') => self.numbered_key(last),
            // F1 to F4 with modifiers. `CSI P` alone is the Linux console's Pause.
            Introducer::Csi if matches!(last, b'P'..=b'S') && self.parameters[0] != 1 => None,
            Introducer::Ss3 => self.keypad_key(last).or_else(|| self.lettered_key(last)),
            Introducer::Csi => self.lettered_key(last),
        }
    }

    fn lettered_key(&self, last: u8) -> Option<Key> {
        let [first, second] = self.parameters;
        // Old versions of xterm send only the modifiers.
        let modifiers = self.modifiers(if second == 0 { first } else { second });
        Some(match last {
            b'A' | b'a' => Key::Up,
            b'B' | b'b' => Key::Down,
            b'C' | b'c' => modifiers.jump_or(Key::WordRight, Key::Right),
            b'D' | b'd' => modifiers.jump_or(Key::WordLeft, Key::Left),
            b'F' => Key::End,
            b'H' => Key::Home,
            b'P'..=b'S' => Key::Function(last - b'P' + 1),
            _ => return None,
        })
    }

    fn numbered_key(&self, last: u8) -> Option<Key> {
        let [number, parameter] = self.parameters;
        let mut modifiers = self.modifiers(parameter);
        // rxvt's numbering.
        modifiers.shift |= matches!(last, b'$' | b'@');
        modifiers.jump |= matches!(last, b'^' | b'@');
        Some(match number {
            1 | 7 => Key::Home,
            3 => modifiers.jump_or(Key::DeleteWordRight, Key::Delete),
            4 | 8 => Key::End,
            5 => modifiers.shifted_or(Key::ScrollUp, Key::PageUp),
            6 => modifiers.shifted_or(Key::ScrollDown, Key::PageDown),
            11..=15 => Key::Function(number - 10),
            17..=21 => Key::Function(number - 11),
            23..=24 => Key::Function(number - 12),
            _ => return None,
        })
    }

    /// Returns the key of a keypad in application mode, or of rxvt's Ctrl with an
    /// arrow.
    fn keypad_key(&self, last: u8) -> Option<Key> {
        match last {
            b'c' => Some(Key::WordRight),
            b'd' => Some(Key::WordLeft),
            b'I' => Some(Key::Tab),
            b'M' => Some(Key::Enter),
            b'X' => Some(Key::Char('=')),
            // ASCII digits and signs, plus 0x40.
            b'j'..=b'y' => Some(Key::Char((last - 0x40) as char)),
            _ => None,
        }
    }

    fn modifiers(&self, parameter: u8) -> Modifiers {
        let mut modifiers = Modifiers::from_parameter(parameter);
        modifiers.jump |= self.has_alt;
        modifiers
    }
}
