//! The history of entered lines, and movement through it.

use heapless::String;

use crate::buffer::Buffer;

/// The most lines that are kept.
pub const HISTORY_LINES_MAX: usize = 128;

/// Ends a kept line; no line contains it.
const END: char = '\n';

/// The lines that were entered last, in at most `BYTES` bytes. Each line takes one byte
/// more than its length.
pub(crate) struct History<const BYTES: usize> {
    /// The lines, oldest first, each with an [`END`].
    text: String<BYTES>,
}

impl<const BYTES: usize> History<BYTES> {
    /// Returns an empty history.
    pub(crate) const fn new() -> Self {
        Self { text: String::new() }
    }

    /// Adds a line as the newest; removes the oldest lines to make room. Ignores a line
    /// that is blank, equals the newest, or is longer than the whole history.
    pub(crate) fn add(&mut self, line: &str) {
        let len_bytes = line.len() + END.len_utf8();
        let is_newest = self.lines().next() == Some(line);
        if line.trim().is_empty() || is_newest || len_bytes > BYTES {
            return;
        }
        while self.text.len() + len_bytes > BYTES || self.lines().count() >= HISTORY_LINES_MAX {
            let end =
                self.text.find(END).expect("a line is left, because the new one fits by itself");
            self.text.drain(..=end);
        }
        self.text.push_str(line).expect("room was made");
        self.text.push(END).expect("room was made");
    }

    /// Returns the lines, newest first.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split_terminator(END).rev()
    }

    /// Returns the line that is `age` lines older than the newest.
    pub(crate) fn line(&self, age: usize) -> Option<&str> {
        self.lines().nth(age)
    }
}

/// The line of the history that is being edited.
///
/// A move to another line keeps changes to the line being typed; changes to older lines are
/// lost.
pub(crate) struct Recall<const LEN: usize> {
    /// The age of the line; `None` for the line being typed.
    age: Option<usize>,
    /// The line being typed, while a line of the history is edited.
    draft: String<LEN>,
}

impl<const LEN: usize> Recall<LEN> {
    /// Returns a position at the line being typed.
    pub(crate) const fn new() -> Self {
        Self { age: None, draft: String::new() }
    }

    /// Puts the next older line into `buffer`, if there is one.
    pub(crate) fn go_older<const BYTES: usize>(
        &mut self,
        history: &History<BYTES>,
        buffer: &mut Buffer<LEN>,
    ) {
        self.go_to(self.age.map_or(0, |age| age + 1), history, buffer);
    }

    /// Puts the next newer line into `buffer`, or the line that was being typed.
    pub(crate) fn go_newer<const BYTES: usize>(
        &mut self,
        history: &History<BYTES>,
        buffer: &mut Buffer<LEN>,
    ) {
        match self.age {
            None => {}
            Some(0) => {
                buffer.replace(&self.draft);
                self.age = None;
            }
            Some(age) => self.go_to(age - 1, history, buffer),
        }
    }

    /// Puts the line of `age` into `buffer`, as it was entered, if there is one. All lines
    /// of `history` have been in `buffer`, so they fit.
    pub(crate) fn go_to<const BYTES: usize>(
        &mut self,
        age: usize,
        history: &History<BYTES>,
        buffer: &mut Buffer<LEN>,
    ) {
        let Some(line) = history.line(age) else { return };
        if self.age.is_none() {
            self.draft.clear();
            self.draft.push_str(buffer.text()).expect("it is no longer than LEN");
        }
        buffer.replace(line);
        self.age = Some(age);
    }
}
