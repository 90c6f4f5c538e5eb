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
fn word_that_was_meant_is_found_or_none() {
    let meant = |name| command(COMMANDS, name);
    let is = |suggestion: Option<Suggestion>, word| suggestion.as_deref() == Some(word);
    assert!(is(meant("hlep"), "help") && is(meant("backtrase"), "backtrace"));
    assert!(is(meant("exit"), "poweroff") && is(meant("Quit"), "poweroff"));
    assert!(is(meant("back"), "backtrace"));
    assert_eq!(meant("zzzzzz"), None);
    assert_eq!(meant("x"), None);
    assert_eq!(meant("foo"), None, "log has only one letter of it");
    assert_eq!(meant("a-name-that-is-far-too-long-for-anything"), None);
    let fault = COMMANDS.find("fault").expect("there is one");
    assert!(is(argument(COMMANDS, fault, "page"), "page-fault"));
    assert!(is(argument(COMMANDS, fault, "stack-overflw"), "stack-overflow"));
    assert_eq!(argument(COMMANDS, fault, "nonsense"), None);
}
