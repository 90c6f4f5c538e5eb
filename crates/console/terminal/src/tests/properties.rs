//! Random input: the terminal always shows the same as the model.

use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::model::Model;
use super::replies;
use crate::Terminal;

/// Input without random parts: text, and sequences without numbers.
const WORDS: &[&str] = &[
    "ab",
    "x",
    "hello, world",
    "é€",
    "世",
    "e\u{301}",
    "lqqk",
    "_~",
    "\u{9b}",
    "\r\n",
    "\n",
    "\r",
    "\t",
    "\x08",
    "\x07",
    "\x0b",
    "\x0e",
    "\x0f",
    "\x1b7",
    "\x1b8",
    "\x1bD",
    "\x1bE",
    "\x1bM",
    "\x1bH",
    "\x1bZ",
    "\x1bc",
    "\x1b#8",
    "\x1b(0",
    "\x1b(B",
    "\x1b)0",
    "\x1b)B",
    "\x1b[!p",
    "\x1b]0;t\x07",
    "\x1bP1$q\x1b\\",
    "\x1b[38;5;9m",
    "\x1b[48;2;1;2;3m",
    "\x1b[38:2::7:8:9m",
    "\x1b[4:3m",
    "\x1b[>c",
];

/// Private modes.
const MODES: &[u16] = &[1, 5, 6, 7, 25, 47, 1047, 1048, 1049, 2004];

/// Codes of SGR.
const CODES: &[u16] =
    &[0, 1, 2, 4, 7, 21, 22, 24, 27, 30, 37, 38, 39, 40, 47, 48, 49, 90, 97, 100, 107, 5, 255, 256];

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![8 => 0..8_u16, 1 => any::<u16>()];
    let numbers = vec(number, 0..3).prop_map(|numbers| join(&numbers));
    let action = select(&b"@ABCDEFGHIJKLMPSTXZabcdefghlnrsu`"[..]).prop_map(char::from);
    let control = (numbers, action).prop_map(|(numbers, action)| format!("\x1b[{numbers}{action}"));
    let mode = (vec(select(MODES), 1..3), select(std::vec!['h', 'l']));
    let mode = mode.prop_map(|(modes, on)| format!("\x1b[?{}{on}", join(&modes)));
    let style = vec(select(CODES), 0..5).prop_map(|codes| format!("\x1b[{}m", join(&codes)));
    let region = (0..6_u16, 0..6_u16).prop_map(|(top, end)| format!("\x1b[{top};{end}r"));
    prop_oneof![
        30 => control.prop_map(String::into_bytes),
        25 => select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
        6 => mode.prop_map(String::into_bytes),
        6 => style.prop_map(String::into_bytes),
        4 => region.prop_map(String::into_bytes),
        2 => vec(select(&b"\x1b[?!;:0123456789hlmrJKHP(#8\x18\xC3\xA9\xE2"[..]), 0..12),
        2 => vec(any::<u8>(), 0..20),
    ]
}

fn join(numbers: &[u16]) -> String {
    let numbers: Vec<_> = numbers.iter().map(|number| format!("{number}")).collect();
    numbers.join(";")
}

/// Compares everything that is visible.
fn compare(terminal: &mut Terminal, model: &mut Model, back: usize) -> Result<(), TestCaseError> {
    let (rows, columns) = terminal.size();
    let is_primary = model.state().which == 0;
    let past = if is_primary { model.state().past.len() } else { 0 };
    terminal.scroll_view(isize::MIN);
    for back in [0, back.min(past), past] {
        terminal.scroll_view(isize::MIN);
        terminal.scroll_view(back as isize);
        for (row, expected) in model.shown(back).iter().enumerate() {
            prop_assert_eq!(terminal.row(row), &expected[..], "row {}, {} back", row, back);
        }
        let (row, column, ..) = model.state().cursor;
        let is_shown = model.state().visible && row + back < rows;
        prop_assert_eq!(terminal.cursor(), is_shown.then_some((row + back, column)));
        prop_assert!(row < rows && column < columns);
    }
    terminal.scroll_view(isize::MAX);
    prop_assert_eq!(terminal.row(0), &model.shown(past)[0][..], "the oldest line");
    prop_assert_eq!(replies(terminal), core::mem::take(&mut model.state().replies));
    prop_assert_eq!(terminal.take_bell(), core::mem::take(&mut model.state().bell));
    prop_assert_eq!(terminal.is_reversed(), model.state().reversed);
    Ok(())
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_terminal_shows_what_the_model_shows(
        (rows, columns, lines) in (1..=6_usize, 1..=12_usize, 0..=5_usize),
        pieces in vec((piece(), 0..6_usize), 0..60),
    ) {
        let mut terminal = Terminal::try_new(rows, columns, lines).expect("there is memory");
        let mut model = Model::new(rows, columns, lines);
        for (piece, back) in pieces {
            terminal.write(&piece);
            model.write(&piece);
            compare(&mut terminal, &mut model, back)?;
        }
    }

    #[test]
    fn one_write_is_as_good_as_many(
        pieces in vec(piece(), 0..60),
        cuts in vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let bytes = pieces.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut terminal = Terminal::try_new(4, 9, 3).expect("there is memory");
        cuts.windows(2).for_each(|cut| terminal.write(&bytes[cut[0]..cut[1]]));
        let mut model = Model::new(4, 9, 3);
        model.write(&bytes);
        compare(&mut terminal, &mut model, 1)?;
    }

    #[test]
    fn redrawing_changed_rows_shows_everything(
        pieces in vec((piece(), -3..4_isize), 0..60),
    ) {
        let mut terminal = Terminal::try_new(5, 9, 3).expect("there is memory");
        let mut followed = std::vec![Vec::new(); 5];
        for (piece, back) in pieces {
            terminal.write(&piece);
            terminal.scroll_view(back);
            for row in terminal.take_changed_rows() {
                followed[row] = terminal.row(row).to_vec();
            }
            for (row, followed) in followed.iter().enumerate() {
                prop_assert_eq!(terminal.row(row), &**followed, "row {}", row);
            }
        }
    }
}

#[test]
fn only_changed_rows_are_reported() {
    let mut terminal = Terminal::try_new(5, 9, 3).expect("there is memory");
    assert_eq!(terminal.take_changed_rows(), 0..5);
    assert!(terminal.take_changed_rows().is_empty());
    terminal.write(b"\x1b[2;3H");
    assert!(terminal.take_changed_rows().is_empty(), "the cursor doesn't matter");
    terminal.write(b"a\r\nb");
    assert_eq!(terminal.take_changed_rows(), 1..3);
    terminal.write(b"\x1b[2;4r\x1b[4;1H\n");
    assert_eq!(terminal.take_changed_rows(), 1..4, "a region scrolls by itself");
    terminal.write(b"\x1b[?1049h");
    assert_eq!(terminal.take_changed_rows(), 0..5);
}
