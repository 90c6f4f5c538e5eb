//! Tests of the editor on a simulated terminal, some with a naive model.

mod completion;
mod decoder;
mod display;
mod history;
mod keys;
mod model;
mod properties;
mod screen;
mod timed_decoder;

use std::string::String;
use std::vec::Vec;

use crate::{Completer, Key, LineEditor, Outcome};

/// Words to complete to.
struct Words<'a>(&'a [&'a str]);

impl Completer for Words<'_> {
    fn candidates(&self, _line: &str, _cursor: usize, found: &mut dyn FnMut(&str)) {
        self.0.iter().for_each(|word| found(word));
    }
}

/// Returns the keys of `text`, in which `^a` is Ctrl-A, `<Left>` is a key, and `<<` and
/// `^^` are the characters.
fn keys(text: &str) -> Vec<Key> {
    let named = [
        ("<Enter>", Key::Enter),
        ("<BS>", Key::Backspace),
        ("<Del>", Key::Delete),
        ("<Left>", Key::Left),
        ("<Right>", Key::Right),
        ("<Up>", Key::Up),
        ("<Down>", Key::Down),
        ("<Home>", Key::Home),
        ("<End>", Key::End),
        ("<WordLeft>", Key::WordLeft),
        ("<WordRight>", Key::WordRight),
        ("<AltBS>", Key::DeleteWordLeft),
        ("<AltD>", Key::DeleteWordRight),
        ("<Tab>", Key::Tab),
        ("<Esc>", Key::Escape),
        ("<PageUp>", Key::PageUp),
        ("<ScrollUp>", Key::ScrollUp),
        ("<ScrollDown>", Key::ScrollDown),
        ("<F1>", Key::Function(1)),
        ("<<", Key::Char('<')),
        ("^^", Key::Char('^')),
    ];
    let mut rest = text;
    let mut keys = Vec::new();
    while let Some(c) = rest.chars().next() {
        let named = named.iter().find(|(name, _)| rest.starts_with(name));
        let ctrl = rest.strip_prefix('^').and_then(|after| after.chars().next());
        let (key, len) = match (named, ctrl) {
            (Some((name, key)), _) => (*key, name.len()),
            (None, Some(letter)) => (Key::Ctrl(letter), 2),
            (None, None) => (Key::Char(c), c.len_utf8()),
        };
        keys.push(key);
        rest = &rest[len..];
    }
    keys
}

type Editor = LineEditor<80, 256>;

/// Returns an editor with a started line, and with `entered` in its history.
fn editor(entered: &[&str]) -> Editor {
    let mut editor = Editor::new();
    let out = &mut String::new();
    for line in entered {
        editor.start("> ", out);
        line.chars().for_each(|c| assert_eq!(editor.key(Key::Char(c), &(), out), Outcome::More));
        assert_eq!(editor.key(Key::Enter, &(), out), Outcome::Line);
    }
    editor.start("> ", out);
    editor
}

/// Types `text`, in the notation of [`keys`]; returns the output, and the outcome of the
/// last key.
fn outcome(editor: &mut Editor, text: &str, completer: &dyn Completer) -> (String, Outcome) {
    let mut out = String::new();
    let mut outcome = Outcome::More;
    for key in keys(text) {
        outcome = editor.key(key, completer, &mut out);
    }
    (out, outcome)
}

/// Types `text`, in the notation of [`keys`]; returns the output.
fn type_keys(editor: &mut Editor, text: &str, completer: &dyn Completer) -> String {
    outcome(editor, text, completer).0
}

/// Returns the line with `|` for the cursor.
fn marked<const LEN: usize, const HISTORY: usize>(editor: &LineEditor<LEN, HISTORY>) -> String {
    let (before, after) = editor.line().split_at(editor.cursor());
    [before, after].join("|")
}
