use super::*;

#[test_case]
fn slots_are_in_order_and_hold_guard_and_stack() {
    let mut start = STACKS;
    for stack in Stack::BOOT_CPU {
        assert_eq!(stack.guard().start, start);
        assert_eq!(stack.guard().end, stack.range().start);
        assert!(stack.guard().start < stack.guard().end);
        assert_eq!(Stack::of_slot_at(start), Some(stack));
        assert_eq!(Stack::of_slot_at(stack.top() - 1), Some(stack));
        start = stack.top();
    }
    assert_eq!(Stack::of_slot_at(STACKS - 1), None);
}

#[test_case]
fn words_of_slots_say_all() {
    for purpose in [
        Use::Boot,
        Use::Ist { cpu: 3, ist: Ist::Nmi },
        Use::Idle { cpu: 255 },
        Use::Thread(1_000_000),
    ] {
        assert_eq!(Use::of_word(purpose.word()), Some(purpose));
    }
    assert_eq!(Use::of_word(FREE), None);
}

#[test_case]
fn this_runs_on_the_boot_stack() {
    let local = 0_u8;
    assert!(Stack::BOOT.range().contains(&VirtAddr::from_ptr(&raw const local)));
}
