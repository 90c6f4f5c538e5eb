use proptest::prelude::*;

use super::*;
use crate::Lights;

fn decoder() -> Decoder {
    Decoder::new(ScanCodeSet::One)
}

#[test]
fn both_sets_make_the_same_keys() {
    // Shift, h, Shift up, i, E0-Left, F7, AltGr-e.
    let one = [0x2A, 0x23, 0xA3, 0xAA, 0x17, 0x97, 0xE0, 0x4B, 0xE0, 0xCB, 0x41, 0xE0, 0x38, 0x12];
    let two = [
        0x12, 0x33, 0xF0, 0x33, 0xF0, 0x12, 0x43, 0xF0, 0x43, 0xE0, 0x6B, 0xE0, 0xF0, 0x6B, 0x83,
        0xE0, 0x11, 0x24,
    ];
    let expected = [Key::Char('H'), Key::Char('i'), Key::Left, Key::Function(7), Key::Char('€')];
    assert_eq!(typed(Layout::De, &one), expected);
    assert_eq!(keys(Layout::De, &mut Decoder::new(ScanCodeSet::Two), &two), expected);
}

#[test]
fn answers_to_commands_are_no_keys() {
    for set in [ScanCodeSet::One, ScanCodeSet::Two] {
        let mut decoder = Decoder::new(set);
        assert_eq!(events(&mut decoder, &[0xFA, 0xFE, 0xEE, 0x00, 0xFF]), []);
        assert_eq!(decoder.lights(), Lights::NUM_LOCK);
    }
    // Also between the bytes of a key.
    assert_eq!(typed(Layout::Us, &[0xE0, 0xFA, 0x48]), [Key::Up]);
}

#[test]
fn plugging_in_is_distinguished_from_left_shift() {
    let mut one = decoder();
    assert_eq!(
        keys(Layout::Us, &mut one, &[SHIFT, 0x1E, 0xAA, 0x1E]),
        [Key::Char('A'), Key::Char('a')]
    );
    assert_eq!(events(&mut one, &[0xAA]), [Event::PluggedIn]);
    let mut two = Decoder::new(ScanCodeSet::Two);
    assert_eq!(events(&mut two, &[0xAA]), [Event::PluggedIn]);
}

#[test]
fn plugging_in_clears_the_modifiers() {
    let mut decoder = decoder();
    events(&mut decoder, &[CAPS_LOCK, CAPS_LOCK | RELEASE, CTRL, ALT, 0xAA]);
    assert_eq!(keys(Layout::Us, &mut decoder, &[0x1E]), [Key::Char('A')]);
}

#[test]
fn locks_do_not_turn_while_they_repeat() {
    let mut decoder = decoder();
    for (code, light) in [
        (CAPS_LOCK, Lights::CAPS_LOCK),
        (NUM_LOCK, Lights::NUM_LOCK),
        (SCROLL_LOCK, Lights::SCROLL_LOCK),
    ] {
        let before = decoder.lights();
        assert_eq!(events(&mut decoder, &[code, code, code, code]), []);
        assert_eq!(decoder.lights(), before ^ light);
        assert_eq!(events(&mut decoder, &[code | RELEASE, code]), []);
        assert_eq!(decoder.lights(), before);
        events(&mut decoder, &[code | RELEASE]);
    }
}

#[test]
fn pause_does_not_turn_num_lock() {
    let mut one = decoder();
    assert_eq!(events(&mut one, &[0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5]).len(), 1);
    let mut two = Decoder::new(ScanCodeSet::Two);
    assert_eq!(events(&mut two, &[0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77]).len(), 1);
    for (mut decoder, space) in [(one, 0x39), (two, 0x29)] {
        assert_eq!(decoder.lights(), Lights::NUM_LOCK);
        // Ctrl isn't held afterwards.
        assert_eq!(keys(Layout::Us, &mut decoder, &[space]), [Key::Char(' ')]);
    }
}

#[test]
fn keys_repeat() {
    assert_eq!(typed(Layout::Us, &[0x1E, 0x1E, 0x1E, 0x9E]), [Key::Char('a'); 3]);
}

#[test]
fn presses_have_the_modifiers_of_their_time() {
    let mut decoder = decoder();
    let held = events(&mut decoder, &[SHIFT, 0x1E, 0xAA]);
    let [Event::Press(press)] = &held[..] else { panic!("one key") };
    assert_eq!(Layout::Us.key(press), Some(Key::Char('A')));
}

#[test]
fn ctrl_alt_delete_is_reported_for_all_keys_that_make_it() {
    for ctrl in [&[CTRL][..], &[EXTENDED, CTRL]] {
        for alt in [&[ALT][..], &[EXTENDED, ALT]] {
            for delete in [&[EXTENDED, 0x53][..], &[0x53]] {
                let bytes = [ctrl, alt, delete].concat();
                assert_eq!(events(&mut decoder(), &bytes), [Event::ControlAltDelete]);
                let others = [alt, ctrl, delete].concat();
                assert_eq!(events(&mut decoder(), &others), [Event::ControlAltDelete]);
            }
        }
    }
    let let_go = [CTRL, ALT, CTRL | RELEASE, EXTENDED, 0x53];
    assert!(!events(&mut decoder(), &let_go).contains(&Event::ControlAltDelete));
}

#[test]
fn ctrl_alt_escape_is_reported_and_escape_alone_is_a_key() {
    for alt in [&[ALT][..], &[EXTENDED, ALT]] {
        let bytes = [&[CTRL], alt, &[0x01]].concat();
        assert_eq!(events(&mut decoder(), &bytes), [Event::ControlAltEscape]);
    }
    for held in [CTRL, ALT] {
        assert!(matches!(events(&mut decoder(), &[held, 0x01])[..], [Event::Press(_)]));
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        for set in [ScanCodeSet::One, ScanCodeSet::Two] {
            let mut decoder = Decoder::new(set);
            for layout in Layout::ALL {
                for key in keys(layout, &mut decoder, &bytes) {
                    if let Key::Char(c) = key {
                        prop_assert!(!c.is_control());
                    }
                }
            }
        }
    }

    #[test]
    fn no_modifier_is_held_after_all_keys_are_released(bytes in prop::collection::vec(1_u8..0x59, 0..100)) {
        let mut decoder = decoder();
        events(&mut decoder, &bytes);
        // The release codes of all keys, with and without the prefix.
        for code in 1..0x59 {
            events(&mut decoder, &[code | RELEASE, EXTENDED, code | RELEASE]);
        }
        let is_locked = decoder.lights().contains(Lights::CAPS_LOCK);
        let letter = if is_locked { 'A' } else { 'a' };
        prop_assert_eq!(keys(Layout::De, &mut decoder, &[0x1E]), [Key::Char(letter)]);
    }
}
