//! The exact output to a terminal, and the screen afterwards.

use std::string::String;
use std::vec::Vec;

use super::screen::Screen;
use super::{Editor, editor, keys, outcome, type_keys};
use crate::{Key, LineEditor, Outcome, PROMPT_MAX_BYTES};

#[test]
fn only_the_necessary_output_is_written() {
    // The text that is typed first, then the keys and the output for them.
    let table = [
        ("", "a", "a"),
        ("ab", "é", "é"),
        ("ab", "<BS>", "\x08 \x08"),
        ("ab", "<BS><BS><BS>", "\x08 \x08\x08 \x08"),
        ("ab", "<Enter>", "\n"),
        ("ab<Left>", "<Enter>", "\n"),
        ("ab", "^c", "^C\n"),
        ("ab<Left>", "^c", "b^C\n"),
        ("", "^d", "\n"),
        ("ab", "<Left>", "\x08"),
        ("ab<Left>", "<Right>", "b"),
        ("ab", "<Right>", ""),
        ("", "<Left><BS><Del><Down>^k", ""),
        ("abcdef", "<Home>", "\x1B[6D"),
        ("abcdef<Home>", "<End>", "\x1B[6C"),
        ("abcdef", "^u", "\x1B[6D\x1B[K"),
        ("a", "^u", "\x08 \x08"),
        ("abcd<Left><Left>", "x", "xcd\x08\x08"),
        ("abcd<Left><Left>", "<BS>", "\x08cd \x08\x08\x08"),
        ("abcd<Left><Left>", "^k", "\x1B[K"),
        // Only the differences are written.
        ("aaa<Home>", "a", "aaaa\x08\x08\x08"),
        ("old x<Left><Left>", "<Up>", "er"),
        ("ab", "^l", ""),
        ("ab", "<ScrollUp>", ""),
        ("ab", "<Tab>", "\x07"),
    ];
    for (first, then, expected) in table {
        let mut editor = editor(&["older"]);
        type_keys(&mut editor, first, &());
        let written = type_keys(&mut editor, then, &());
        assert_eq!(written, expected, "{first} {then}");
    }
}

#[test]
fn prompt_is_written_as_it_is() {
    let mut editor = Editor::new();
    let mut out = String::new();
    editor.start("farjump> ", &mut out);
    assert_eq!(out, "farjump> ");
    out.clear();
    editor.start("\x1B[1ma\nb\u{9B}", &mut out);
    assert_eq!(out, "[1mab");
    out.clear();
    editor.start(&"é".repeat(PROMPT_MAX_BYTES), &mut out);
    assert_eq!(out, "é".repeat(PROMPT_MAX_BYTES / 2));
}

/// Returns a terminal of `columns` columns at which `typed` was typed.
fn screen(columns: usize, entered: &[&str], typed: &str) -> Screen {
    let mut editor = editor(entered);
    editor.set_columns(columns);
    let mut screen = Screen::new(columns);
    editor.start("> ", &mut screen);
    for key in keys(typed) {
        assert_ne!(editor.key(key, &(), &mut screen), Outcome::ClearScreen);
    }
    screen
}

#[test]
fn wide_lines_are_shown_in_part() {
    let table = [
        // The whole, as long as it fits.
        ("abcdefghijklmopqr", "> abcdefghijklmopqr", 19),
        // Then the cursor moves to the middle.
        ("abcdefghijklmopqrs", "<klmopqrs", 9),
        ("abcdefghijklmopqrs<BS>", "> abcdefghijklmopqr", 19),
        ("abcdefghijklmopqrstuvwxyz", "<klmopqrstuvwxyz", 16),
        ("abcdefghijklmopqrstuvwxyz<Home>", "> abcdefghijklmopq>", 2),
        ("abcdefghijklmopqrstuvwxyz<Home><WordRight>", "<stuvwxyz", 9),
    ];
    for (typed, row, column) in table {
        let screen = screen(20, &[], typed);
        assert_eq!((screen.rows(), screen.column()), ([row].map(String::from).to_vec(), column));
    }
}

#[test]
fn searches_are_shown() {
    let table = [
        ("^r", "(reverse-i-search)`': ", 22),
        ("ab<Left>^r", "(reverse-i-search)`': ab", 23),
        ("^rne", "(reverse-i-search)`ne': one", 25),
        ("^rneq", "(failed reverse-i-search)`neq': one", 33),
        ("^rneq<BS>", "(reverse-i-search)`ne': one", 25),
        ("^rneq^g", "> ", 2),
        ("^rne<Esc>", "> one", 3),
    ];
    for (typed, row, column) in table {
        let screen = screen(80, &["one", "two"], typed);
        assert_eq!(screen.rows(), [row.trim_end()], "{typed}");
        assert_eq!(screen.column(), column, "{typed}");
    }
    assert_eq!(screen(80, &["one"], "^rne<Enter>").rows(), ["> one", ""]);
}

#[test]
fn interrupted_line_has_room_for_the_mark() {
    for len in 14..=18 {
        let screen = screen(20, &[], &("x".repeat(len) + "<Home>^c"));
        let rows = screen.rows();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].starts_with("> xxxxx") && rows[0].ends_with("^C"), "{rows:?}");
    }
}

#[test]
fn line_can_be_hidden_for_other_text() {
    let mut editor = editor(&[]);
    let mut out = String::new();
    type_keys(&mut editor, "ab<Left>", &());
    editor.hide(&mut out);
    assert_eq!(out, "\r\x1B[K");
    out.clear();
    // A second `hide` has no effect. A key also shows the line again.
    editor.hide(&mut out);
    assert_eq!(editor.key(Key::Char('x'), &(), &mut out), Outcome::More);
    assert_eq!(out, "> axb\x08");
    // After the screen was cleared the line is drawn at its start.
    let (_, outcome) = outcome(&mut editor, "^l", &());
    assert_eq!(outcome, Outcome::ClearScreen);
    out.clear();
    editor.show(&mut out);
    assert_eq!(out, "> axb\x08");
}

#[test]
fn columns_are_80_by_default() {
    let mut editor = LineEditor::<100, 64>::new();
    let mut screen = Screen::new(80);
    editor.start("", &mut screen);
    let columns: Vec<usize> = (0..80)
        .map(|_| {
            assert_eq!(editor.key(Key::Char('x'), &(), &mut screen), Outcome::More);
            screen.column()
        })
        .collect();
    assert_eq!(columns[..79], Vec::from_iter(1..80));
    assert_eq!(columns[79], 39);
}

#[test]
fn output_of_a_key_is_written_in_few_pieces() {
    struct Pieces(Vec<String>);
    impl core::fmt::Write for Pieces {
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            self.0.push(text.into());
            Ok(())
        }
    }
    let mut editor = editor(&[]);
    let line = "é".repeat(39);
    type_keys(&mut editor, &line, &());
    let mut pieces = Pieces(Vec::new());
    for key in keys("<Home>x<Right><PageUp>") {
        assert_eq!(editor.key(key, &(), &mut pieces), Outcome::More);
    }
    // 64 bytes at most.
    let long = [std::format!("x{}", &line[..62]), std::format!("{}\x1B[39D", &line[62..])];
    assert_eq!(pieces.0, ["\x1B[39D", &long[0], &long[1], "é"]);
}

#[test]
fn failing_output_does_not_affect_the_line() {
    struct Failing;
    impl core::fmt::Write for Failing {
        fn write_str(&mut self, _text: &str) -> core::fmt::Result {
            Err(core::fmt::Error)
        }
    }
    let mut editor = Editor::new();
    editor.start("> ", &mut Failing);
    for key in keys("ab<Left>x<Enter>") {
        let _ = editor.key(key, &(), &mut Failing);
    }
    assert_eq!(editor.line(), "axb");
}
