//! The text of a line, with a cursor.

use core::ops::Range;

use heapless::String;

/// There is no room for more text; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A movement of the cursor: its destination in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// One character to the left, if there is one.
    Left,
    /// One character to the right, if there is one.
    Right,
    /// The start of the word of letters and digits at the cursor or before it.
    WordLeft,
    /// The end of the word of letters and digits at the cursor or after it.
    WordRight,
    /// The start of the word between blanks at the cursor or before it.
    BlankLeft,
    /// The start of the text.
    Start,
    /// The end of the text.
    End,
}

/// The effect of a kill on the text of earlier kills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kill {
    /// The killed text replaces the earlier text.
    Fresh,
    /// The killed text is added to the earlier text, because the previous key killed text,
    /// too.
    Joined,
}

/// The text of a line of at most `LEN` bytes, its cursor, and the text that was killed
/// last.
pub(crate) struct Buffer<const LEN: usize> {
    text: String<LEN>,
    /// The index of the byte after the cursor; always at a character's start, or the
    /// length.
    cursor: usize,
    killed: String<LEN>,
}

impl<const LEN: usize> Buffer<LEN> {
    /// Returns an empty buffer.
    pub(crate) const fn new() -> Self {
        Self { text: String::new(), cursor: 0, killed: String::new() }
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the index of the byte after the cursor.
    pub(crate) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text, and moves the cursor to its end. `text` has been in a buffer of
    /// this length before.
    pub(crate) fn replace(&mut self, text: &str) {
        self.text.clear();
        self.text.push_str(text).expect("it fitted before");
        self.cursor = text.len();
    }

    /// Moves the cursor before the byte `cursor`, or before the character that contains it.
    pub(crate) fn set_cursor(&mut self, cursor: usize) {
        self.cursor = self.text.floor_char_boundary(cursor);
    }

    /// Moves the cursor.
    pub(crate) fn go(&mut self, motion: Motion) {
        self.cursor = self.index(motion);
    }

    /// Inserts text at the cursor, and moves the cursor after it.
    ///
    /// # Errors
    /// [`Full`] if not all of it fits.
    pub(crate) fn insert(&mut self, text: &str) -> Result<(), Full> {
        self.text.insert_str(self.cursor, text).map_err(|_| Full)?;
        self.cursor += text.len();
        Ok(())
    }

    /// Inserts the text that was killed last.
    ///
    /// # Errors
    /// [`Full`] if not all of it fits.
    pub(crate) fn yank(&mut self) -> Result<(), Full> {
        self.text.insert_str(self.cursor, &self.killed).map_err(|_| Full)?;
        self.cursor += self.killed.len();
        Ok(())
    }

    /// Deletes from the cursor to `motion`'s destination.
    pub(crate) fn delete(&mut self, motion: Motion) {
        let range = self.range(motion);
        self.cursor = range.start;
        self.text.drain(range);
    }

    /// Deletes from the cursor to `motion`'s destination, and keeps the text for [`yank`].
    /// Returns whether there was any text to delete.
    ///
    /// [`yank`]: Self::yank
    pub(crate) fn kill(&mut self, motion: Motion, kill: Kill) -> bool {
        let range = self.range(motion);
        if range.is_empty() {
            return false;
        }
        if kill == Kill::Fresh {
            self.killed.clear();
        }
        let end = if range.start < self.cursor { 0 } else { self.killed.len() };
        self.killed
            .insert_str(end, &self.text[range])
            .expect("consecutive kills are parts of one line");
        self.delete(motion);
        true
    }

    /// Exchanges the characters before and after the cursor and moves the cursor to the
    /// right; at the end, exchanges the last two. Does nothing if there are no two
    /// characters.
    pub(crate) fn transpose(&mut self) {
        let is_at_end = self.cursor == self.text.len();
        let right = if is_at_end { self.index(Motion::Left) } else { self.cursor };
        if right == 0 {
            return;
        }
        let c = self.text.remove(right);
        self.cursor = right;
        self.go(Motion::Left);
        self.insert(c.encode_utf8(&mut [0; 4])).expect("it was removed just now");
        self.go(Motion::Right);
    }

    /// Returns the bytes between the cursor and `motion`'s destination.
    fn range(&self, motion: Motion) -> Range<usize> {
        let index = self.index(motion);
        self.cursor.min(index)..self.cursor.max(index)
    }

    /// Returns the index of the byte after `motion`'s destination.
    fn index(&self, motion: Motion) -> usize {
        let (before, after) = self.text.split_at(self.cursor);
        match motion {
            Motion::Left => self.cursor - before.chars().next_back().map_or(0, char::len_utf8),
            Motion::Right => self.cursor + after.chars().next().map_or(0, char::len_utf8),
            Motion::WordLeft => {
                before.trim_end_matches(is_no_word).trim_end_matches(char::is_alphanumeric).len()
            }
            Motion::WordRight => {
                let rest = after.trim_start_matches(is_no_word);
                self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len()
            }
            Motion::BlankLeft => before.trim_end().trim_end_matches(is_no_blank).len(),
            Motion::Start => 0,
            Motion::End => self.text.len(),
        }
    }
}

fn is_no_word(c: char) -> bool {
    !c.is_alphanumeric()
}

fn is_no_blank(c: char) -> bool {
    !c.is_whitespace()
}
