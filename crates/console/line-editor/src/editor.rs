//! The editor: the effect of each key on the line.

use core::fmt::Write;
use core::mem;

use heapless::String;

use crate::buffer::{Buffer, Full, Kill, Motion};
use crate::completion::Candidates;
use crate::display::Display;
use crate::history::{History, Recall};
use crate::search::Search;
use crate::terminal::Terminal;
use crate::{Completer, Key, word_before};

/// The longest prompt, in bytes.
pub const PROMPT_MAX_BYTES: usize = 64;

/// Shown after an abandoned line.
const INTERRUPT_MARK: &str = "^C";

/// The result of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The line isn't complete.
    More,
    /// Enter: the line is complete. The cursor is at the start of the next row.
    Line,
    /// Ctrl-C: the line was abandoned, and is now empty. The cursor is at the start of the
    /// row after `^C`.
    Interrupted,
    /// Ctrl-D in an empty line: the end of the input. The cursor is at the start of the
    /// next row.
    EndOfInput,
    /// Shift-PageUp: the caller shows lines that have scrolled off its screen, if it has
    /// kept them.
    ScrollUp,
    /// Shift-PageDown: the caller moves the view back.
    ScrollDown,
    /// Ctrl-L: the caller clears its screen, puts the cursor at the start of a row
    /// and calls [`LineEditor::show`].
    ClearScreen,
}

/// The kind of the previous key, if the next key depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Previous {
    /// A key that killed text: the next kill adds to it.
    Kill,
    /// A key that left a word incomplete: the next Tab lists the possible words.
    Completion,
    Other,
}

/// Edits a line of at most `LEN` bytes, and keeps entered lines in at most `HISTORY` bytes.
///
/// The caller passes each key to [`key`](Self::key), between [`start`](Self::start) and an
/// outcome that ends the line.
pub struct LineEditor<const LEN: usize, const HISTORY: usize> {
    prompt: String<PROMPT_MAX_BYTES>,
    buffer: Buffer<LEN>,
    history: History<HISTORY>,
    recall: Recall<LEN>,
    /// The search in progress.
    search: Option<Search<LEN>>,
    previous: Previous,
    display: Display,
}

impl<const LEN: usize, const HISTORY: usize> LineEditor<LEN, HISTORY> {
    /// Returns an editor with an empty history, for a terminal of 80 columns.
    pub const fn new() -> Self {
        Self {
            prompt: String::new(),
            buffer: Buffer::new(),
            history: History::new(),
            recall: Recall::new(),
            search: None,
            previous: Previous::Other,
            display: Display::new(),
        }
    }

    /// Sets the number of the terminal's columns, from the next key on. It is limited to
    /// the range from [`COLUMNS_MIN`] to [`COLUMNS_MAX`].
    ///
    /// [`COLUMNS_MIN`]: crate::COLUMNS_MIN
    /// [`COLUMNS_MAX`]: crate::COLUMNS_MAX
    pub fn set_columns(&mut self, columns: usize) {
        self.display.set_columns(columns);
    }

    /// Starts an empty line and shows `prompt`. The cursor has to be at the start of an
    /// empty row. Removes control characters from the prompt, and truncates it to
    /// [`PROMPT_MAX_BYTES`].
    pub fn start(&mut self, prompt: &str, out: &mut dyn Write) {
        self.prompt.clear();
        let mut shown = prompt.chars().filter(|c| !c.is_control());
        // The prompt is truncated.
        let _ = shown.try_for_each(|c| self.prompt.push(c));
        self.buffer.replace("");
        self.recall = Recall::new();
        self.search = None;
        self.previous = Previous::Other;
        self.display.forget();
        self.show(out);
    }

    /// Returns the line: the text so far, or the complete line until the next
    /// [`start`](Self::start).
    pub fn line(&self) -> &str {
        self.buffer.text()
    }

    /// Returns the index of the line's byte after the cursor.
    pub fn cursor(&self) -> usize {
        self.buffer.cursor()
    }

    /// Returns the history, newest line first: no line is blank, and no two adjacent lines
    /// are equal.
    pub fn history(&self) -> impl Iterator<Item = &str> {
        self.history.lines()
    }

    /// Removes the line from the terminal, so that other output can be written. The cursor
    /// has to be at the start of an empty row again before [`show`](Self::show).
    pub fn hide(&mut self, out: &mut dyn Write) {
        self.display.hide(&mut Terminal::new(out));
    }

    /// Shows the line again after [`hide`](Self::hide) or [`Outcome::ClearScreen`].
    pub fn show(&mut self, out: &mut dyn Write) {
        self.draw(&mut Terminal::new(out));
    }

    /// Handles a key: changes the line, and writes the change to `out`.
    ///
    /// | key | does |
    /// | --- | --- |
    /// | Left, Right, Ctrl-B, Ctrl-F | a character to the left, right |
    /// | Ctrl-Left, Ctrl-Right, Alt-B, Alt-F | a word to the left, right |
    /// | Home, End, Ctrl-A, Ctrl-E | to the start, the end |
    /// | Backspace, Ctrl-H; Delete, Ctrl-D | deletes a character before, at the cursor |
    /// | Ctrl-U, Ctrl-K | kills up to the start, the end |
    /// | Ctrl-W, Alt-Backspace, Alt-D | kills back to a blank, back to a word's start, up to a word's end |
    /// | Ctrl-Y | inserts the text that was killed last; consecutive kills are joined |
    /// | Ctrl-T | exchanges two characters |
    /// | Up, Down, Ctrl-P, Ctrl-N | an older line, a newer |
    /// | Ctrl-R | searches older lines; again: the next match; Ctrl-G, Ctrl-C: aborts |
    /// | Tab | completes a word; the second lists the possible words |
    /// | Enter, Ctrl-J, Ctrl-M | [`Outcome::Line`]; adds the line to the history |
    /// | Ctrl-C, Ctrl-D in an empty line, Ctrl-L | [`Outcome::Interrupted`] and so on |
    ///
    /// BEL is written if there is no room, no completion or no match. Other keys have no
    /// effect.
    pub fn key(&mut self, key: Key, completer: &dyn Completer, out: &mut dyn Write) -> Outcome {
        let terminal = &mut Terminal::new(out);
        let key = key.without_ctrl();
        match key {
            Key::ScrollUp => return Outcome::ScrollUp,
            Key::ScrollDown => return Outcome::ScrollDown,
            Key::Char(c) if c.is_control() => return Outcome::More,
            _ => {}
        }
        if let Some(search) = self.search.take()
            && self.search_on(search, key, terminal)
        {
            self.draw(terminal);
            return Outcome::More;
        }
        let previous = mem::replace(&mut self.previous, Previous::Other);
        match key {
            Key::Enter => {
                self.draw(terminal);
                self.history.add(self.buffer.text());
                return self.end(Outcome::Line, terminal);
            }
            Key::Ctrl('c') => {
                self.draw(terminal);
                self.display.move_to_end(INTERRUPT_MARK.len(), terminal);
                terminal.print(format_args!("{INTERRUPT_MARK}"));
                self.buffer.replace("");
                return self.end(Outcome::Interrupted, terminal);
            }
            Key::Ctrl('d') if self.line().is_empty() => {
                return self.end(Outcome::EndOfInput, terminal);
            }
            Key::Ctrl('l') => {
                self.display.forget();
                return Outcome::ClearScreen;
            }
            Key::Ctrl('r') => self.search = Some(Search::new()),
            Key::Tab => self.complete(previous, completer, terminal),
            key => {
                if self.edit(key, previous).is_err() {
                    terminal.ring();
                }
            }
        }
        self.draw(terminal);
        Outcome::More
    }

    /// Applies `key` to the line, if it is a key that edits lines.
    fn edit(&mut self, key: Key, previous: Previous) -> Result<(), Full> {
        let buffer = &mut self.buffer;
        match key {
            Key::Char(c) => return buffer.insert(c.encode_utf8(&mut [0; 4])),
            Key::Ctrl('y') => return buffer.yank(),
            Key::Ctrl('t') => buffer.transpose(),
            Key::Left => buffer.go(Motion::Left),
            Key::Right => buffer.go(Motion::Right),
            Key::WordLeft => buffer.go(Motion::WordLeft),
            Key::WordRight => buffer.go(Motion::WordRight),
            Key::Home => buffer.go(Motion::Start),
            Key::End => buffer.go(Motion::End),
            Key::Backspace => buffer.delete(Motion::Left),
            Key::Delete | Key::Ctrl('d') => buffer.delete(Motion::Right),
            Key::Ctrl('k') => self.kill(Motion::End, previous),
            Key::Ctrl('u') => self.kill(Motion::Start, previous),
            Key::Ctrl('w') => self.kill(Motion::BlankLeft, previous),
            Key::DeleteWordLeft => self.kill(Motion::WordLeft, previous),
            Key::DeleteWordRight => self.kill(Motion::WordRight, previous),
            Key::Up => self.recall.go_older(&self.history, buffer),
            Key::Down => self.recall.go_newer(&self.history, buffer),
            _ => {}
        }
        Ok(())
    }

    fn kill(&mut self, motion: Motion, previous: Previous) {
        let kill = if previous == Previous::Kill { Kill::Joined } else { Kill::Fresh };
        if self.buffer.kill(motion, kill) || kill == Kill::Joined {
            self.previous = Previous::Kill;
        }
    }

    /// Continues or ends a search; returns whether the key belongs to the search.
    fn search_on(
        &mut self,
        mut search: Search<LEN>,
        key: Key,
        terminal: &mut Terminal<'_>,
    ) -> bool {
        match key {
            Key::Char(c) => {
                if search.push(c, &self.history).is_err() {
                    terminal.ring();
                }
            }
            Key::Backspace => search.pop(&self.history),
            Key::Ctrl('r') => search.go_on(&self.history),
            Key::Ctrl('c' | 'g') => return true,
            key => {
                search.accept(&self.history, &mut self.recall, &mut self.buffer);
                return key == Key::Escape;
            }
        }
        if search.has_failed() {
            terminal.ring();
        }
        self.search = Some(search);
        true
    }

    /// Completes the word at the cursor as far as it is unambiguous; lists the possible
    /// words if the last key was an ambiguous completion.
    fn complete(
        &mut self,
        previous: Previous,
        completer: &dyn Completer,
        terminal: &mut Terminal<'_>,
    ) {
        let (line, cursor) = (self.buffer.text(), self.buffer.cursor());
        let candidates = Candidates::<LEN>::find(completer, line, cursor);
        if candidates.is_empty() {
            terminal.ring();
            return;
        }
        if !candidates.is_unique() {
            self.previous = Previous::Completion;
            if previous == Previous::Completion {
                candidates.list(completer, line, cursor, self.display.width(), terminal);
                self.display.forget();
                return;
            }
        }
        let typed = word_before(line, cursor);
        let missing = candidates.prefix().get(typed.len()..).unwrap_or("");
        let has_more = candidates.is_unique() || !missing.is_empty();
        let is_whole = candidates.is_unique() && !candidates.prefix().ends_with(['/', '=']);
        let has_blank = line[cursor..].starts_with(' ');
        let mut is_done = has_more && self.buffer.insert(missing).is_ok();
        if is_done && is_whole && !has_blank {
            is_done = self.buffer.insert(" ").is_ok();
        }
        if !is_done {
            terminal.ring();
        }
    }

    /// Ends the row and the line.
    fn end(&mut self, outcome: Outcome, terminal: &mut Terminal<'_>) -> Outcome {
        terminal.new_line();
        self.display.forget();
        outcome
    }

    /// Shows the prompt and the line, or the search.
    fn draw(&mut self, terminal: &mut Terminal<'_>) {
        let Some(search) = &self.search else {
            let (before, after) = self.buffer.text().split_at(self.buffer.cursor());
            return self.display.show(&[&self.prompt, before], after, terminal);
        };
        let label =
            if search.has_failed() { "(failed reverse-i-search)`" } else { "(reverse-i-search)`" };
        let (before, after) = search.parts(&self.history, &self.buffer);
        self.display.show(&[label, search.pattern(), "': ", before], after, terminal);
    }
}

impl<const LEN: usize, const HISTORY: usize> Default for LineEditor<LEN, HISTORY> {
    fn default() -> Self {
        Self::new()
    }
}
