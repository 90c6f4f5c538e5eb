//! The search through the history, letter by letter.

use heapless::String;

use crate::buffer::{Buffer, Full};
use crate::history::{History, Recall};

/// A search through the history, newest line first, for a text of at most `LEN`
/// bytes.
pub(crate) struct Search<const LEN: usize> {
    pattern: String<LEN>,
    /// What is shown; `None` for the line that was edited.
    found: Option<Found>,
    has_failed: bool,
}

/// Where a pattern was found.
#[derive(Clone, Copy)]
struct Found {
    /// The age of the line.
    age: usize,
    /// The byte at which the pattern last starts in it.
    start: usize,
}

impl<const LEN: usize> Search<LEN> {
    /// Returns a search for nothing yet.
    pub(crate) const fn new() -> Self {
        Self { pattern: String::new(), found: None, has_failed: false }
    }

    /// Returns what is looked for.
    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Tells whether no further line has the pattern in it. What was found before
    /// is still shown then.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Adds a character to the pattern, and goes on from the line that is shown.
    ///
    /// # Errors
    /// [`Full`] if the pattern has no room for it.
    pub(crate) fn push<const BYTES: usize>(
        &mut self,
        c: char,
        history: &History<BYTES>,
    ) -> Result<(), Full> {
        self.pattern.push(c).map_err(|_| Full)?;
        self.look(self.found.map_or(0, |found| found.age), history);
        Ok(())
    }

    /// Takes the last character of the pattern back, and starts from the newest
    /// line again.
    pub(crate) fn pop<const BYTES: usize>(&mut self, history: &History<BYTES>) {
        self.pattern.pop();
        self.found = None;
        self.look(0, history);
    }

    /// Looks for an older line, other than the one that is shown.
    pub(crate) fn go_on<const BYTES: usize>(&mut self, history: &History<BYTES>) {
        self.look(self.found.map_or(0, |found| found.age + 1), history);
    }

    /// Returns the line to show, in two parts: the cursor is between them, where the
    /// pattern last starts.
    pub(crate) fn parts<'a, const BYTES: usize>(
        &self,
        history: &'a History<BYTES>,
        buffer: &'a Buffer<LEN>,
    ) -> (&'a str, &'a str) {
        let found = self.found.and_then(|found| Some((history.line(found.age)?, found.start)));
        let (line, cursor) = found.unwrap_or((buffer.text(), buffer.cursor()));
        line.split_at(cursor)
    }

    /// Ends the search: what it shows becomes the line.
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

    /// Looks for the pattern from the line of `age` on. A line that reads the same as
    /// the one that is shown is found only where that stands. An empty pattern is
    /// nowhere, and doesn't fail.
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
