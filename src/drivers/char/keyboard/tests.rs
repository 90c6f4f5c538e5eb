//! Keys from bytes that the controller sends back.

use super::*;
use crate::arch::ports::{self, KeyboardCommand};

fn taken(bytes: &[u8]) -> KeyboardState {
    let mut state = KeyboardState::new(ScanCodeSet::One);
    for &byte in bytes {
        assert_eq!(state.take_byte(byte), Request::Nothing);
    }
    state
}

#[test_case]
fn scan_codes_become_keys() {
    // h, Shift down, i, Shift up, 1, Enter, Menu, Backspace; keys up in between.
    let mut state =
        taken(&[0x23, 0xA3, 0x2A, 0x17, 0x97, 0xAA, 0x02, 0x82, 0x1C, 0x9C, 0xE0, 0x5D, 0x0E]);
    let keys = [Key::Char('h'), Key::Char('I'), Key::Char('1'), Key::Enter, Key::Backspace];
    assert!(core::iter::from_fn(|| state.next_key(Layout::Us)).eq(keys));
}

/// Makes the controller send bytes as if they came from the keyboard.
fn press(bytes: &[u8]) {
    for &byte in bytes {
        while !i8042::has_room() {}
        ports::send_command(KeyboardCommand::SendBack);
        while !i8042::has_room() {}
        i8042::send(byte);
    }
}

#[test_case]
fn keys_come_by_interrupts() {
    let clock = crate::testing::machine().clock;
    press(&[0x23]);
    let end_us = clock.uptime_us() + 1_000_000;
    let key = core::iter::repeat_with(try_read)
        .take_while(|_| clock.uptime_us() < end_us)
        .find_map(|key| key);
    assert_eq!(key, Some(Key::Char('h')));
}

#[test_case]
fn emergency_has_keys_without_interrupts_and_locks() {
    let state = STATE.lock();
    let mut keyboard = EmergencyKeyboard::new();
    assert_eq!(keyboard.poll(), None);
    press(&[0x2A]);
    assert_eq!(keyboard.poll(), None);
    press(&[0x23]);
    assert_eq!(keyboard.poll(), Some(Key::Char('H')));
    press(&[0xAA]);
    assert_eq!(keyboard.poll(), None);
    drop(state);
    assert_eq!(try_read(), None);
}

#[test_case]
fn lost_presses_are_counted_and_hold_nothing() {
    let mut state = KeyboardState::new(ScanCodeSet::One);
    state.take_byte(0x2A);
    for _ in 0..QUEUE_PRESSES + 3 {
        state.take_byte(0x1E);
    }
    state.take_byte(0xAA);
    assert_eq!(state.lost, 3);
    while state.next_key(Layout::Us).is_some() {}
    state.take_byte(0x1E);
    assert_eq!(state.next_key(Layout::Us), Some(Key::Char('a')));
}

#[test_case]
fn control_alt_delete_asks_for_a_restart() {
    let mut state = taken(&[0x1D, 0x38, 0xE0]);
    assert_eq!(state.take_byte(0x53), Request::Reboot);
}

#[test_case]
fn lights_are_sent_when_the_keyboard_is_ready_for_them() {
    let mut state = taken(&[0x3A, 0xFA]);
    assert!(state.lights.begin(state.decoder.lights(), 0).is_some());
    assert_eq!(state.take_byte(0xFA), Request::Send(0b110));
    assert_eq!(state.take_byte(0xFA), Request::Nothing);
    assert!(state.lights.begin(state.decoder.lights(), 1).is_none());
    // The keyboard's self-test: it was plugged in again.
    state.take_byte(0xAA);
    assert!(state.lights.begin(state.decoder.lights(), 2).is_some());
}

#[test_case]
fn layouts_can_be_changed_while_keys_wait() {
    let before = layout();
    let mut state = taken(&[0x15, 0x15]);
    for (layout, key) in [(Layout::De, 'z'), (Layout::Us, 'y')] {
        set_layout(layout);
        assert_eq!(super::layout(), layout);
        assert_eq!(state.next_key(super::layout()), Some(Key::Char(key)));
    }
    set_layout(before);
}
