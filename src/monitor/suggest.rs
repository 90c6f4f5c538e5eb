//! Suggestions for words that were mistyped.

use heapless::String;

use super::command::{Command, Commands};

/// The longest word that is compared, in bytes.
const WORD_MAX_BYTES: usize = 24;
/// The number of changes from which on words aren't similar.
const DISTANCE_MAX: usize = 3;
/// The smallest number of bytes with which the start of a word suggests that word.
const BEGINNING_MIN_BYTES: usize = 3;

/// Names of the commands in other systems and shells.
const OTHER_NAMES: [(&str, &str); 15] = [
    ("df", "mounts"),
    ("dir", "ls"),
    ("dmesg", "log"),
    ("exit", "poweroff"),
    ("free", "mem"),
    ("halt", "poweroff"),
    ("logout", "poweroff"),
    ("lsmod", "modules"),
    ("quit", "poweroff"),
    ("regs", "cr"),
    ("restart", "reboot"),
    ("rmdir", "rm"),
    ("shutdown", "poweroff"),
    ("touch", "write"),
    ("uptime", "time"),
];

/// A suggested word.
pub(super) type Suggestion = String<WORD_MAX_BYTES>;

/// Returns the name of a command that is similar to `name`.
pub(super) fn command(commands: Commands, name: &str) -> Option<Suggestion> {
    let other = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    match other {
        Some((_, command)) => Suggestion::try_from(*command).ok(),
        None => nearest(name, |found| commands.names(found)),
    }
}

/// Returns a word that is similar to `word` and may follow `command`'s name.
pub(super) fn argument(commands: Commands, command: &Command, word: &str) -> Option<Suggestion> {
    nearest(word, |found| (command.words)(commands, found))
}

/// Returns the most similar word among those that `words` yields: the shortest one that starts with
/// `word`; otherwise the one with the fewest changes, if at least half of `word` is unchanged.
fn nearest(word: &str, words: impl FnOnce(&mut dyn FnMut(&str))) -> Option<Suggestion> {
    if word.len() > WORD_MAX_BYTES {
        return None;
    }
    let mut best: Option<(usize, Suggestion)> = None;
    let key =
        |distance: usize, known: &str| (distance, if distance == 0 { known.len() } else { 0 });
    words(&mut |known| {
        let Ok(suggestion) = Suggestion::try_from(known) else {
            return;
        };
        let is_beginning = word.len() >= BEGINNING_MIN_BYTES && known.starts_with(word);
        let distance = if is_beginning { 0 } else { distance(word, known) };
        let is_better =
            |(least, kept): &(usize, Suggestion)| key(distance, known) < key(*least, kept);
        if best.as_ref().is_none_or(is_better) {
            best = Some((distance, suggestion));
        }
    });
    let (distance, suggestion) = best?;
    (distance < DISTANCE_MAX && 2 * distance <= word.len()).then_some(suggestion)
}

/// Returns the number of changes that turn one word into the other: a byte is inserted, removed,
/// replaced, or exchanged with the next one (optimal string alignment distance).
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    // Row i + 1 of the table is for the first i bytes of `from`.
    let mut rows = [[0; WORD_MAX_BYTES + 1]; 3];
    rows[2] = core::array::from_fn(|index| index);
    for i in 0..from.len() {
        rows.rotate_left(1);
        let [before_last, last, row] = &mut rows;
        row[0] = i + 1;
        for j in 0..to.len() {
            let change = last[j] + usize::from(from[i] != to[j]);
            row[j + 1] = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
    }
    rows[2][to.len()]
}

#[cfg(test)]
mod tests;
