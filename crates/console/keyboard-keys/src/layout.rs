//! Keyboard layouts.

use pc_keyboard::layouts::{Azerty, De105Key, Uk105Key, Us104Key};
use pc_keyboard::{DecodedKey, HandleControl, KeyCode, KeyboardLayout, Modifiers};

/// The characters of the keys, by country. A dead key produces its character at once.
/// CapsLock acts on letters only, also in the digits' row of the French layout.
///
/// Source: kbdlayout.info, KBDUS, KBDUK, KBDGR, KBDFR.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// United States.
    #[default]
    Us,
    /// United Kingdom.
    Uk,
    /// Germany and Austria.
    De,
    /// France.
    Fr,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 4] = [Self::Us, Self::Uk, Self::De, Self::Fr];

    /// Returns the name of the layout.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::Uk => "uk",
            Self::De => "de",
            Self::Fr => "fr",
        }
    }

    /// Returns the countries that use the layout.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Us => "United States",
            Self::Uk => "United Kingdom",
            Self::De => "Germany and Austria",
            Self::Fr => "France",
        }
    }

    /// Returns the layout with that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    /// Returns whether the right Alt key is AltGr, which selects other characters.
    pub(crate) const fn has_alt_gr(self) -> bool {
        !matches!(self, Self::Us)
    }

    /// Returns the character of a key with Shift, AltGr (as the right Alt key) and
    /// the locks.
    pub(crate) fn character(self, code: KeyCode, modifiers: &Modifiers) -> Option<char> {
        let shifted = |plain, shifted| if modifiers.is_shifted() { shifted } else { plain };
        match (self, code) {
            // This key, where it exists, repeats the one above Enter.
            (Self::Us, KeyCode::Oem5) => return Some(shifted('\\', '|')),
            (Self::De, KeyCode::NumpadPeriod) if modifiers.numlock => return Some(','),
            // The key has no other meaning.
            (_, KeyCode::Numpad5) if !modifiers.numlock => return None,
            _ => {}
        }
        let control = HandleControl::Ignore;
        let key = match self {
            Self::Us => Us104Key.map_keycode(code, modifiers, control),
            Self::Uk => Uk105Key.map_keycode(code, modifiers, control),
            Self::De => De105Key.map_keycode(code, modifiers, control),
            Self::Fr => Azerty.map_keycode(code, modifiers, control),
        };
        match key {
            DecodedKey::Unicode(c) => Some(c),
            DecodedKey::RawKey(_) => None,
        }
    }
}
