//! The report of each forbidden access.

extern crate alloc;

use super::*;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose};
use crate::mm::kernel::image::{self, Section};
use crate::mm::kernel::kernel_space;
use crate::mm::kernel::layout::{self, DIRECT_MAP, FRAME_BYTES};
use crate::mm::kernel::stacks::Stack;
use crate::testing::ShouldPanic;
use alloc::boxed::Box;
use paging::PageSize;

/// An address in the range of programs.
const PROGRAM: VirtAddr = VirtAddr::new(0x40_0000);

/// Defines a test for each access that must end in a report that contains a text.
macro_rules! violations {
    ($($name:ident: $access:ident $address:expr => $text:literal;)+) => { $(
        #[test_case]
        const $name: ShouldPanic = ShouldPanic::new(
            concat!("mm::debug::violation::", stringify!($name)),
            $text,
            || commit(Access::$access, $address).expect("it is forbidden"),
        );
    )+ };
}

fn start(section: Section) -> VirtAddr {
    image::section(section).start
}

fn below(stack: Stack) -> VirtAddr {
    stack.guard().end - 1
}

fn ist(index: usize) -> Stack {
    Stack::BOOT_CPU[1 + index]
}

/// A heap block that is never freed.
fn heap() -> VirtAddr {
    VirtAddr::from_ptr(Box::leak(Box::new(0xC3_u8)))
}

/// A page with the rights of a program's page.
fn program() -> VirtAddr {
    let frame = AllocatedFrames::try_new(Purpose::Other).expect("there is memory");
    let flags =
        MappingFlags::READ | MappingFlags::WRITE | MappingFlags::EXECUTE | MappingFlags::USER;
    let mut space = kernel_space::lock();
    let page = PageSize::Size4K;
    space.table.map(PROGRAM, frame.leak(), page, flags).expect("it is free");
    PROGRAM
}

violations! {
    WRITE_TO_TEXT: Write start(Section::Text) =>
        "by the kernel: the page is read-only\n  place  kernel text\n  walk   P4[511]";
    WRITE_TO_TEXT_BY_THE_DIRECT_MAP:
        Write layout::direct(image::to_physical(start(Section::Text))) =>
        "by the kernel: the page is read-only\n  place  direct map";
    WRITE_TO_RODATA: Write start(Section::Rodata) =>
        "by the kernel: the page is read-only\n  place  kernel rodata";
    EXECUTE_RODATA: Execute start(Section::Rodata) =>
        "by the kernel: the page isn't executable\n  place  kernel rodata";
    EXECUTE_DATA: Execute start(Section::Data) =>
        "by the kernel: the page isn't executable\n  place  kernel data";
    EXECUTE_STACK: Execute Stack::BOOT.range().start =>
        "by the kernel: the page isn't executable\n  place  boot stack";
    EXECUTE_HEAP: Execute heap() =>
        "by the kernel: the page isn't executable\n  place  heap";
    EXECUTE_DIRECT_MAP: Execute DIRECT_MAP + FRAME_BYTES =>
        "by the kernel: the page isn't executable\n  place  direct map";
    EXECUTE_DEVICE: Execute layout::DEVICES =>
        "by the kernel: the page isn't executable\n  place  device: I/O APIC";
    READ_OF_NULL: Read VirtAddr::new(0) =>
        "read of 0x0000000000000000 by the kernel: null pointer";
    WRITE_TO_NULL: Write VirtAddr::new(0x38) =>
        "write to 0x0000000000000038 by the kernel: null pointer";
    EXECUTE_NULL: Execute VirtAddr::new(0) =>
        "execution of 0x0000000000000000 by the kernel: null pointer";
    READ_OF_NOTHING: Read VirtAddr::new(0xFFFF_9000_0000_0000) =>
        "nothing is mapped there\n  place  no use in the kernel's layout";
    READ_OF_BOOT_GUARD: Read below(Stack::BOOT) =>
        "the guard below the boot stack\n  place  guard page of the boot stack";
    WRITE_TO_DOUBLE_FAULT_GUARD: Write below(ist(0)) =>
        "the guard below the double fault IST stack\n  place  guard page of the";
    WRITE_TO_NMI_GUARD: Write below(ist(1)) =>
        "the guard below the NMI IST stack\n  place  guard page of the NMI IST stack";
    WRITE_TO_MACHINE_CHECK_GUARD: Write below(ist(2)) =>
        "the guard below the machine check IST stack\n  place  guard page of the";
    WRITE_TO_DEBUG_GUARD: Write below(ist(3)) =>
        "the guard below the debug IST stack\n  place  guard page of the debug IST stack";
    READ_OF_A_PROGRAM: Read program() =>
        "read of 0x0000000000400000 by the kernel: a program's page, which SMAP keeps";
    WRITE_TO_A_PROGRAM: Write program() =>
        "write to 0x0000000000400000 by the kernel: a program's page, which SMAP keeps";
    EXECUTE_A_PROGRAM: Execute program() =>
        "execution of 0x0000000000400000 by the kernel: a program's page, which SMEP";
}

#[test_case]
fn what_memory_allows_is_not_done() {
    let text = start(Section::Text);
    assert_eq!(commit(Access::Read, text), Err(Allowed));
    assert_eq!(commit(Access::Execute, text), Err(Allowed));
    assert_eq!(commit(Access::Write, start(Section::Data)), Err(Allowed));
}
