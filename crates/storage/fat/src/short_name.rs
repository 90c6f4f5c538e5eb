//! Short names: 8 characters and an extension of 3, in upper case, by code page 437.

use alloc::vec;
use alloc::vec::Vec;

use oem_cp::code_table::{DECODING_TABLE_CP437, ENCODING_TABLE_CP437};

use crate::entry::{LOWER_BASE, LOWER_EXTENSION, ShortEntry};
use crate::name::{presentable, single};

const BASE_CHARS: usize = 8;
const EXTENSION_CHARS: usize = 3;
/// The first byte that stands for 0xE5, which marks a removed entry.
const ESCAPED_E5: u8 = 0x05;

/// Returns the characters of an entry's short name, as they are shown.
pub(crate) fn chars(entry: &ShortEntry) -> impl Iterator<Item = char> {
    let mut name = *entry.name();
    if name[0] == ESCAPED_E5 {
        name[0] = 0xE5;
    }
    let len_of = |part: &[u8]| part.iter().rposition(|&byte| byte != b' ').map_or(0, |at| at + 1);
    let (base, extension) = (len_of(&name[..BASE_CHARS]), len_of(&name[BASE_CHARS..]));
    let flags = entry.case_flags();
    let shown = move |at: usize, flag: u8| {
        let char = presentable(decode(name[at]));
        if flags & flag != 0 { single(char.to_lowercase()).unwrap_or(char) } else { char }
    };
    let dot = (extension > 0).then_some('.');
    // A name has at least one character.
    let nothing = (base + extension == 0).then_some(char::REPLACEMENT_CHARACTER);
    (0..base)
        .map(move |at| shown(at, LOWER_BASE))
        .chain(dot)
        .chain((0..extension).map(move |at| shown(BASE_CHARS + at, LOWER_EXTENSION)))
        .chain(nothing)
}

fn decode(byte: u8) -> char {
    match byte {
        ..0x80 => byte.into(),
        byte => DECODING_TABLE_CP437[usize::from(byte - 0x80)],
    }
}

/// What a short name is made of.
pub(crate) struct ShortName {
    base: Vec<u8>,
    extension: Vec<u8>,
    /// Whether base and extension are the whole name, but for the case of letters.
    is_whole: bool,
    /// Whether they are the very name.
    is_exact: bool,
    /// The tails that are in use: a bit for each number.
    tails: Vec<u64>,
    is_used: bool,
}

impl ShortName {
    /// Makes the short name for a name that is valid.
    pub fn new(name: &str) -> Self {
        let visible = name.trim_start_matches('.');
        let (base_text, extension_text) = match visible.rsplit_once('.') {
            Some((base, extension)) => (base, extension),
            None => (visible, ""),
        };
        let mut is_whole = visible.len() == name.len();
        let mut convert = |text: &str, max: usize| {
            let mut bytes = Vec::with_capacity(max);
            for char in text.chars() {
                match encode(char) {
                    Some(byte) if bytes.len() < max => bytes.push(byte),
                    // Spaces and inner dots are left out.
                    None if matches!(char, ' ' | '.') => is_whole = false,
                    None if bytes.len() < max => {
                        bytes.push(b'_');
                        is_whole = false;
                    }
                    _ => is_whole = false,
                }
            }
            bytes
        };
        let mut base = convert(base_text, BASE_CHARS);
        let extension = convert(extension_text, EXTENSION_CHARS);
        if base.is_empty() {
            base.push(b'_');
            is_whole = false;
        }
        // Another system may use another code page.
        let is_upper = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_lowercase();
        let is_exact = is_whole && name.bytes().all(is_upper);
        Self { base, extension, is_whole, is_exact, tails: vec![], is_used: false }
    }

    /// Returns whether the short name is the very name, so that it needs no long one.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Takes note of a short name in the directory.
    pub fn note(&mut self, other: &[u8; 11]) {
        if self.is_whole {
            self.is_used |= *other == self.with_tail("");
            return;
        }
        let (base, extension) = other.split_at(BASE_CHARS);
        let len = base.iter().rposition(|&byte| byte != b' ').map_or(0, |at| at + 1);
        let Some(tilde) = base[..len].iter().rposition(|&byte| byte == b'~') else {
            return;
        };
        let digits = &base[tilde + 1..len];
        let is_number = digits.first().is_some_and(|&first| matches!(first, b'1'..=b'9'))
            && digits.iter().all(u8::is_ascii_digit);
        let (own, own_extension) = (self.with_tail(""), &self.with_tail("")[BASE_CHARS..]);
        let kept = self.base.len().min(BASE_CHARS - 1 - digits.len());
        if !is_number || extension != own_extension || base[..tilde] != own[..kept] {
            return;
        }
        // At most 6 digits, as they follow a tilde and another character.
        let number =
            digits.iter().fold(0, |number, &digit| number * 10 + usize::from(digit - b'0'));
        // More entries than a directory can have need no note.
        if number < 1 << 17 {
            if self.tails.len() <= number / 64 {
                self.tails.resize(number / 64 + 1, 0);
            }
            self.tails[number / 64] |= 1 << (number % 64);
        }
    }

    /// Returns a name that was not noted; `None` if there is none.
    pub fn unused(&self) -> Option<[u8; 11]> {
        if self.is_whole {
            return (!self.is_used).then(|| self.with_tail(""));
        }
        let number = (1..1 << 17).find(|&number: &usize| {
            self.tails.get(number / 64).is_none_or(|bits| bits & 1 << (number % 64) == 0)
        })?;
        Some(self.with_tail(&alloc::format!("~{number}")))
    }

    fn with_tail(&self, tail: &str) -> [u8; 11] {
        let mut name = [b' '; BASE_CHARS + EXTENSION_CHARS];
        let kept = self.base.len().min(BASE_CHARS - tail.len());
        name[..kept].copy_from_slice(&self.base[..kept]);
        name[kept..kept + tail.len()].copy_from_slice(tail.as_bytes());
        name[BASE_CHARS..][..self.extension.len()].copy_from_slice(&self.extension);
        if name[0] == 0xE5 {
            name[0] = ESCAPED_E5;
        }
        name
    }
}

/// Returns the byte of a character in upper case; `None` if no short name can have it.
fn encode(char: char) -> Option<u8> {
    match char {
        ' ' | '.' | '+' | ',' | ';' | '=' | '[' | ']' => None,
        char if char.is_ascii() => Some(char.to_ascii_uppercase() as u8),
        char => ENCODING_TABLE_CP437.get(&single(char.to_uppercase())?).copied(),
    }
}
