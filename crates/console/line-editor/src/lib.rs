//! Edits one line at a prompt, on a serial terminal or a screen.
//!
//! [`KeyDecoder`] makes [`Key`]s of the bytes that a terminal sends. [`LineEditor`]
//! takes keys, writes what makes the terminal show the line, and tells when the
//! line is done. Its keys are those of bash: see [`LineEditor::key`].
//!
//! What it promises:
//!
//! - The line is shown within one row. A line that is wider is shown in part, `<`
//!   and `>` stand where more of it is. So nothing has to be known of the rows
//!   above and below, nothing moves up, and no character is ever written to the
//!   last column, behind which terminals differ. Wrapping to further rows would
//!   need all that.
//! - It writes text, `\r`, `\n`, `\x08`, BEL, and of the control sequences only
//!   `CSI K`, `CSI n C` and `CSI n D`. Typing at the end of the line writes the
//!   character, taking it back writes `\x08 \x08`. `\n` has to go to the start of
//!   the next row, as it does on the kernel's console.
//! - Every character takes one cell. Control characters never get into a line.
//! - A writer's error is ignored: the line is right, whatever becomes of its
//!   picture.
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

pub use completion::{Completer, LISTED_MAX, word_before};
pub use decoder::KeyDecoder;
pub use display::{COLUMNS_MAX, COLUMNS_MIN};
pub use editor::{LineEditor, Outcome, PROMPT_MAX_BYTES};
pub use history::HISTORY_LINES_MAX;
pub use key::Key;
