//! Input of edited lines.

use alloc::boxed::Box;

use line_editor::{Completer, LineEditor, Outcome};

use super::{CLEAR, Output, Source, columns, scroll, wait_key, write};

/// The longest line, in bytes.
pub const LINE_MAX_BYTES: usize = 1024;
/// The size of the history, in bytes.
const HISTORY_BYTES: usize = 8 * 1024;

/// Reads lines, and keeps a history of them.
pub struct LineInput {
    editor: Box<LineEditor<LINE_MAX_BYTES, HISTORY_BYTES>>,
}

impl LineInput {
    /// Makes an input without history.
    pub fn new() -> Self {
        Self { editor: Box::new(LineEditor::new()) }
    }

    /// Shows `prompt` and reads a line, which [`line`](Self::line) then returns. Returns the device
    /// on which Enter was typed; `None` if Ctrl-C has cancelled the line.
    pub fn read(&mut self, prompt: &str, completer: &dyn Completer) -> Option<Source> {
        self.editor.set_columns(columns());
        self.editor.start(prompt, &mut Output);
        loop {
            let typed = wait_key();
            match self.editor.key(typed.key, completer, &mut Output) {
                Outcome::More => {}
                Outcome::Line | Outcome::EndOfInput => return Some(typed.source),
                Outcome::Interrupted => return None,
                Outcome::ScrollUp => scroll(super::Scroll::Up),
                Outcome::ScrollDown => scroll(super::Scroll::Down),
                Outcome::ClearScreen => {
                    write(CLEAR);
                    self.editor.show(&mut Output);
                }
            }
        }
    }

    /// Returns the last line that was read.
    pub fn line(&self) -> &str {
        self.editor.line()
    }
}

impl Default for LineInput {
    fn default() -> Self {
        Self::new()
    }
}
