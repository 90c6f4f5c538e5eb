use crate::{ACKNOWLEDGED, LightSetter, Lights, RESEND};

const COMMAND: u8 = 0xED;

#[test]
fn lights_are_sent_once_and_again_when_they_change() {
    let mut setter = LightSetter::new();
    assert_eq!(setter.begin(Lights::NUM_LOCK, 0), Some(COMMAND));
    assert_eq!(setter.begin(Lights::NUM_LOCK, 1), None, "it hasn't answered");
    assert_eq!(setter.answer(ACKNOWLEDGED, 2), Some(2));
    assert_eq!(setter.begin(Lights::empty(), 3), None, "it hasn't answered");
    assert_eq!(setter.answer(ACKNOWLEDGED, 4), None);
    assert_eq!(setter.begin(Lights::NUM_LOCK, 5), None);
    assert_eq!(setter.begin(Lights::CAPS_LOCK, 6), Some(COMMAND));
    assert_eq!(setter.answer(ACKNOWLEDGED, 7), Some(4));
}

#[test]
fn no_command_is_repeated_without_an_answer() {
    let mut setter = LightSetter::new();
    assert_eq!(setter.begin(Lights::NUM_LOCK, 0), Some(COMMAND));
    assert_eq!(setter.begin(Lights::NUM_LOCK, 1_000_000), None);
    assert_eq!(setter.answer(ACKNOWLEDGED, 1_000_001), None, "too late");
    assert_eq!(setter.begin(Lights::CAPS_LOCK, 1_000_002), Some(COMMAND));
    assert_eq!(setter.answer(RESEND, 1_000_003), None);
    assert_eq!(setter.begin(Lights::CAPS_LOCK, 1_000_004), None);
}

#[test]
fn scan_codes_are_not_taken_for_answers() {
    let mut setter = LightSetter::new();
    setter.begin(Lights::NUM_LOCK, 0);
    assert_eq!(setter.answer(0x1E, 1), None);
    assert_eq!(setter.answer(ACKNOWLEDGED, 2), Some(2));
    assert_eq!(setter.answer(0x9E, 3), None);
    assert_eq!(setter.begin(Lights::empty(), 4), None, "it hasn't answered");
}

#[test]
fn lights_are_sent_again_to_another_keyboard() {
    let mut setter = LightSetter::new();
    setter.begin(Lights::NUM_LOCK, 0);
    setter.begin_again();
    assert_eq!(setter.answer(ACKNOWLEDGED, 1), None);
    assert_eq!(setter.begin(Lights::NUM_LOCK, 2), Some(COMMAND));
}
