//! Places of the parts of a program.

use proptest::prelude::*;

use crate::{Layout, PAGE_BYTES, STACK_GUARD_BYTES, USER_END};

#[test]
fn fixed_places_are_those_of_linux() {
    let layout = Layout::choose(8 << 20, None);
    assert_eq!(layout.mmap_base, 0x7FFF_F7FF_F000);
    assert_eq!(layout.program_base, 0x5555_5555_4000);
    assert_eq!(layout.heap_gap_bytes, 0);
}

proptest! {
    #[test]
    fn parts_are_in_order_with_room_for_the_stack(
        stack_limit_bytes: u64,
        numbers in prop::collection::vec(any::<u64>(), 4),
    ) {
        let mut numbers = numbers.into_iter();
        let layout = Layout::choose(stack_limit_bytes, Some(&mut || numbers.next().unwrap()));
        let Layout { stack_top, mmap_base, program_base, heap_gap_bytes } = layout;
        for address in [stack_top, mmap_base, program_base, heap_gap_bytes] {
            prop_assert_eq!(address % PAGE_BYTES, 0);
        }
        prop_assert!(stack_top < USER_END);
        let stack = stack_limit_bytes.clamp(128 << 20, 1 << 40);
        if stack_limit_bytes <= 1 << 40 {
            prop_assert!(mmap_base + stack_limit_bytes + STACK_GUARD_BYTES <= stack_top);
        }
        prop_assert!(mmap_base + (stack / 2) < USER_END && mmap_base > USER_END / 16);
        prop_assert!(program_base < mmap_base || stack_limit_bytes > 1 << 40);
    }
}
