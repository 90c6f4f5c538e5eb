use super::*;
use crate::arch::ports::{CRTC_DATA, CRTC_INDEX};
use crate::drivers::video::vga_text::{COLUMNS, ROWS};

#[test_case]
fn what_is_printed_is_shown_though_nobody_waits_for_keys() {
    show();
    write("x");
    let is_stale = || with_screen(|screen| screen.is_stale).expect("there is a screen");
    let end_us = clock::now_us() + 2_000_000;
    while is_stale() && clock::now_us() < end_us {}
    assert!(!is_stale());
}

#[test_case]
fn cursor_is_hidden_where_it_is_scrolled_away() {
    let cursor = || {
        // The high and the low byte of the cursor's position.
        let [high, low] = [0x0E, 0x0F].map(|register| {
            CRTC_INDEX.write(register);
            CRTC_DATA.read()
        });
        usize::from(u16::from_be_bytes([high, low]))
    };
    for _ in 0..2 * ROWS {
        write("a row that isn't empty\n");
    }
    show();
    assert_eq!(cursor(), (ROWS - 1) * COLUMNS);
    scroll(Scroll::Up);
    assert!(cursor() >= ROWS * COLUMNS);
    scroll(Scroll::Down);
    assert_eq!(cursor(), (ROWS - 1) * COLUMNS);
}
