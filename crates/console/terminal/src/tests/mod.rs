//! Tables of sequences and their results, and random input, compared with a naive model.

mod colors;
mod cost;
mod editing;
mod garbage;
mod model;
mod modes;
mod movement;
mod properties;
mod requests;
mod styles;
mod text;
mod view;
mod wrap;

use std::format;
use std::string::String;
use std::vec::Vec;

use crate::Terminal;

/// The size of the terminals of the tables.
const ROWS: usize = 4;
const COLUMNS: usize = 6;

/// Input that fills the screen before the input of a table.
const FILLED: &str = "^[[1;1Habcdef^[[2;1Hghijkl^[[3;1Hmnopqr^[[4;1Hstuvwx^[[H";

/// A description, the input, the screen afterwards, the cursor afterwards.
type Case = (&'static str, &'static str, &'static str, (usize, usize));

/// Returns `text` with `^X` as Ctrl-X, as in `^[` for ESC.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'^' => rest.next().expect("something follows a ^") & 0x1F,
            _ => byte,
        });
    }
    bytes
}

/// Returns a terminal that has received `input`, in the notation of [`bytes`].
fn terminal(input: &str) -> Terminal {
    let mut terminal = Terminal::try_new(ROWS, COLUMNS, 3).expect("there is memory");
    terminal.write(&bytes(input));
    terminal
}

/// Returns the text of a row.
fn row(terminal: &Terminal, row: usize) -> String {
    terminal.row(row).iter().map(|cell| cell.character).collect()
}

/// Returns the rows, joined by `|`, without the blanks at the end of each and without
/// empty rows at the end.
fn screen(terminal: &Terminal) -> String {
    let rows = (0..terminal.size().0).map(|index| row(terminal, index));
    let rows: Vec<_> = rows.map(|row| String::from(row.trim_end())).collect();
    String::from(rows.join("|").trim_end_matches('|'))
}

/// Returns all answers of the terminal.
fn replies(terminal: &mut Terminal) -> String {
    core::iter::from_fn(|| terminal.take_reply()).map(char::from).collect()
}

/// Checks a table; `before` is written before each input.
fn check(before: &str, cases: &[Case]) {
    for &(what, input, expected, cursor) in cases {
        let terminal = terminal(&format!("{before}{input}"));
        assert_eq!(screen(&terminal), expected, "{what}: {input}");
        assert_eq!(terminal.cursor(), Some(cursor), "{what}: {input}");
    }
}
