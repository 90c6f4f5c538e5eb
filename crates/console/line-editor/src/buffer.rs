//! The text of a line, with a cursor.

use core::ops::Range;

use heapless::String;

/// There is no room for more text; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A place in the text, seen from the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One character back, if there is one.
    Left,
    /// One character on, if there is one.
    Right,
    /// The start of the word of letters and digits at the cursor or before it.
    WordLeft,
    /// The end of the word of letters and digits at the cursor or behind it.
    WordRight,
    /// The start of what stands between blanks, at the cursor or before it.
    BlankLeft,
    /// Before the text.
    Start,
    /// Behind the text.
    End,
}

/// What becomes of the text that was killed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    /// It is replaced.
    Fresh,
    /// What is killed now is joined to it: the kills come one behind the other.
    Joined,
}

/// The text of a line of at most `LEN` bytes, a cursor in it, and the text that
/// was killed last.
pub(crate) struct Buffer<const LEN: usize> {
    text: String<LEN>,
    /// Before which byte the cursor is; always between two characters.
    cursor: usize,
    killed: String<LEN>,
}

impl<const LEN: usize> Buffer<LEN> {
    /// Returns an empty one.
    pub(crate) const fn new() -> Self {
        Self { text: String::new(), cursor: 0, killed: String::new() }
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns before which byte the cursor is.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text by one that was in a buffer of this length before, and
    /// moves the cursor behind it.
    pub(crate) fn replace(&mut self, text: &str) {
        self.text.clear();
        self.text.push_str(text).expect("it fitted before");
        self.cursor = text.len();
    }

    /// Moves the cursor before the byte `cursor`, or before the character that has it.
    pub(crate) fn set_cursor(&mut self, cursor: usize) {
        self.cursor = self.text.floor_char_boundary(cursor);
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, place: Place) {
        self.cursor = self.index(place);
    }

    /// Inserts text at the cursor, which moves behind it.
    ///
    /// # Errors
    /// [`Full`] if it doesn't fit as a whole.
    pub(crate) fn insert(&mut self, text: &str) -> Result<(), Full> {
        self.text.insert_str(self.cursor, text).map_err(|_| Full)?;
        self.cursor += text.len();
        Ok(())
    }

    /// Inserts the text that was killed last.
    ///
    /// # Errors
    /// [`Full`] if it doesn't fit as a whole.
    pub(crate) fn yank(&mut self) -> Result<(), Full> {
        self.text.insert_str(self.cursor, &self.killed).map_err(|_| Full)?;
        self.cursor += self.killed.len();
        Ok(())
    }

    /// Deletes from the cursor to `place`.
    pub(crate) fn delete(&mut self, place: Place) {
        let range = self.range(place);
        self.cursor = range.start;
        self.text.drain(range);
    }

    /// Deletes from the cursor to `place`, and keeps the text for [`yank`]; tells
    /// whether there was any. If not, nothing changes.
    ///
    /// [`yank`]: Self::yank
    pub(crate) fn kill(&mut self, place: Place, kill: Kill) -> bool {
        let range = self.range(place);
        if range.is_empty() {
            return false;
        }
        if kill == Kill::Fresh {
            self.killed.clear();
        }
        let end = if range.start < self.cursor { 0 } else { self.killed.len() };
        self.killed
            .insert_str(end, &self.text[range])
            .expect("kills without text in between take no more than a line");
        self.delete(place);
        true
    }

    /// Exchanges the characters around the cursor and moves on, or the last two at
    /// the end; does nothing where there are none.
    pub(crate) fn transpose(&mut self) {
        let is_at_end = self.cursor == self.text.len();
        let right = if is_at_end { self.index(Place::Left) } else { self.cursor };
        if right == 0 {
            return;
        }
        let c = self.text.remove(right);
        self.cursor = right;
        self.go(Place::Left);
        self.insert(c.encode_utf8(&mut [0; 4])).expect("it has just been taken out");
        self.go(Place::Right);
    }

    /// Returns the bytes between the cursor and `place`.
    fn range(&self, place: Place) -> Range<usize> {
        let index = self.index(place);
        self.cursor.min(index)..self.cursor.max(index)
    }

    /// Returns the byte before which `place` is.
    fn index(&self, place: Place) -> usize {
        let (before, behind) = self.text.split_at(self.cursor);
        match place {
            Place::Left => self.cursor - before.chars().next_back().map_or(0, char::len_utf8),
            Place::Right => self.cursor + behind.chars().next().map_or(0, char::len_utf8),
            Place::WordLeft => {
                before.trim_end_matches(is_no_word).trim_end_matches(char::is_alphanumeric).len()
            }
            Place::WordRight => {
                let rest = behind.trim_start_matches(is_no_word);
                self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len()
            }
            Place::BlankLeft => before.trim_end().trim_end_matches(is_no_blank).len(),
            Place::Start => 0,
            Place::End => self.text.len(),
        }
    }
}

fn is_no_word(c: char) -> bool {
    !c.is_alphanumeric()
}

fn is_no_blank(c: char) -> bool {
    !c.is_whitespace()
}
