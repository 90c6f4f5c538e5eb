//! Completion of words.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::screen::Screen;
use super::{Words, editor, keys, marked, outcome, type_keys};
use crate::{Completer, LISTED_MAX, LineEditor, Outcome, word_before};

const WORDS: Words = Words(&["help", "halt", "peek", "poke", "usr/", "name=", "été", "étage"]);

#[test]
fn words_are_completed_to_the_common_prefix() {
    // The typed keys, the line, and the output for the last key.
    let table = [
        ("he<Tab>", "help |", "lp "),
        ("help<Tab>", "help |", " "),
        ("h<Tab>", "h|", "\x07"),
        ("p<Tab>", "p|", "\x07"),
        ("pe<Tab>", "peek |", "ek "),
        ("x<Tab>", "x|", "\x07"),
        ("help x<Tab>", "help x|", "\x07"),
        ("a b po<Tab>", "a b poke |", "ke "),
        ("a b po^i", "a b poke |", "ke "),
        // In the middle.
        ("po b<Left><Left><Tab>", "poke| b", "ke b\x08\x08"),
        ("pob<Left><Tab>", "poke |b", "ke b\x08"),
        // The word may continue.
        ("u<Tab>", "usr/|", "sr/"),
        ("usr/<Tab>", "usr/|", ""),
        ("n<Tab>", "name=|", "ame="),
        // The common prefix consists of whole characters.
        ("é<Tab>", "ét|", "t"),
        ("éta<Tab>", "étage |", "ge "),
    ];
    for (typed, line, written) in table {
        let mut editor = editor(&[]);
        let (out, outcome) = outcome(&mut editor, typed, &WORDS);
        assert_eq!(outcome, Outcome::More);
        assert_eq!(marked(&editor), line, "{typed}");
        assert!(out.ends_with(written), "{typed} {out:?}");
    }
}

#[test]
fn characters_with_the_same_first_byte_differ() {
    let mut editor = editor(&[]);
    type_keys(&mut editor, "<Tab>", &Words(&["aé", "aè"]));
    assert_eq!(editor.line(), "a");
}

#[test]
fn word_found_twice_is_one() {
    let mut editor = editor(&[]);
    type_keys(&mut editor, "<Tab>", &Words(&["ab", "ab"]));
    assert_eq!(editor.line(), "ab ");
}

#[test]
fn unusable_words_are_ignored() {
    let mut editor = editor(&[]);
    type_keys(&mut editor, "a<Tab>", &Words(&["", "b", "a\nb", "a\x1B[2J", "abc", "A"]));
    assert_eq!(editor.line(), "abc ");
}

/// Returns the rows of a terminal at which `typed` was typed.
fn rows(columns: usize, typed: &str, completer: &dyn Completer) -> Vec<String> {
    let mut editor = editor(&[]);
    editor.set_columns(columns);
    let mut screen = Screen::new(columns);
    editor.start("> ", &mut screen);
    for key in keys(typed) {
        assert_eq!(editor.key(key, completer, &mut screen), Outcome::More);
    }
    screen.rows()
}

#[test]
fn second_tab_lists_words() {
    assert_eq!(rows(80, "h<Tab>", &WORDS), ["> h"]);
    assert_eq!(rows(80, "h<Tab><Tab>", &WORDS), ["> h", "help  halt", "> h"]);
    assert_eq!(rows(80, "h<Tab>^i", &WORDS), ["> h", "help  halt", "> h"]);
    assert_eq!(rows(80, "é<Tab><Tab>", &WORDS), ["> ét", "été    étage", "> ét"]);
    // Editing continues at the same position.
    assert_eq!(rows(80, "xh y<Left><Left><Left>^hh<Tab>", &WORDS), ["> hh y"]);
    assert_eq!(rows(80, "h y<Left><Left><Tab><Tab>a", &WORDS), ["> h y", "help  halt", "> ha y"]);
    // A Tab lists words only directly after another Tab.
    assert_eq!(rows(80, "h<Tab><Left><Right><Tab>", &WORDS), ["> h"]);
    assert_eq!(rows(80, "h<Tab>^k<Tab>", &WORDS), ["> h"]);
    assert_eq!(rows(80, "h<Tab><Tab><Tab>", &WORDS).len(), 5);
    // A single word leaves nothing to list.
    assert_eq!(rows(80, "he<Tab><Left><Tab><Tab>", &WORDS), ["> help"]);
}

#[test]
fn list_fits_the_terminal() {
    let words = ["aaaa", "bb", "cccccc", "d", "ee"];
    let rows_of = |columns| rows(columns, "<Tab><Tab>", &Words(&words));
    // Three columns of 6 cells, with gaps of 2, have 22 cells: a terminal needs 23 columns.
    assert_eq!(rows_of(23), [">", "aaaa    bb      cccccc", "d       ee", ">"]);
    assert_eq!(rows_of(22), [">", "aaaa    bb", "cccccc  d", "ee", ">"]);
    let long = ["a".repeat(30), "b".repeat(3)];
    let words: Vec<&str> = long.iter().map(String::as_str).collect();
    assert_eq!(rows(16, "<Tab><Tab>", &Words(&words)), [">", &"a".repeat(15), "bbb", ">"]);
}

#[test]
fn long_list_is_truncated() {
    let words: Vec<String> = (0..LISTED_MAX + 7).map(|number| format!("{number:03}")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let last = LISTED_MAX - 1;
    let shown = rows(16, "<Tab><Tab>", &Words(&words)).join("\n");
    assert!(shown.ends_with(&format!("{last:03}\nand 7 more\n>")), "{shown}");
    let shown = rows(16, "<Tab><Tab>", &Words(&words[..LISTED_MAX])).join("\n");
    assert!(shown.ends_with(&format!("{last:03}\n> 0")), "{shown}");
}

#[test]
fn word_without_room_is_refused() {
    let mut editor = LineEditor::<6, 64>::new();
    let table = [
        ("wo<Tab>", "words-", "rds-"),
        ("xx wo<Tab>", "xx wo", "\x07"),
        ("hal<Tab>", "halted", "ted\x07"),
    ];
    for (typed, line, written) in table {
        let mut out = String::new();
        editor.start("", &mut out);
        for key in keys(typed) {
            let words = Words(&["words-a", "words-b", "halted"]);
            assert_eq!(editor.key(key, &words, &mut out), Outcome::More);
        }
        assert_eq!(editor.line(), line);
        assert!(out.ends_with(written) || out.ends_with("\x07ted"), "{out:?}");
    }
}

#[test]
fn completer_gets_line_and_cursor() {
    struct Arguments;
    impl Completer for Arguments {
        fn candidates(&self, line: &str, cursor: usize, found: &mut dyn FnMut(&str)) {
            let is_first = !line[..cursor].contains(' ');
            found(if is_first { "pt" } else { "ffffffff80100000" });
            assert_eq!(word_before(line, cursor), if is_first { "p" } else { "ff" });
        }
    }
    let mut editor = editor(&[]);
    type_keys(&mut editor, "p<Tab>ff x<Left><Left><Tab>", &Arguments);
    assert_eq!(editor.line(), "pt ffffffff80100000 x");
}

#[test]
fn word_ends_at_the_cursor() {
    let table = [("", 0, ""), ("ab", 2, "ab"), ("ab", 1, "a"), ("a bc", 2, ""), ("a\té x", 4, "é")];
    for (line, cursor, word) in table {
        assert_eq!(word_before(line, cursor), word);
    }
}
