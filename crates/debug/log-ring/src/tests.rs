use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;

use crate::LogRing;

fn lines<const BYTES: usize>(ring: &LogRing<BYTES>) -> Vec<(u8, String)> {
    let mut lines = Vec::new();
    ring.for_each::<64>(|level, line| lines.push((level, line.to_string())));
    lines
}

#[test]
fn lines_come_back_with_their_levels() {
    let ring = LogRing::<100>::new();
    assert_eq!(lines(&ring), []);
    ring.push(3, "one\n");
    ring.push(0, "");
    ring.push(15, "zwölf");
    let expected = [(3, "one"), (0, ""), (15, "zw?lf")];
    assert_eq!(lines(&ring), expected.map(|(level, line)| (level, line.to_string())));
}

#[test]
fn oldest_line_is_dropped_as_a_whole() {
    let ring = LogRing::<10>::new();
    ring.push(1, "abcd");
    ring.push(2, "efgh");
    assert_eq!(lines(&ring).len(), 2);
    ring.push(3, "");
    assert_eq!(lines(&ring), [(2, "efgh".to_string()), (3, String::new())]);
}

#[test]
fn long_lines_are_cut() {
    let ring = LogRing::<8>::new();
    ring.push(1, "0123456789");
    assert_eq!(lines(&ring), [(1, "0123456".to_string())]);
    let ring = LogRing::<200>::new();
    ring.push(1, &"x".repeat(100));
    assert_eq!(lines(&ring), [(1, "x".repeat(64))]);
}

#[test]
fn writers_side_by_side_lose_no_line() {
    let ring = LogRing::<100_000>::new();
    std::thread::scope(|scope| {
        for writer in 0..4_u8 {
            let ring = &ring;
            scope.spawn(move || {
                for _ in 0..500 {
                    ring.push(writer, &"abcdefgh"[..usize::from(writer) + 1]);
                }
            });
        }
    });
    for writer in 0..4_u8 {
        let line = &"abcdefgh"[..usize::from(writer) + 1];
        let found =
            lines(&ring).iter().filter(|(level, it)| (*level, &**it) == (writer, line)).count();
        assert_eq!(found, 500);
    }
}

proptest! {
    #[test]
    fn newest_lines_are_kept(pushed in prop::collection::vec((0..=15_u8, "[ -~]{0,20}"), 0..40)) {
        let ring = LogRing::<64>::new();
        for (level, line) in &pushed {
            ring.push(*level, line);
        }
        // The newest lines that fit, each with its start byte.
        let mut room = 64_usize;
        let mut kept = Vec::new();
        for (level, line) in pushed.iter().rev() {
            let Some(rest) = room.checked_sub(line.len() + 1) else { break };
            room = rest;
            kept.insert(0, (*level, line.clone()));
        }
        prop_assert_eq!(lines(&ring), kept);
    }
}

#[test]
fn lines_of_a_range_are_those_that_were_written_in_between() {
    let ring = LogRing::<64>::new();
    ring.push(1, "first");
    let start = ring.end();
    ring.push(2, "second");
    let end = ring.end();
    ring.push(3, "third");
    let lines = |range| {
        let mut lines = Vec::new();
        ring.for_each_within::<64>(range, |_, level, line| lines.push((level, line.to_string())));
        lines
    };
    assert_eq!(lines(start..end), [(2, "second".to_string())]);
    assert_eq!(lines(end..end), []);
    assert_eq!(lines(0..ring.end()).len(), 3);
}
