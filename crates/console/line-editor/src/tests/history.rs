//! The history compared with a list of lines.

extern crate std;

use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::model::{self, text};
use crate::HISTORY_LINES_MAX;
use crate::history::History;

fn history_of<const BYTES: usize>(lines: &[&str]) -> History<BYTES> {
    let mut history = History::new();
    lines.iter().for_each(|line| history.add(line));
    history
}

fn lines<const BYTES: usize>(history: &History<BYTES>) -> Vec<&str> {
    history.lines().collect()
}

#[test]
fn newest_comes_first() {
    assert_eq!(lines(&history_of::<64>(&["a", "b c", "a"])), ["a", "b c", "a"]);
    assert_eq!(lines(&history_of::<64>(&["a", "b", "c"])), ["c", "b", "a"]);
    assert_eq!(lines(&history_of::<64>(&[])), [""; 0]);
}

#[test]
fn repeated_and_blank_lines_are_left_out() {
    assert_eq!(lines(&history_of::<64>(&["a", "", "a", "  ", "b", "b", "a"])), ["a", "b", "a"]);
}

#[test]
fn oldest_lines_are_removed_to_make_room() {
    // Each line takes one byte more than its length.
    assert_eq!(lines(&history_of::<6>(&["ab", "cd"])), ["cd", "ab"]);
    assert_eq!(lines(&history_of::<6>(&["ab", "cd", "e"])), ["e", "cd"]);
    assert_eq!(lines(&history_of::<6>(&["ab", "cd", "efghi"])), ["efghi"]);
    // A line that can't fit removes no other line.
    assert_eq!(lines(&history_of::<6>(&["ab", "cd", "efghij"])), ["cd", "ab"]);
    assert_eq!(lines(&history_of::<0>(&["a"])), [""; 0]);
}

#[test]
fn lines_are_counted() {
    let mut history = History::<10_000>::new();
    (0..HISTORY_LINES_MAX + 2).for_each(|number| history.add(&format!("{number}")));
    assert_eq!(history.lines().count(), HISTORY_LINES_MAX);
    assert_eq!(history.lines().last(), Some("2"));
}

proptest! {
    #[test]
    fn history_is_equal_to_the_model(added in prop::collection::vec("[ab é]{0,12}", 0..200)) {
        let mut history = History::<40>::new();
        let mut model = model::History::new(40);
        for line in &added {
            history.add(line);
            model.add(&text(line));
            let model: Vec<String> = model.lines.iter().rev().map(String::from_iter).collect();
            prop_assert_eq!(lines(&history), model);
        }
    }
}
