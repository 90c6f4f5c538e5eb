//! Words that may be meant.

use heapless::String;

use crate::terminal::Terminal;

/// The most words that are listed at a time.
pub const LISTED_MAX: usize = 100;

/// Blanks between two columns of the list.
const GAP_CELLS: usize = 2;

/// Knows the words that may stand in a line.
///
/// `()` knows none.
pub trait Completer {
    /// Gives `found` the words that the word that ends at the byte `cursor` of
    /// `line` may become, whole and in the order in which they are to be listed.
    ///
    /// The word is [`word_before`] the cursor, and may be empty. Only words that
    /// begin with it, have no control characters and are longer than nothing are
    /// used, so all that are known may be given. It is called more than once for a
    /// key.
    fn candidates(&self, line: &str, cursor: usize, found: &mut dyn FnMut(&str));
}

impl Completer for () {
    fn candidates(&self, _line: &str, _cursor: usize, _found: &mut dyn FnMut(&str)) {}
}

/// Returns the word that ends before the byte `cursor` of `line`: what stands
/// behind the last blank there.
///
/// # Panics
/// If `cursor` is behind the line or within a character.
pub fn word_before(line: &str, cursor: usize) -> &str {
    let before = &line[..cursor];
    before.rsplit(char::is_whitespace).next().unwrap_or(before)
}

/// What the words that were found have in common.
pub(crate) struct Candidates<const LEN: usize> {
    count: usize,
    /// What all of them begin with, as far as it fits into a line.
    prefix: String<LEN>,
    longest_bytes: usize,
    longest_cells: usize,
}

impl<const LEN: usize> Candidates<LEN> {
    /// Asks for the words that the one at the cursor may become.
    pub(crate) fn find(completer: &dyn Completer, line: &str, cursor: usize) -> Self {
        let mut candidates =
            Self { count: 0, prefix: String::new(), longest_bytes: 0, longest_cells: 0 };
        for_each(completer, line, cursor, |word| candidates.add(word));
        candidates
    }

    fn add(&mut self, word: &str) {
        if self.count == 0 {
            // Cut where it doesn't fit.
            let _ = word.chars().try_for_each(|c| self.prefix.push(c));
        }
        let mut pairs = self.prefix.char_indices().zip(word.chars());
        let common = pairs.find(|((_, a), b)| a != b).map(|((index, _), _)| index);
        self.prefix.truncate(common.unwrap_or(self.prefix.len().min(word.len())));
        self.count += 1;
        self.longest_bytes = self.longest_bytes.max(word.len());
        self.longest_cells = self.longest_cells.max(word.chars().count());
    }

    /// Tells whether no word was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Tells whether there is a single word, found once or more.
    pub(crate) fn is_unique(&self) -> bool {
        self.count > 0 && self.longest_bytes == self.prefix.len()
    }

    /// Returns what all words begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Writes the words in columns below the row, at most [`LISTED_MAX`], and ends
    /// the last row. `width` is how many cells of a row may be written to.
    pub(crate) fn list(
        &self,
        completer: &dyn Completer,
        line: &str,
        cursor: usize,
        width: usize,
        terminal: &mut Terminal<'_>,
    ) {
        let cells = self.longest_cells.min(width);
        let columns = (width + GAP_CELLS) / (cells + GAP_CELLS);
        let mut index = 0;
        let mut last_cells = 0;
        for_each(completer, line, cursor, |word| {
            if index < LISTED_MAX {
                if index % columns == 0 {
                    terminal.new_line();
                } else {
                    let gap = cells + GAP_CELLS - last_cells;
                    terminal.print(format_args!("{:gap$}", ""));
                }
                word.chars().take(cells).for_each(|c| terminal.put(c));
                last_cells = word.chars().count().min(cells);
            }
            index += 1;
        });
        if index > LISTED_MAX {
            terminal.print(format_args!("\nand {} more", index - LISTED_MAX));
        }
        terminal.new_line();
    }
}

/// Calls `found` with each word that the one at the cursor may become.
fn for_each(completer: &dyn Completer, line: &str, cursor: usize, mut found: impl FnMut(&str)) {
    let typed = word_before(line, cursor);
    completer.candidates(line, cursor, &mut |word| {
        let is_usable = !word.is_empty() && !word.contains(char::is_control);
        if is_usable && word.starts_with(typed) {
            found(word);
        }
    });
}
