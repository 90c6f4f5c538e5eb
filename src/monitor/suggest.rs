//! The command that was probably meant.

use super::command::Commands;

/// The longest name that is compared, in bytes.
const NAME_MAX_BYTES: usize = 16;
/// From this many changes on, two names have nothing to do with each other.
const DISTANCE_MAX: usize = 3;

/// Returns the name of the command nearest to `name`, if one is near: at least half of
/// `name` is right.
pub(super) fn nearest(commands: Commands, name: &str) -> Option<&'static str> {
    if name.len() > NAME_MAX_BYTES {
        return None;
    }
    let distances = commands.0.iter().map(|command| (distance(name, command.name), command.name));
    let (distance, nearest) = distances.min_by_key(|&(distance, _)| distance)?;
    (distance < DISTANCE_MAX && 2 * distance <= name.len()).then_some(nearest)
}

/// Returns how many bytes have to be put in, left out, changed or exchanged with the
/// next to make one name of the other (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    // Row i + 1 of the table is for the first i bytes of `from`.
    let mut rows = [[0; NAME_MAX_BYTES + 1]; 3];
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
mod tests {
    use super::*;
    use crate::monitor::commands::COMMANDS;

    #[test_case]
    fn distances_count_changes() {
        let cases = [("", "", 0), ("a", "", 1), ("", "abc", 3), ("help", "hlep", 1)];
        let further = [("maps", "map", 1), ("tikcs", "ticks", 1), ("abc", "xyz", 3)];
        for (from, to, expected) in cases.into_iter().chain(further) {
            assert_eq!(distance(from, to), expected, "{from} {to}");
            assert_eq!(distance(to, from), expected, "{to} {from}");
        }
    }

    #[test_case]
    fn nearest_command_is_found_or_none() {
        assert_eq!(nearest(COMMANDS, "hlep"), Some("help"));
        assert_eq!(nearest(COMMANDS, "backtrase"), Some("backtrace"));
        assert_eq!(nearest(COMMANDS, "zzzzzz"), None);
        assert_eq!(nearest(COMMANDS, "x"), None);
        assert_eq!(nearest(COMMANDS, "foo"), None, "log has only one letter of it");
        assert_eq!(nearest(COMMANDS, "a-name-that-is-far-too-long-for-anything"), None);
    }
}
