//! A naive model of a line editor: a vector of characters, and a screen that shows them.

use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::{lines, terminal, typed};
use crate::InputFlags;

/// A key of the model.
#[derive(Clone, Copy, Debug)]
enum Key {
    Char(char),
    Control(u8),
    Erase,
    WordErase,
    Kill,
    Literal(u8),
    Enter,
    EndOfFile,
}

impl Key {
    fn bytes(self) -> Vec<u8> {
        match self {
            Key::Char(char) => {
                let mut bytes = [0; 4];
                char.encode_utf8(&mut bytes).as_bytes().to_vec()
            }
            Key::Control(byte) => [byte].to_vec(),
            Key::Erase => [0x7f].to_vec(),
            Key::WordErase => [0x17].to_vec(),
            Key::Kill => [0x15].to_vec(),
            Key::Literal(byte) => [0x16, byte].to_vec(),
            Key::Enter => [b'\r'].to_vec(),
            Key::EndOfFile => [4].to_vec(),
        }
    }
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        20 => prop::sample::select(std::vec!['a', 'B', '7', '_', ' ', '-', 'é', '€', '😀'])
            .prop_map(Key::Char),
        4 => prop::sample::select(std::vec![1, 2, 7, 0x1b, b'\t', b'\t']).prop_map(Key::Control),
        8 => Just(Key::Erase),
        2 => Just(Key::WordErase),
        1 => Just(Key::Kill),
        2 => prop::sample::select(std::vec![3, 4, 0x7f, 0x15]).prop_map(Key::Literal),
        3 => Just(Key::Enter),
        1 => Just(Key::EndOfFile),
    ]
}

/// The visible part of the line: the cursor's row, up to the cursor.
#[derive(Default)]
struct Row {
    cells: Vec<char>,
    cursor: usize,
}

impl Row {
    fn show(&mut self, output: &[u8]) {
        for char in String::from_utf8(output.to_vec()).unwrap().chars() {
            match char {
                '\r' => self.cursor = 0,
                '\n' => self.cells.clear(),
                '\x08' => self.cursor -= 1,
                '\t' => self.cursor += 8 - self.cursor % 8,
                _ => {
                    let length = self.cells.len().max(self.cursor + 1);
                    self.cells.resize(length, ' ');
                    self.cells[self.cursor] = char;
                    self.cursor += 1;
                }
            }
        }
    }

    fn text(&self) -> String {
        let mut text: String = self.cells.iter().take(self.cursor).collect();
        text.extend((self.cells.len()..self.cursor).map(|_| ' '));
        text
    }
}

/// Returns the visible text of a line after `start`.
fn shown(start: &str, line: &[char]) -> String {
    let mut text = String::from(start);
    for char in line {
        match *char {
            '\t' => {
                let width = 8 - text.chars().count() % 8;
                text.extend((0..width).map(|_| ' '));
            }
            control if control.is_ascii_control() => {
                text.push('^');
                text.push(char::from(control as u8 ^ 0x40));
            }
            other => text.push(other),
        }
    }
    text
}

/// Returns whether `char` belongs to a word. Linux decides by the first byte as Latin-1,
/// which is a letter for all characters of this test.
fn is_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_' || !char.is_ascii()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn lines_and_screen_are_those_of_the_model(keys in prop::collection::vec(key(), 0..80)) {
        let mut terminal = terminal(|termios| termios.input |= InputFlags::IUTF8);
        let mut row = Row::default();
        let mut line: Vec<char> = Vec::new();
        // The text before the line, after an EOF.
        let mut start = String::new();
        let mut expected: Vec<Vec<u8>> = Vec::new();
        let mut end = |line: &mut Vec<char>, with: &str| {
            let mut text: String = line.drain(..).collect();
            text.push_str(with);
            expected.push(text.into_bytes());
        };
        for key in keys {
            match key {
                Key::Char(char) => line.push(char),
                Key::Control(byte) | Key::Literal(byte) => line.push(char::from(byte)),
                Key::Erase => drop(line.pop()),
                Key::WordErase => {
                    while line.pop_if(|char| !is_word(*char)).is_some() {}
                    while line.pop_if(|char| is_word(*char)).is_some() {}
                }
                Key::Kill => line.clear(),
                Key::Enter => {
                    end(&mut line, "\n");
                    start.clear();
                }
                Key::EndOfFile => {
                    start = shown(&start, &line);
                    end(&mut line, "");
                }
            }
            row.show(&typed(&mut terminal, &key.bytes()));
            prop_assert_eq!(row.text(), shown(&start, &line));
        }
        prop_assert_eq!(lines(&mut terminal), expected);
    }
}
