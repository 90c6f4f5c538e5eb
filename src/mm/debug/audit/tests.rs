//! Tests that the audit finds broken rules.

use super::findings::FINDINGS_MAX;
use super::*;
use crate::mm::kernel::frames::AllocatedFrames;
use crate::mm::kernel::layout::{self, DEVICES};
use heapless::Vec;

const USER: MappingFlags = DATA.union(MappingFlags::USER);
const ANYTHING: MappingFlags = DATA.union(MappingFlags::EXECUTE);

fn rules() -> Vec<Rule, FINDINGS_MAX> {
    run().findings.iter().map(|finding| finding.rule).collect()
}

/// Maps a page with the given flags, returns the rules that the audit finds broken,
/// and unmaps the page.
fn rules_with(page: VirtAddr, frame: PhysAddr, flags: MappingFlags) -> Vec<Rule, FINDINGS_MAX> {
    let map = |space: &mut kernel_space::KernelSpace| {
        space.table.map(page, frame, PageSize::Size4K, flags)
    };
    map(&mut kernel_space::lock()).expect("it is free");
    let rules = rules();
    kernel_space::lock().table.unmap(page).expect("it is mapped").1.flush();
    run().expect_clean();
    rules
}

/// Changes a page's rights, returns the rules that the audit finds broken, and
/// restores the rights.
fn rules_with_rights(page: VirtAddr, flags: MappingFlags) -> Vec<Rule, FINDINGS_MAX> {
    let before = kernel_space::query(page).expect("it is mapped").flags;
    let protect = |flags| {
        kernel_space::lock()
            .table
            .protect_region(page, FRAME_BYTES, flags)
            .expect("there is memory")
            .flush();
    };
    protect(flags);
    let rules = rules();
    protect(before);
    run().expect_clean();
    rules
}

fn frame() -> AllocatedFrames {
    AllocatedFrames::try_new(Purpose::Other).expect("there is memory")
}

#[test_case]
fn kernel_as_it_is_breaks_no_rule() {
    let audit = run();
    audit.expect_clean();
    assert!(audit.pages > 100 && audit.tables > 5, "{audit}");
}

#[test_case]
fn pages_where_none_belong_are_found() {
    let frame = frame();
    let low = VirtAddr::new(0xF000);
    assert_eq!(rules_with(low, frame.start(), DATA), [Rule::Low]);
    let program = VirtAddr::new(0x40_0000);
    assert_eq!(rules_with(program, frame.start(), DATA), [Rule::OutsideLayout]);
    assert_eq!(rules_with(program, frame.start(), USER), [Rule::User, Rule::OutsideLayout]);
    let unnamed = DEVICES + (1_u64 << 39);
    assert_eq!(rules_with(unnamed, frame.start(), DEVICE), [Rule::OutsideLayout]);
    for stack in Stack::BOOT_CPU {
        let guard = stack.guard().end - FRAME_BYTES;
        assert_eq!(rules_with(guard, frame.start(), DATA), [Rule::Guard], "{stack}");
    }
}

#[test_case]
fn rights_that_a_place_has_not_are_found() {
    let text = image::section(Section::Text).start;
    assert_eq!(rules_with_rights(text, ANYTHING), [Rule::WritableAndExecutable, Rule::Rights]);
    assert_eq!(rules_with_rights(image::section(Section::Rodata).start, DATA), [Rule::Rights]);
    let unused = Stack::BOOT.range().start;
    assert_eq!(rules_with_rights(unused, CONSTANT), [Rule::Rights]);
    assert_eq!(rules_with_rights(unused, USER), [Rule::User, Rule::Rights]);
    let alias = layout::direct(image::to_physical(text));
    assert_eq!(rules_with_rights(alias, DATA), [Rule::Rights], "written here, executed there");
}

#[test_case]
fn frames_in_use_twice_are_found() {
    let page = HEAP + layout::HEAP_BYTES - FRAME_BYTES;
    let stack = kernel_space::query(Stack::BOOT.range().start).expect("it is mapped").paddr;
    let both = [Rule::FrameNotOwned, Rule::Count];
    // The page is mapped at a lower address than the stack, so the audit finds the stack as the
    // second mapping.
    let rules = rules_with(page, stack, DATA);
    assert_eq!(rules, [both[0], Rule::MappedTwice, both[1]]);
    let table = kernel_space::lock().table.root_paddr();
    let rules = rules_with(page, table, DATA);
    assert_eq!(rules, [both[0], Rule::MappedTwice, both[1]]);
}

#[test_case]
fn frames_without_owner_are_found() {
    let page = HEAP + layout::HEAP_BYTES - FRAME_BYTES;
    // The lowest frame, because allocations take the highest frames first.
    let start = ram::map().usable_frames(FRAME_BYTES).next().expect("there is memory").0;
    let free = PhysAddr::new(start);
    assert_eq!(rules_with(page, free, DATA), [Rule::FrameNotOwned, Rule::Count]);
}

#[test_case]
fn other_frames_than_a_place_has_are_found() {
    let hole = layout::direct(layout::VGA_AND_ROMS);
    assert_eq!(rules_with(hole, layout::VGA_AND_ROMS, DATA), [Rule::WrongFrame]);
}
