//! Random sequences of operations, while memory runs out at random times.

use proptest::prelude::*;
use std::vec::Vec;

use x86_64::VirtAddr;

use super::both::{Both, Upper};
use super::operation::{Operation, address, operation};
use super::simulation::{check_tlb, touch};
use crate::Capabilities;

fn run(capabilities: Capabilities, upper: Upper, steps: &[(Operation, Option<u8>, u64)]) {
    let mut both = Both::new(capabilities, upper);
    for (number, (operation, frames_left, touched)) in steps.iter().enumerate() {
        let is_write = number % 2 == 0;
        if let Some((page, len)) = touch(&both.table, VirtAddr::new(*touched), is_write) {
            both.model.note(page, len, is_write);
        }
        both.memory.set_left(frames_left.map_or(usize::MAX, usize::from));
        both.are_frames_limited = frames_left.is_some();
        both.apply(operation);
        check_tlb(&both.table);
        both.check_translations();
        if number % 20 == 0 {
            both.check_frames();
            both.check_ranges();
        }
    }
    both.check_frames();
    drop(both.table);
    drop(both.upper);
    assert_eq!(both.memory.used(), 0, "frames are lost");
}

fn steps() -> impl Strategy<Value = Vec<(Operation, Option<u8>, u64)>> {
    // In a quarter of the steps only 0 to 5 frames are left.
    let frames_left = prop_oneof![3 => Just(None), 1 => (0_u8..6).prop_map(Some)];
    prop::collection::vec((operation(), frames_left, address()), 200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_sequences_translate_as_the_model_does(
        steps in steps(),
        has_1gib_pages: bool,
        has_no_execute: bool,
        has_write_combining: bool,
        upper in prop_oneof![
            2 => Just(Upper::Own),
            1 => Just(Upper::ForOthers),
            1 => Just(Upper::Anothers),
        ],
    ) {
        run(Capabilities { has_1gib_pages, has_no_execute, has_write_combining }, upper, &steps);
    }
}
