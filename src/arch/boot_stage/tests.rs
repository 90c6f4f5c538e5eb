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
