//! Scrolling moves rows' indices, not cells: the cells of a row stay in place in memory.

use std::vec::Vec;

use super::{FILLED, ROWS, bytes, terminal};

#[test]
fn scrolling_leaves_cells_in_their_memory() {
    // For each row, its number before the input. Rows that were pushed out are reused as
    // erased rows.
    for (what, input, origin) in [
        ("LF", "^[[4H^J", &[1, 2, 3][..]),
        ("SU", "^[[2S", &[2, 3]),
        ("RI", "^[M", &[3, 0, 1, 2]),
        ("SD", "^[[2T", &[2, 3, 0, 1]),
        ("LF, region", "^[[2;3r^[[3H^J", &[0, 2, 1, 3]),
        ("RI, region", "^[[2;4r^[[2H^[M", &[0, 3, 1, 2]),
        ("IL", "^[[2H^[[L", &[0, 3, 1, 2]),
        ("DL", "^[[2H^[[2M", &[0, 3, 1, 2]),
        ("wrap", "^[[4;6Hxy", &[1, 2, 3]),
        ("second screen and back", "^[[?1049hx^[[?1049l", &[0, 1, 2, 3]),
    ] {
        let mut terminal = terminal(FILLED);
        let before: Vec<_> = (0..ROWS).map(|row| terminal.row(row).as_ptr()).collect();
        terminal.write(&bytes(input));
        for (row, &origin) in origin.iter().enumerate() {
            assert_eq!(terminal.row(row).as_ptr(), before[origin], "{what}: row {row}");
        }
    }
}

#[test]
fn lines_that_leave_the_screen_stay_in_their_memory() {
    let mut terminal = terminal(FILLED);
    let top = terminal.row(0).as_ptr();
    for back in 1..=3 {
        terminal.write(b"\x1b[4H\n");
        terminal.scroll_view(back);
        assert_eq!(terminal.row(0).as_ptr(), top, "{back} back");
    }
}
