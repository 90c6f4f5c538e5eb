//! The kernel: starts everything in the order of `bring_up`, then runs the first program or the
//! prompt.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

use farjump::{bring_up, first_program, monitor};

/// Continues after the stub (`asm/boot.asm`), in 64-bit mode and in the higher half.
///
/// `magic` is the value of EAX that the loader left, `information` the physical address of its
/// Multiboot2 structure.
#[expect(unsafe_code, reason = "the stub calls this symbol by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn rust_main(magic: u32, information: u32) -> ! {
    let machine = bring_up::start(magic, information, monitor::report_prompt::run);
    first_program::run(&machine);
    monitor::run(&machine)
}
