//! Converts key presses into keys.

use pc_keyboard::{KeyCode, Modifiers};

use crate::{Key, KeyPress, Layout};

impl Layout {
    /// Returns the key of a press; `None` for keys without a meaning in a line of text.
    ///
    /// Where the right Alt key is AltGr, its character takes precedence over Ctrl, because
    /// some keyboards and machines send Ctrl with it.
    pub fn key(self, press: &KeyPress) -> Option<Key> {
        let held = &press.modifiers;
        let is_alt_gr = held.ralt && self.has_alt_gr();
        let is_alt = held.lalt || held.ralt && !self.has_alt_gr();
        let is_ctrl = held.is_ctrl();
        let code = without_num_lock(press.code, held.numlock);
        if let Some(key) = named_key(code, held.is_shifted(), is_ctrl || is_alt) {
            return Some(key);
        }
        let character = |ralt| {
            let alone = Modifiers { lctrl: false, rctrl: false, lalt: false, ralt, ..held.clone() };
            self.character(press.code, &alone)
        };
        let plain = character(false)?;
        if is_alt_gr {
            let other = character(true)?;
            if other != plain || !(is_ctrl || is_alt) {
                return Some(Key::Char(other));
            }
        }
        match (is_ctrl, is_alt) {
            (false, false) => Some(Key::Char(plain)),
            (true, false) => with_ctrl(plain),
            (false, true) => with_alt(plain),
            (true, true) => None,
        }
    }
}

/// Returns the key that a keypad key stands for without NumLock; any other key unchanged.
fn without_num_lock(code: KeyCode, is_num_locked: bool) -> KeyCode {
    if is_num_locked {
        return code;
    }
    match code {
        KeyCode::NumpadPeriod => KeyCode::Delete,
        KeyCode::Numpad1 => KeyCode::End,
        KeyCode::Numpad2 => KeyCode::ArrowDown,
        KeyCode::Numpad3 => KeyCode::PageDown,
        KeyCode::Numpad4 => KeyCode::ArrowLeft,
        KeyCode::Numpad6 => KeyCode::ArrowRight,
        KeyCode::Numpad7 => KeyCode::Home,
        KeyCode::Numpad8 => KeyCode::ArrowUp,
        KeyCode::Numpad9 => KeyCode::PageUp,
        code => code,
    }
}

/// Returns the key if it is the same in every layout. `is_jump` is set if Ctrl or Alt is
/// held.
fn named_key(code: KeyCode, is_shifted: bool, is_jump: bool) -> Option<Key> {
    Some(match code {
        KeyCode::Return | KeyCode::NumpadEnter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::Escape => Key::Escape,
        KeyCode::Backspace if is_jump => Key::DeleteWordLeft,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete if is_jump => Key::DeleteWordRight,
        KeyCode::Delete => Key::Delete,
        KeyCode::ArrowLeft if is_jump => Key::WordLeft,
        KeyCode::ArrowLeft => Key::Left,
        KeyCode::ArrowRight if is_jump => Key::WordRight,
        KeyCode::ArrowRight => Key::Right,
        KeyCode::ArrowUp => Key::Up,
        KeyCode::ArrowDown => Key::Down,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp if is_shifted => Key::ScrollUp,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown if is_shifted => Key::ScrollDown,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F1 => Key::Function(1),
        KeyCode::F2 => Key::Function(2),
        KeyCode::F3 => Key::Function(3),
        KeyCode::F4 => Key::Function(4),
        KeyCode::F5 => Key::Function(5),
        KeyCode::F6 => Key::Function(6),
        KeyCode::F7 => Key::Function(7),
        KeyCode::F8 => Key::Function(8),
        KeyCode::F9 => Key::Function(9),
        KeyCode::F10 => Key::Function(10),
        KeyCode::F11 => Key::Function(11),
        KeyCode::F12 => Key::Function(12),
        _ => return None,
    })
}

/// Returns the key of a character with Ctrl.
///
/// Source: ECMA-48 for the characters above the letters; DEC, "VT220 Programmer Reference Manual",
/// "Control Codes" for the digits.
fn with_ctrl(c: char) -> Option<Key> {
    match c {
        'a'..='z' | 'A'..='Z' => Some(Key::Ctrl(c.to_ascii_lowercase())),
        // As on every terminal.
        '[' | '3' => Some(Key::Escape),
        ' ' | '@' | '2' => Some(Key::Ctrl('@')),
        '\\' | '4' => Some(Key::Ctrl('\\')),
        ']' | '5' => Some(Key::Ctrl(']')),
        '^' | '6' => Some(Key::Ctrl('^')),
        '_' | '/' | '7' => Some(Key::Ctrl('_')),
        '8' => Some(Key::Backspace),
        _ => None,
    }
}

fn with_alt(c: char) -> Option<Key> {
    match c.to_ascii_lowercase() {
        'b' => Some(Key::WordLeft),
        'd' => Some(Key::DeleteWordRight),
        'f' => Some(Key::WordRight),
        _ => None,
    }
}
