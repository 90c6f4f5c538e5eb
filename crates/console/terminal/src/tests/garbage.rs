//! Input without meaning, and large amounts of input.

use std::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::Terminal;

/// A megabyte.
const LEN: usize = 1 << 20;

/// Writes all bytes at once; afterwards the cursor must be on the screen.
fn write(bytes: &[u8]) {
    let mut terminal = Terminal::try_new(25, 80, 100).expect("there is memory");
    terminal.write(bytes);
    terminal.write(b"\x18\x1b[?25h");
    let (row, column) = terminal.cursor().expect("it isn't hidden");
    assert!(row < 25 && column < 80);
}

/// Repeats `piece` up to a megabyte.
fn repeated(piece: &[u8]) -> Vec<u8> {
    piece.iter().copied().cycle().take(LEN).collect()
}

/// Returns the CPU time of the running thread in seconds, which doesn't depend on the
/// host's load; 0 if the host isn't Linux.
fn computed_s() -> u64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns = statistics.split(' ').next().and_then(|word| word.parse::<u64>().ok());
    ns.unwrap_or(0) / 1_000_000_000
}

#[test]
fn a_megabyte_takes_no_more_than_a_moment() {
    // This takes half a second on a slow host; a quadratic algorithm takes a minute.
    let start_s = computed_s();
    for piece in [
        &b"x"[..],
        b"\n",
        b"\x1b[2;24r\n\n\n\n\n\n\n\n\n\n",
        b"\xFF",
        b"\xE2",
        b"\x80",
        b"\xE2\x82",
        b"\x1b",
        b"\x1b[",
        b"\x1b[9",
        b"\x1b[1;",
        b"\x1b[1:",
        b"\x1b]",
        b"\x1bP",
        b"\x1b[65535b",
        b"a\x1b[65535b",
        b"\x1b[65535S\x1b[65535T\x1b[65535L\x1b[65535M",
        b"\x1b[65535@\x1b[65535P\x1b[65535X\x1b[65535I\x1b[65535Z",
        b"\x1b[4h\x1b[Hx",
        b"\x1b[6n",
    ] {
        write(&repeated(piece));
    }
    let taken_s = computed_s() - start_s;
    assert!(taken_s < 10, "{taken_s} s");
}

#[test]
fn a_long_line_wraps() {
    let mut terminal = Terminal::try_new(25, 80, 100).expect("there is memory");
    terminal.write(&[b'x'; 10_000]);
    assert_eq!(terminal.cursor(), Some((24, 79)));
    terminal.scroll_view(isize::MAX);
    assert!((0..25).all(|row| terminal.row(row).iter().all(|cell| cell.character == 'x')));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_cursor_stays_on_the_screen(
        (rows, columns) in (1..=30_usize, 1..=30_usize),
        pieces in vec(vec(prop_oneof![
            2 => any::<u8>(),
            2 => b'0'..=b';',
            2 => 0x40_u8..0x7F,
            1 => Just(0x1B),
            1 => Just(b'['),
        ], 0..200), 0..20),
        lines in -40..40_isize,
    ) {
        let mut terminal = Terminal::try_new(rows, columns, 10).expect("there is memory");
        for piece in pieces {
            terminal.write(&piece);
            terminal.scroll_view(lines);
            prop_assert!((0..rows).all(|row| terminal.row(row).len() == columns));
            terminal.scroll_view(isize::MIN);
            terminal.write(b"\x1b[?25h");
            if let Some((row, column)) = terminal.cursor() {
                prop_assert!(row < rows && column < columns);
            }
        }
    }
}
