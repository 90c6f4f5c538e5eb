//! Random keys: after each one the line is equal to the model's, and the terminal shows it.

extern crate std;

use core::fmt::Write;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::Words;
use super::model::{Model, text};
use super::screen::Screen;
use crate::{COLUMNS_MAX, COLUMNS_MIN, Key, LineEditor, Outcome};

const LEN: usize = 150;
const HISTORY: usize = 400;
const WORDS: [&str; 8] = ["help", "halt", "aab", "a/b/", "abba", "aab", "c=", "éß漢é"];

#[derive(Clone, Debug)]
enum Action {
    Press(Key),
    /// Types a long text.
    Paste(String),
    /// Other output is written in between.
    Log,
    SetColumns(usize),
}

fn action() -> impl Strategy<Value = Action> {
    let letter = prop::sample::select(text("aabbc h1./=é漢𝄞  "));
    let plain = prop::sample::select(std::vec![
        Key::Enter,
        Key::Backspace,
        Key::Delete,
        Key::Left,
        Key::Right,
        Key::Up,
        Key::Down,
        Key::Home,
        Key::End,
        Key::WordLeft,
        Key::WordRight,
        Key::DeleteWordLeft,
        Key::DeleteWordRight,
        Key::Tab,
        Key::Escape,
        Key::PageUp,
        Key::PageDown,
        Key::ScrollUp,
        Key::ScrollDown,
        Key::Function(5),
    ]);
    prop_oneof![
        30 => letter.prop_map(|c| Action::Press(Key::Char(c))),
        5 => "[ab c.é]{0,90}".prop_map(Action::Paste),
        40 => plain.prop_map(Action::Press),
        20 => prop::char::range('a', 'z').prop_map(|c| Action::Press(Key::Ctrl(c))),
        4 => Just(Action::Press(Key::Enter)),
        5 => Just(Action::Press(Key::Ctrl('r'))),
        5 => Just(Action::Press(Key::Ctrl('y'))),
        2 => Just(Action::Log),
        1 => columns().prop_map(Action::SetColumns),
    ]
}

fn columns() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 20..=120_usize, 1 => 0..=COLUMNS_MAX + 20]
}

/// A terminal with an editor, and the model.
struct Session {
    prompt: String,
    columns: usize,
    editor: LineEditor<LEN, HISTORY>,
    model: Model,
    screen: Screen,
}

impl Session {
    fn new(prompt: String, columns: usize) -> Self {
        let mut session = Self {
            prompt,
            columns,
            editor: LineEditor::new(),
            model: Model::new(LEN, HISTORY, &WORDS),
            screen: Screen::new(columns),
        };
        session.set_columns(columns);
        session.editor.start(&session.prompt, &mut session.screen);
        session
    }

    fn set_columns(&mut self, columns: usize) {
        self.editor.set_columns(columns);
        self.columns = columns.clamp(COLUMNS_MIN, COLUMNS_MAX);
        self.screen.set_columns(self.columns);
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Press(key) => self.press(*key),
            Action::Paste(text) => text.chars().for_each(|c| self.press(Key::Char(c))),
            Action::Log => {
                self.editor.hide(&mut self.screen);
                self.assert_empty();
                self.screen.write_str("log\n").expect("the screen takes all");
                self.editor.show(&mut self.screen);
            }
            Action::SetColumns(columns) => {
                // Before the change, because the row may be wider than the new screen.
                self.editor.hide(&mut self.screen);
                self.set_columns(*columns);
                self.editor.show(&mut self.screen);
            }
        }
        self.assert_shown();
    }

    fn press(&mut self, key: Key) {
        let outcome = self.editor.key(key, &Words(&WORDS), &mut self.screen);
        assert_eq!(outcome, self.model.key(key));
        assert_eq!(self.editor.line(), self.model.line());
        assert_eq!(self.screen.bells(), self.model.bells);
        match outcome {
            Outcome::More | Outcome::ScrollUp | Outcome::ScrollDown => {}
            Outcome::Line | Outcome::Interrupted | Outcome::EndOfInput => {
                self.assert_empty();
                self.editor.start(&self.prompt, &mut self.screen);
                self.model.start();
            }
            Outcome::ClearScreen => {
                self.screen.clear();
                self.editor.show(&mut self.screen);
            }
        }
        self.assert_shown();
    }

    fn assert_empty(&self) {
        assert_eq!(self.screen.column(), 0);
        assert!(self.screen.row().iter().all(|&cell| cell == ' '));
    }

    /// Asserts that the row shows only the line, all of it if it fits, with the cursor at
    /// the right position.
    fn assert_shown(&self) {
        let (text, cursor) = self.model.shown(&self.prompt);
        let column = self.screen.column();
        let width = self.columns - 1;
        let first = cursor.checked_sub(column).expect("the cursor is too far right");
        let is_cut = text.len() > first + width;
        let mut cells: Vec<char> = text.iter().skip(first).take(width).copied().collect();
        if text.len() <= width {
            assert_eq!(first, 0, "it fits as a whole");
        }
        if first > 0 {
            assert!(column > 0, "the cursor is on the mark");
            cells[0] = '<';
        }
        if is_cut {
            assert!(column < width - 1, "the cursor is on the mark");
            cells[width - 1] = '>';
        }
        cells.resize(self.screen.row().len(), ' ');
        assert_eq!(String::from_iter(self.screen.row()), String::from_iter(cells));
    }
}

proptest! {
    #[test]
    fn line_and_terminal_agree_with_the_model_after_every_key(
        prompt in "[a-z> ]{0,60}",
        columns in columns(),
        actions in prop::collection::vec(action(), 0..250),
    ) {
        let mut session = Session::new(prompt, columns);
        for action in &actions {
            session.act(action);
        }
        let lines: Vec<String> = session.editor.history().map(String::from).collect();
        let model = session.model.history.lines.iter().rev();
        prop_assert_eq!(lines, model.map(String::from_iter).collect::<Vec<_>>());
    }

    #[test]
    fn full_lines_are_shown_at_every_width(
        columns in 20..=120_usize,
        line in "[a-z é]{0,200}",
        keys in prop::collection::vec(prop::sample::select(std::vec![
            Key::Left, Key::Right, Key::WordLeft, Key::WordRight, Key::Home, Key::End,
            Key::Backspace, Key::Delete, Key::Char('x'),
        ]), 0..300),
    ) {
        let mut session = Session::new("farjump> ".into(), columns);
        session.act(&Action::Paste(line));
        keys.into_iter().for_each(|key| session.press(key));
    }
}
