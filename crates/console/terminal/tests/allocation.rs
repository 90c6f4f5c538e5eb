//! A terminal allocates all its memory when it is made.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use terminal::Terminal;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Text, and sequences of all kinds.
const INPUT: &[u8] =
    b"text\r\n\t\x1b[3;5H\x1b[1;38;5;9mx\x1b[5b\x1b[2J\x1b[2;3r\n\n\n\x1b[r\x1b[9S\
    \x1b[?1049hx\x1b[?1049l\x1b[4h\xC3\xA9\xFF\x1b7\x1b8\x1bH\x1b[3g\x1b[6n\x1b[c\x1bc\
    \x1b]2;a title that is longer than most\x07\x1bP1$q what is asked for\x1b\\";

/// Returns how often a new terminal allocates for output.
fn allocations_for_output() -> usize {
    let region = Region::new(ALLOCATOR);
    let mut terminal = Terminal::try_new(25, 80, 50).expect("there is memory");
    assert!(region.change().allocations > 0, "they are counted");

    let region = Region::new(ALLOCATOR);
    for _ in 0..100 {
        terminal.write(INPUT);
        terminal.scroll_view(9);
        while terminal.take_reply().is_some() {}
    }
    let change = region.change();
    change.allocations + change.reallocations
}

/// The only test of this file, because the allocations of all threads are counted. The thread
/// that has started the test allocates a few times meanwhile, but not during each of the many
/// outputs.
#[test]
fn output_allocates_nothing() {
    let least = (0..100).map(|_| allocations_for_output()).min();
    assert_eq!(least, Some(0));
}
