//! Edits one line at a prompt, on a serial terminal or a screen.
//!
//! [`KeyDecoder`] decodes the bytes that a terminal sends into [`Key`]s. [`LineEditor`]
//! handles keys, writes the output that shows the line on the terminal, and reports when
//! the line is complete. Its keys are those of bash: see [`LineEditor::key`].
//!
//! Guarantees:
//!
//! - The line is shown within one row. Of a longer line only a part is shown, with `<` and
//!   `>` at the ends where it continues. The editor therefore doesn't depend on the rows above
//!   and below, and the screen doesn't scroll. No character is written to the last column,
//!   because terminals differ in their behaviour after that.
//! - The output consists of text, `\r`, `\n`, `\x08`, BEL, and of the control sequences
//!   `CSI K`, `CSI n C` and `CSI n D`. Typing at the end of the line writes the character,
//!   deleting it writes `\x08 \x08`. `\n` has to move the cursor to the start of the next row,
//!   as it does on the kernel's console.
//! - Every character takes one cell. A line never contains control characters.
//! - A writer's errors are ignored: they affect only what is shown, not the line.
//!
//! ```
//! use line_editor::{Key, LineEditor, Outcome};
//! let mut editor = LineEditor::<80, 1024>::new();
//! let mut out = String::new();
//! editor.start("> ", &mut out);
//! for key in [Key::Char('p'), Key::Char('s'), Key::Left, Key::Char('o')] {
//!     assert_eq!(editor.key(key, &(), &mut out), Outcome::More);
//! }
//! assert_eq!(editor.key(Key::Enter, &(), &mut out), Outcome::Line);
//! assert_eq!(editor.line(), "pos");
//! assert_eq!(out, "> ps\x08os\x08\n");
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod buffer;
mod completion;
mod decoder;
mod display;
mod editor;
mod history;
mod key;
mod search;
mod sequence;
mod terminal;
#[cfg(test)]
mod tests;
mod timed_decoder;

pub use completion::{Completer, LISTED_MAX, word_before};
pub use decoder::KeyDecoder;
pub use display::{COLUMNS_MAX, COLUMNS_MIN};
pub use editor::{LineEditor, Outcome, PROMPT_MAX_BYTES};
pub use history::HISTORY_LINES_MAX;
pub use key::Key;
pub use timed_decoder::TimedDecoder;
