use super::*;

#[test_case]
fn every_value_is_decoded_as_what_it_is() {
    assert_eq!(LastBoot::decode(0), LastBoot::Unknown);
    assert_eq!(LastBoot::decode(0xFF), LastBoot::Unknown);
    assert_eq!(LastBoot::decode(0xA1), LastBoot::InStub(1));
    assert_eq!(LastBoot::decode(0xAD), LastBoot::InStub(13));
    assert_eq!(LastBoot::decode(0xAE), LastBoot::Unknown);
    assert_eq!(LastBoot::decode(0xB7), LastBoot::InKernel("IDT"));
    assert_eq!(LastBoot::decode(0xD2), LastBoot::Ended("reboot"));
    assert_eq!(LastBoot::decode(0xE1), LastBoot::Stopped);
}

#[test_case]
fn end_hides_no_report() {
    let last = || LAST.load(Ordering::Relaxed);
    mark(Stage::Stopped);
    mark_end(Stage::Reboot);
    assert_eq!(last(), Stage::Stopped as u8);
    mark(Stage::Prompt);
    mark_end(Stage::Reboot);
    assert_eq!(last(), Stage::Reboot as u8);
}

#[test_case]
fn boot_that_is_not_traced_writes_nothing() {
    let record = || [STAGE_BYTE, COMPLEMENT_BYTE].map(cmos::read);
    let before = record();
    mark(Stage::Timer);
    assert_eq!(record(), before);
}

#[test_case]
fn stages_begin_in_their_order_and_once() {
    let before: alloc::vec::Vec<_> = times().collect();
    assert!(before.is_sorted_by_key(|stage| stage.begin_tick), "{before:?}");
    assert_eq!(before.first().map(|stage| stage.name), Some("per-CPU structure, clock, log"));
    assert!(before.iter().any(|stage| stage.name == "processes"));
    mark(Stage::Timer);
    mark(Stage::Prompt);
    let end = end_tick().expect("the prompt is an end");
    finish();
    mark(Stage::Prompt);
    assert_eq!(end_tick(), Some(end));
    assert_eq!(times().collect::<alloc::vec::Vec<_>>(), before);
}
