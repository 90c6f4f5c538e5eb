//! The view of rows that scrolled off the screen.

use super::{bytes, screen, terminal};

/// Six lines for a screen of four rows.
const SIX: &str = "a^M^Jb^M^Jc^M^Jd^M^Je^M^Jf";

#[test]
fn the_view_moves_as_far_as_there_are_lines() {
    let mut terminal = terminal(SIX);
    assert_eq!((screen(&terminal), terminal.cursor()), ("c|d|e|f".into(), Some((3, 1))));
    for (lines, shown, cursor) in [
        (-1, "c|d|e|f", Some((3, 1))),
        (1, "b|c|d|e", None),
        (1, "a|b|c|d", None),
        (1, "a|b|c|d", None),
        (-1, "b|c|d|e", None),
        (isize::MAX, "a|b|c|d", None),
        (isize::MIN, "c|d|e|f", Some((3, 1))),
    ] {
        terminal.scroll_view(lines);
        assert_eq!((screen(&terminal), terminal.cursor()), (shown.into(), cursor), "{lines}");
    }
    terminal.write(b"\x1b[A");
    terminal.scroll_view(1);
    assert_eq!(terminal.cursor(), Some((3, 1)), "the cursor is a row further down");
}

#[test]
fn output_brings_the_view_back() {
    let mut terminal = terminal(SIX);
    terminal.scroll_view(2);
    terminal.write(b"");
    assert_eq!(screen(&terminal), "a|b|c|d");
    terminal.write(b"x");
    assert_eq!(screen(&terminal), "c|d|e|fx");
}

#[test]
fn lines_are_kept_when_they_leave_the_primary_screen_at_its_top() {
    // The terminal keeps three rows.
    for (what, input, shown) in [
        ("LF", "", "a|b|c|d"),
        ("more than are kept", "^M^Jg^M^Jh", "b|c|d|e"),
        ("wrap", "^[[4;6Hxy", "a|b|c|d"),
        ("IND", "^[D", "a|b|c|d"),
        ("NEL", "^[E", "a|b|c|d"),
        ("SU", "^[[S", "a|b|c|d"),
        ("SU by two", "^[[2S", "b|c|d|e"),
        ("SU by all", "^[[9S", "d|e|f"),
        ("ED 2", "^[[2J", "a|b"),
        ("ED 3", "^[[3J", "c|d|e|f"),
        ("ED 3, SU by two", "^[[3J^[[2S", "c|d|e|f"),
        ("ED 3, LF", "^[[3J^J", "c|d|e|f"),
        ("SD", "^[[T", "a|b||c"),
        ("DL at the top", "^[[H^[[M", "a|b|d|e"),
        ("region at the top", "^[[1;3r^[[3H^J", "a|b|d|e"),
        ("region elsewhere", "^[[2;4r^[[4H^J", "a|b|c|e"),
        ("the second screen", "^[[?1049h^J^J^J^J^J^[[?1049l", "a|b|c|d"),
        ("DECSTR", "^[[!p", "a|b|c|d"),
        ("RIS", "^[c", "a|b"),
    ] {
        let mut terminal = terminal(SIX);
        terminal.write(&bytes(input));
        terminal.scroll_view(99);
        assert_eq!(screen(&terminal), shown, "{what}");
    }
}

#[test]
fn the_second_screen_keeps_no_lines() {
    let mut terminal = terminal(SIX);
    terminal.write(&bytes("^[[?47h^[[H1^M^J2^M^J3^M^J4^M^J5"));
    terminal.scroll_view(9);
    assert_eq!(screen(&terminal), "2|3|4|5");
}

#[test]
fn no_lines_may_be_kept_at_all() {
    let mut terminal = crate::Terminal::try_new(2, 3, 0).unwrap();
    terminal.write(b"a\r\nb\r\nc");
    terminal.scroll_view(1);
    assert_eq!(screen(&terminal), "b|c");
}
