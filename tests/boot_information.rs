//! Information structures that no loader should leave.
//!
//! Tags of all kinds are tested on the host, in crates/boot-information; here it
//! is about the address, and the structure as a whole.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use boot_information::{BootInformation, Problem};
use farjump::boot;
use farjump::mm::layout;
use farjump::testing::machine;
use x86_64::{PhysAddr, VirtAddr};

farjump::test_kernel!(test_main);

/// The physical address of something in the kernel's image.
fn physical<T>(thing: &'static T) -> PhysAddr {
    PhysAddr::new(VirtAddr::from_ptr(thing) - layout::KERNEL_BASE)
}

/// Nothing was taken over, not even a problem.
fn is_empty(information: &BootInformation) -> bool {
    information.memory.is_empty()
        && information.loader_name.is_empty()
        && information.problems.is_empty()
}

#[test_case]
fn this_boot_has_everything() {
    let information = &machine().boot.information;
    assert!(information.loader_name.starts_with("GRUB"));
    assert!(information.available_bytes() > 100 << 20);
    assert!(information.problems.is_empty(), "{:?}", information.problems);
}

#[test_case]
fn absurd_addresses_are_survived() {
    for address in [0, 8, 12, 0x3FFF_FFF8, 0x4000_0000, 0xFFFF_FFF8] {
        assert!(is_empty(&boot::read(PhysAddr::new(address))), "{address:#x}");
    }
}

/// A word of the structure: two fields of 32 bits.
const fn word(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

const END_TAG: u64 = word(0, 8);

#[test_case]
fn absurd_sizes_are_survived() {
    static TOO_LARGE: [u64; 2] = [word(u32::MAX, 0), END_TAG];
    static TOO_SMALL: [u64; 2] = [word(8, 0), END_TAG];
    assert!(is_empty(&boot::read(physical(&TOO_LARGE))));
    assert!(is_empty(&boot::read(physical(&TOO_SMALL))));
}

#[test_case]
fn truncated_structure_is_survived() {
    // A memory map of more bytes than are left; no end tag.
    static TRUNCATED: [u64; 3] = [word(24, 0), word(6, 64), word(24, 0)];
    static NO_END: [u64; 2] = [word(16, 0), word(1, 8)];
    assert!(is_empty(&boot::read(physical(&TRUNCATED))));
    assert!(is_empty(&boot::read(physical(&NO_END))));
}

#[test_case]
fn missing_memory_map_is_told() {
    static NO_TAGS: [u64; 2] = [word(16, 0), END_TAG];
    let information = boot::read(physical(&NO_TAGS));
    assert_eq!(information.problems, [Problem::NoMemoryMap]);
}
