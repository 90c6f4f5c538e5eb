//! Text on the screen.

use alloc::string::String;

use super::benchmark::{Benchmark, Place, Unmeasured};
use super::sampler::Sampler;
use crate::console;

pub(super) const SCROLL: Benchmark = Benchmark {
    name: "scroll",
    what: "scroll, draw all rows",
    sample: "a new last row: all others move up, and all cells are drawn.",
    run: scroll,
};

pub(super) const ROW: Benchmark = Benchmark {
    name: "row",
    what: "write a row, erase it",
    sample: "a row of text on the screen, erased again, not drawn.",
    run: |sampler, _| {
        on_screen(sampler, |sampler| sampler.take_all(|| console::write_screen(ROW_TEXT)))
    },
};

pub(super) const KEY: Benchmark = Benchmark {
    name: "key",
    what: "a typed key and back",
    sample: "a typed character is drawn, and then erased.",
    run: |sampler, _| on_screen(sampler, |sampler| sampler.take_all(type_and_erase)),
};

/// A row of text, written and erased in place.
const ROW_TEXT: &str =
    "\r0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\x1B[2K\r";

/// The sequences that show the terminal's second screen, and the first one again with its text.
const SECOND_SCREEN: &str = "\x1B[?1049h";
const FIRST_SCREEN: &str = "\x1B[?1049l";

/// Runs `measure` on the second screen, so that the text on the first one stays.
fn on_screen(
    sampler: Sampler,
    measure: impl FnOnce(Sampler) -> Sampler,
) -> Result<Sampler, Unmeasured> {
    if !console::has_screen() {
        return Err(Unmeasured::NoScreen);
    }
    console::write_screen(SECOND_SCREEN);
    console::show_screen();
    let sampler = measure(sampler);
    console::write_screen(FIRST_SCREEN);
    console::show_screen();
    Ok(sampler)
}

fn type_and_erase() {
    for text in ["x", "\x08 \x08"] {
        console::write_screen(text);
        console::show_screen();
    }
}

/// Scrolls a full screen on which each cell differs from the one below it, so each cell has to be
/// drawn again.
fn scroll(sampler: Sampler, _place: &Place) -> Result<Sampler, Unmeasured> {
    /// Each row begins with the character after that of the row above it.
    const CHARACTERS: usize = 94;
    let (rows, columns) = console::size();
    let mut text = String::new();
    text.try_reserve_exact(columns + CHARACTERS).map_err(|_| Unmeasured::OutOfMemory)?;
    text.extend((b'!'..=b'~').map(char::from).cycle().take(columns + CHARACTERS));
    let mut row = 0;
    let mut add_row = || {
        let first = row % CHARACTERS;
        row += 1;
        console::write_screen("\n");
        console::write_screen(&text[first..first + columns]);
        console::show_screen();
    };
    on_screen(sampler, |sampler| {
        (0..rows).for_each(|_| add_row());
        sampler.take_all(add_row)
    })
}
