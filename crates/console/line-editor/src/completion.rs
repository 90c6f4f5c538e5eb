//! Completion of words.

use heapless::String;

use crate::terminal::Terminal;

/// The most words that are listed at a time.
pub const LISTED_MAX: usize = 100;

/// The number of blanks between two columns of the list.
const GAP_CELLS: usize = 2;

/// Provides the words to which words of a line can be completed.
///
/// `()` provides none.
pub trait Completer {
    /// Calls `found` with each possible completion of the word that ends at the byte
    /// `cursor` of `line`: whole words, in the order in which they are listed.
    ///
    /// The word is [`word_before`] the cursor, and may be empty. Words that don't begin
    /// with it, are empty or have control characters are ignored, so an implementation may
    /// report all its words. It may be called several times for one key.
    fn candidates(&self, line: &str, cursor: usize, found: &mut dyn FnMut(&str));
}

impl Completer for () {
    fn candidates(&self, _line: &str, _cursor: usize, _found: &mut dyn FnMut(&str)) {}
}

/// Returns the word that ends before the byte `cursor` of `line`: the text after the last
/// blank before it.
///
/// # Panics
/// If `cursor` is after the end of the line or within a character.
pub fn word_before(line: &str, cursor: usize) -> &str {
    let before = &line[..cursor];
    before.rsplit(char::is_whitespace).next().unwrap_or(before)
}

/// The number of words that were found, and their common prefix.
pub(crate) struct Candidates<const LEN: usize> {
    count: usize,
    /// The common prefix, as far as it fits into a line.
    prefix: String<LEN>,
    longest_bytes: usize,
    longest_cells: usize,
}

impl<const LEN: usize> Candidates<LEN> {
    /// Finds the possible completions of the word at the cursor.
    pub(crate) fn find(completer: &dyn Completer, line: &str, cursor: usize) -> Self {
        let mut candidates =
            Self { count: 0, prefix: String::new(), longest_bytes: 0, longest_cells: 0 };
        for_each(completer, line, cursor, |word| candidates.add(word));
        candidates
    }

    fn add(&mut self, word: &str) {
        if self.count == 0 {
            // The prefix is truncated to the length of a line.
            let _ = word.chars().try_for_each(|c| self.prefix.push(c));
        }
        let mut pairs = self.prefix.char_indices().zip(word.chars());
        let common = pairs.find(|((_, a), b)| a != b).map(|((index, _), _)| index);
        self.prefix.truncate(common.unwrap_or(self.prefix.len().min(word.len())));
        self.count += 1;
        self.longest_bytes = self.longest_bytes.max(word.len());
        self.longest_cells = self.longest_cells.max(word.chars().count());
    }

    /// Returns whether no word was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns whether only one word was found, once or several times.
    pub(crate) fn is_unique(&self) -> bool {
        self.count > 0 && self.longest_bytes == self.prefix.len()
    }

    /// Returns the common prefix of all words.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Writes the words in columns below the row, at most [`LISTED_MAX`], and ends the last
    /// row. `width` is the number of cells of a row that may be written.
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

/// Calls `found` with each possible completion of the word at the cursor.
fn for_each(completer: &dyn Completer, line: &str, cursor: usize, mut found: impl FnMut(&str)) {
    let typed = word_before(line, cursor);
    completer.candidates(line, cursor, &mut |word| {
        let is_usable = !word.is_empty() && !word.contains(char::is_control);
        if is_usable && word.starts_with(typed) {
            found(word);
        }
    });
}
