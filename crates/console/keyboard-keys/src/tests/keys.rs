use super::*;

#[test]
fn keys_have_the_same_meaning_in_every_layout() {
    let meanings: [(&[u8], Key); 31] = [
        (&[0x1C], Key::Enter),
        (&[EXTENDED, 0x1C], Key::Enter),
        (&[0x0F], Key::Tab),
        (&[0x01], Key::Escape),
        (&[0x0E], Key::Backspace),
        (&[ALT, 0x0E], Key::DeleteWordLeft),
        (&[CTRL, 0x0E], Key::DeleteWordLeft),
        (&[EXTENDED, 0x53], Key::Delete),
        (&[CTRL, EXTENDED, 0x53], Key::DeleteWordRight),
        (&[EXTENDED, 0x47], Key::Home),
        (&[EXTENDED, 0x4F], Key::End),
        (&[EXTENDED, 0x48], Key::Up),
        (&[EXTENDED, 0x50], Key::Down),
        (&[EXTENDED, 0x4B], Key::Left),
        (&[EXTENDED, 0x4D], Key::Right),
        (&[CTRL, EXTENDED, 0x4B], Key::WordLeft),
        (&[EXTENDED, CTRL, EXTENDED, 0x4D], Key::WordRight),
        (&[ALT, EXTENDED, 0x4B], Key::WordLeft),
        (&[ALT, EXTENDED, 0x4D], Key::WordRight),
        (&[EXTENDED, 0x49], Key::PageUp),
        (&[EXTENDED, 0x51], Key::PageDown),
        (&[SHIFT, EXTENDED, 0x49], Key::ScrollUp),
        (&[RIGHT_SHIFT, EXTENDED, 0x51], Key::ScrollDown),
        (&[0x3B], Key::Function(1)),
        (&[0x44], Key::Function(10)),
        (&[0x57], Key::Function(11)),
        (&[0x58], Key::Function(12)),
        (&[ALT, 0x30], Key::WordLeft),
        (&[ALT, 0x21], Key::WordRight),
        (&[ALT, SHIFT, 0x20], Key::DeleteWordRight),
        (&[CTRL, 0x2E], Key::Ctrl('c')),
    ];
    for layout in Layout::ALL {
        for (bytes, key) in meanings {
            assert_eq!(typed(layout, bytes), [key], "{layout:?} {bytes:x?}");
        }
    }
}

#[test]
fn shift_page_up_is_decoded_with_the_shifts_that_keyboards_add() {
    // With NumLock, a keyboard sends codes that release Shift before the key and press it
    // again after the key.
    let bytes = [SHIFT, EXTENDED, 0xAA, EXTENDED, 0x49, EXTENDED, 0xC9, EXTENDED, 0x2A, 0x1E];
    assert_eq!(typed(Layout::Us, &bytes), [Key::ScrollUp, Key::Char('A')]);
}

#[test]
fn ctrl_uses_the_character_of_the_layout() {
    // The keys that are Q, W and Z on a US keyboard.
    let bytes = [CTRL, 0x10, 0x11, 0x2C];
    let letters = |letters: [char; 3]| letters.map(Key::Ctrl);
    assert_eq!(typed(Layout::Us, &bytes), letters(['q', 'w', 'z']));
    assert_eq!(typed(Layout::De, &bytes), letters(['q', 'w', 'y']));
    assert_eq!(typed(Layout::Fr, &bytes), letters(['a', 'z', 'w']));
    assert_eq!(typed(Layout::Us, &[CAPS_LOCK, CTRL, 0x10]), [Key::Ctrl('q')]);
    assert_eq!(typed(Layout::Us, &[CTRL, 0x1A]), [Key::Escape]);
    // Umlauts and digits have no control character.
    assert_eq!(typed(Layout::De, &[CTRL, 0x1A, 0x27, 0x02]), []);
}

#[test]
fn right_alt_is_alt_on_us_keyboards_only() {
    let right_alt_b = [EXTENDED, ALT, 0x30];
    assert_eq!(typed(Layout::Us, &right_alt_b), [Key::WordLeft]);
    for layout in [Layout::Uk, Layout::De, Layout::Fr] {
        assert_eq!(typed(layout, &right_alt_b), [Key::Char('b')]);
    }
    let left_alt_q = [ALT, 0x10];
    assert_eq!(typed(Layout::De, &left_alt_q), []);
}

#[test]
fn alt_gr_takes_precedence_over_ctrl() {
    assert_eq!(typed(Layout::De, &[CTRL, EXTENDED, ALT, 0x10]), [Key::Char('@')]);
    assert_eq!(typed(Layout::De, &[CTRL, EXTENDED, ALT, 0x2E]), [Key::Ctrl('c')]);
    assert_eq!(typed(Layout::Us, &[CTRL, EXTENDED, ALT, 0x10]), []);
}

#[test]
fn keypad_has_digits_with_num_lock_and_arrows_without() {
    let keypad = [0x47, 0x48, 0x49, 0x4B, 0x4C, 0x4D, 0x4F, 0x50, 0x51, 0x52, 0x53];
    let digits: Vec<Key> = "7894561230.".chars().map(Key::Char).collect();
    assert_eq!(typed(Layout::Us, &keypad), digits);
    let mut unlocked = Vec::from([NUM_LOCK, NUM_LOCK | RELEASE]);
    unlocked.extend(keypad);
    let keys = [
        Key::Home,
        Key::Up,
        Key::PageUp,
        Key::Left,
        Key::Right,
        Key::End,
        Key::Down,
        Key::PageDown,
        Key::Delete,
    ];
    assert_eq!(typed(Layout::Us, &unlocked), keys);
    // NumLock doesn't change the other keys of the keypad.
    let others = [0x37, 0x4A, 0x4E, EXTENDED, 0x35];
    for layout in Layout::ALL {
        let expected: Vec<Key> = "*-+/".chars().map(Key::Char).collect();
        assert_eq!(typed(layout, &others), expected);
    }
}

#[test]
fn keys_without_a_meaning_are_ignored() {
    // Windows, Menu, Insert, PrintScreen, Pause, ScrollLock, volume up.
    let bytes = [
        EXTENDED,
        0x5B,
        EXTENDED,
        0x5D,
        EXTENDED,
        0x52,
        EXTENDED,
        0x2A,
        EXTENDED,
        0x37,
        0xE1,
        0x1D,
        0x45,
        0xE1,
        0x9D,
        0xC5,
        SCROLL_LOCK,
        EXTENDED,
        0x30,
    ];
    assert_eq!(typed(Layout::Us, &bytes), []);
}
