//! The incremental search through the history.

use heapless::String;

use crate::buffer::{Buffer, Full};
use crate::history::{History, Recall};

/// A search through the history, newest line first, for a text of at most `LEN`
/// bytes.
pub(crate) struct Search<const LEN: usize> {
    pattern: String<LEN>,
    /// The match that is shown; `None` for the line that was edited.
    found: Option<Found>,
    has_failed: bool,
}

/// The position of a match.
#[derive(Clone, Copy)]
struct Found {
    /// The age of the line.
    age: usize,
    /// The index of the pattern's last occurrence in the line.
    start: usize,
}

impl<const LEN: usize> Search<LEN> {
    /// Returns a search with an empty pattern.
    pub(crate) const fn new() -> Self {
        Self { pattern: String::new(), found: None, has_failed: false }
    }

    /// Returns the pattern.
    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns whether no further line contains the pattern; the last match is then still
    /// shown.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Adds a character to the pattern, and continues from the line that is shown.
    ///
    /// # Errors
    /// [`Full`] if the pattern has no room.
    pub(crate) fn push<const BYTES: usize>(
        &mut self,
        c: char,
        history: &History<BYTES>,
    ) -> Result<(), Full> {
        self.pattern.push(c).map_err(|_| Full)?;
        self.look(self.found.map_or(0, |found| found.age), history);
        Ok(())
    }

    /// Removes the last character of the pattern, and starts from the newest line again.
    pub(crate) fn pop<const BYTES: usize>(&mut self, history: &History<BYTES>) {
        self.pattern.pop();
        self.found = None;
        self.look(0, history);
    }

    /// Searches for an older line that differs from the shown one.
    pub(crate) fn go_on<const BYTES: usize>(&mut self, history: &History<BYTES>) {
        self.look(self.found.map_or(0, |found| found.age + 1), history);
    }

    /// Returns the line to show, in two parts. The cursor is between them, at the start of
    /// the last occurrence of the pattern.
    pub(crate) fn parts<'a, const BYTES: usize>(
        &self,
        history: &'a History<BYTES>,
        buffer: &'a Buffer<LEN>,
    ) -> (&'a str, &'a str) {
        let found = self.found.and_then(|found| Some((history.line(found.age)?, found.start)));
        let (line, cursor) = found.unwrap_or((buffer.text(), buffer.cursor()));
        line.split_at(cursor)
    }

    /// Ends the search: the shown line becomes the edited line.
    pub(crate) fn accept<const BYTES: usize>(
        self,
        history: &History<BYTES>,
        recall: &mut Recall<LEN>,
        buffer: &mut Buffer<LEN>,
    ) {
        if let Some(Found { age, start }) = self.found {
            recall.go_to(age, history, buffer);
            buffer.set_cursor(start);
        }
    }

    /// Searches for the pattern from the line of `age` on. Other lines with the same text
    /// as the shown line don't match. An empty pattern matches no line, but the search
    /// doesn't fail.
    fn look<const BYTES: usize>(&mut self, age: usize, history: &History<BYTES>) {
        if self.pattern.is_empty() {
            self.has_failed = false;
            return;
        }
        let shown =
            self.found.filter(|found| found.age < age).and_then(|found| history.line(found.age));
        let found = history.lines().enumerate().skip(age).find_map(|(age, line)| {
            let start = line.rfind(self.pattern.as_str())?;
            (Some(line) != shown).then_some(Found { age, start })
        });
        self.has_failed = found.is_none();
        self.found = found.or(self.found);
    }
}
