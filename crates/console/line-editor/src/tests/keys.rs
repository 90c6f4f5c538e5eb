//! The effects of keys on a line.

use std::string::String;
use std::vec::Vec;

use super::{editor, marked, outcome, type_keys};
use crate::{Key, LineEditor, Outcome};

/// Types on an empty line; returns the line with `|` for the cursor.
fn edited(entered: &[&str], typed: &str) -> String {
    let mut editor = editor(entered);
    let (_, outcome) = outcome(&mut editor, typed, &());
    assert_eq!(outcome, Outcome::More);
    marked(&editor)
}

#[test]
fn keys_edit_as_in_bash() {
    let table = [
        ("", "|"),
        ("abc", "abc|"),
        ("añ漢<Left><Left>x", "ax|ñ漢"),
        ("<<^^", "<^|"),
        // Single characters.
        ("abc<BS><BS>d", "ad|"),
        ("<BS><Del>a<Left><BS>", "|a"),
        ("abc<Home><Del>", "|bc"),
        ("abc^a^d", "|bc"),
        ("abc^d", "abc|"),
        ("é漢^h", "é|"),
        // Moves.
        ("abc<Home><Left>x<End><Right>y", "xabcy|"),
        ("abc^ax^b^by^e^f^bz", "yxabz|c"),
        ("ab c-d<WordLeft>", "ab c-|d"),
        ("ab c-d<WordLeft><WordLeft>", "ab |c-d"),
        ("ab  <WordLeft><WordLeft><WordLeft>", "|ab  "),
        ("ab, cd<Home><WordRight>", "ab|, cd"),
        ("ab, cd<Home><WordRight><WordRight>", "ab, cd|"),
        ("ab  <Home><WordRight><WordRight>", "ab  |"),
        // Kills and yanks.
        ("one two<WordLeft>^k", "one |"),
        ("one two<WordLeft>^u", "|two"),
        ("one two^u^y^y", "one twoone two|"),
        ("one two-3^w", "one |"),
        ("one two-3 ^w", "one |"),
        ("one two-3<AltBS>", "one two-|"),
        ("one two-3^a<AltD>", "| two-3"),
        ("one two-3^a<AltD><AltD>", "|-3"),
        ("one two^w^y", "one two|"),
        ("one two^w^w^y", "one two|"),
        ("one two^a<AltD><AltD>x^y", "xone two|"),
        ("one two<WordLeft>^k^u^y", "one two|"),
        ("one two^w<End>^w^y", "one |"),
        ("one two^w^b^f^w^y", "one |"),
        ("one two^w^k^w^y", "one two|"),
        ("one^u^k^ux^u^y", "x|"),
        ("^y", "|"),
        // Exchanges.
        ("abc^t", "acb|"),
        ("abc<Left>^t", "acb|"),
        ("abc<Left><Left>^t", "ba|c"),
        ("ab^a^t", "|ab"),
        ("é漢x<Left>^t", "éx漢|"),
        ("^ta^t", "a|"),
        // Without meaning.
        ("a<Esc><PageUp><F1>^g^z^qb", "ab|"),
    ];
    for (typed, line) in table {
        assert_eq!(edited(&[], typed), line, "{typed}");
    }
}

#[test]
fn older_lines_are_recalled() {
    let table = [
        ("<Up>", "two|"),
        ("<Up><Up><Up>", "one|"),
        ("<Up><Up><Down>x", "twox|"),
        ("^p^p^n^n", "|"),
        ("dra<Left>ft<Up><Up><Down><Down><Down>", "drfta|"),
        // A change to an older line is lost when it is left.
        ("<Up>x<Up><Down>", "two|"),
        ("<Up><Home>^k<Down>", "|"),
    ];
    for (typed, line) in table {
        assert_eq!(edited(&["one", "two"], typed), line, "{typed}");
    }
}

#[test]
fn searches_find_lines() {
    let table = [
        ("^rn<Esc>", "no|ne"),
        ("^rone<Esc>", "n|one"),
        ("^ron^r<Esc>", "|one two"),
        // The same line isn't found twice in a row.
        ("^rtw<Esc>", "|two"),
        ("^rtw^r<Esc>", "one |two"),
        ("^rtw^r^r<Esc>", "one |two"),
        // The last place in the line.
        ("^ro<Esc>", "n|one"),
        ("^ro^r<Esc>", "tw|o"),
        // Other keys edit the line that was found.
        ("^rtwo<Home>x", "x|two"),
        ("^rone t^k", "|"),
        ("^rone t^f", "o|ne two"),
        ("^rone t<Up>", "|one two"),
        ("^rone t<Down>", "two|"),
        ("draft^rtwo<Esc><Down><Down>", "draft|"),
        // Aborted, or without a pattern.
        ("dra<Left>^rtwo^gx", "drx|a"),
        ("dra<Left>^rtwo^cx", "drx|a"),
        ("dra<Left>^r<Esc>x", "drx|a"),
        ("dra<Left>^r^r<Right>x", "drax|"),
        // A pattern without a match leaves the last match.
        ("ab^rq<Esc>", "ab|"),
        ("^rone q<Esc>", "|one two"),
        ("^rone q<BS>t<Esc>", "|one two"),
        // Backspace starts again.
        ("^rone t<BS><BS><Esc>", "n|one"),
        ("dr<Left>^rone<BS><BS><BS><BS>^r<Esc>x", "dx|r"),
        ("^r^h^htwo<Esc>", "|two"),
        // The search shows a line as it was entered, not as it was changed.
        ("<Up><Up>xyz^rtwo<Esc>", "|two"),
    ];
    for (typed, line) in table {
        let entered = ["one two", "two", "x", "two", "none"];
        assert_eq!(edited(&entered, typed), line, "{typed}");
    }
}

#[test]
fn outcomes_are_returned() {
    let table = [
        ("ab<Enter>", Outcome::Line, "ab"),
        ("<Enter>", Outcome::Line, ""),
        ("ab^j", Outcome::Line, "ab"),
        ("ab^m", Outcome::Line, "ab"),
        ("ab<Left>^d", Outcome::More, "a"),
        ("ab^d", Outcome::More, "ab"),
        ("^d", Outcome::EndOfInput, ""),
        ("ab^u^d", Outcome::EndOfInput, ""),
        ("ab^c", Outcome::Interrupted, ""),
        ("ab^l", Outcome::ClearScreen, "ab"),
        ("ab<ScrollUp>", Outcome::ScrollUp, "ab"),
        ("ab<ScrollDown>", Outcome::ScrollDown, "ab"),
        ("^rol<Enter>", Outcome::Line, "old"),
        ("^rol^c", Outcome::More, ""),
        ("^rol^l", Outcome::ClearScreen, "old"),
        ("^rol<ScrollUp>", Outcome::ScrollUp, ""),
        ("^r^d", Outcome::EndOfInput, ""),
    ];
    for (typed, expected, line) in table {
        let mut editor = editor(&["old"]);
        let (_, outcome) = outcome(&mut editor, typed, &());
        assert_eq!((outcome, editor.line()), (expected, line), "{typed}");
    }
}

#[test]
fn control_characters_do_not_get_in() {
    let mut editor = editor(&["a b"]);
    for c in ['\n', '\0', '\x1B', '\x7F', '\u{85}'] {
        assert_eq!(editor.key(Key::Char(c), &(), &mut String::new()), Outcome::More);
    }
    assert_eq!(marked(&editor), "|");
    // The pattern of a search doesn't accept them either.
    type_keys(&mut editor, "^r", &());
    assert_eq!(editor.key(Key::Char('\n'), &(), &mut String::new()), Outcome::More);
    type_keys(&mut editor, "b<Esc>", &());
    assert_eq!(marked(&editor), "a |b");
}

#[test]
fn full_line_refuses_more() {
    let mut editor = LineEditor::<4, 64>::new();
    let mut out = String::new();
    editor.start("", &mut out);
    let typed: Vec<Outcome> =
        "abé漢".chars().map(|c| editor.key(Key::Char(c), &(), &mut out)).collect();
    assert_eq!(typed, [Outcome::More; 4]);
    assert_eq!((editor.line(), out.as_str()), ("abé", "abé\x07"));
    // The killed text doesn't fit twice.
    for key in [Key::Ctrl('w'), Key::Ctrl('y'), Key::Ctrl('y'), Key::Left, Key::Char('x')] {
        assert_eq!(editor.key(key, &(), &mut out), Outcome::More);
    }
    assert_eq!(marked(&editor), "ab|é");
    assert_eq!(out.matches('\x07').count(), 3);
}

#[test]
fn next_line_starts_without_old_state() {
    let mut editor = editor(&["one", "two"]);
    let mut out = String::new();
    // Enter ends the recall of a line, a sequence of kills and a search.
    type_keys(&mut editor, "x<Up><Up>a^w<Enter>", &());
    editor.start("> ", &mut out);
    type_keys(&mut editor, "b^w^y<Down>", &());
    assert_eq!(marked(&editor), "b|");
    type_keys(&mut editor, "^rone", &());
    editor.start("> ", &mut out);
    type_keys(&mut editor, "c<Up><Down>", &());
    assert_eq!(marked(&editor), "c|");
}
