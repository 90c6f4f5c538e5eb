//! Exceptions call their handlers in order, and pending work is done on the return path.
//!
//! QEMU: -cpu max

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use farjump::arch::debug::{probe, provoke};
use farjump::arch::irq::{interrupt_flag, preemption};
use farjump::arch::trap::dispatch;
use farjump::arch::trap::exception::Exception;
use farjump::arch::trap::fault::Outcome;
use farjump::arch::trap::page_fault::Access;
use x86_64::VirtAddr;
use x86_64::registers::rflags::{self, RFlags};

farjump::test_kernel!(test_main);

/// An address where nothing is mapped.
const NOWHERE: VirtAddr = VirtAddr::new(0x40_0000);

/// Recorded by the pager of this test: the faulting address, and whether interrupts were
/// on.
static SEEN_ADDRESS: AtomicU64 = AtomicU64::new(0);
static SEEN_INTERRUPTS_ON: AtomicBool = AtomicBool::new(false);
static PAGER_CALLS: AtomicU32 = AtomicU32::new(0);

#[test_case]
fn pager_comes_before_the_exception_table_and_learns_the_address() {
    dispatch::set_handler(Exception::PageFault, |fault| {
        PAGER_CALLS.fetch_add(1, Ordering::Relaxed);
        let page_fault = fault.page_fault().expect("it is a page fault");
        assert_eq!((page_fault.access, page_fault.is_from_user), (Access::Read, false));
        SEEN_ADDRESS.store(page_fault.address.as_u64(), Ordering::Relaxed);
        SEEN_INTERRUPTS_ON.store(interrupt_flag::are_enabled(), Ordering::Relaxed);
        Outcome::Unserved
    });
    // The pager doesn't handle this fault, so the exception table determines where to
    // continue.
    assert_eq!(probe::read_u8(NOWHERE + 5_u64), Err(probe::Faulted));
    assert_eq!(SEEN_ADDRESS.load(Ordering::Relaxed), NOWHERE.as_u64() + 5);
    assert!(SEEN_INTERRUPTS_ON.load(Ordering::Relaxed), "it may wait");
    let interrupts_off = interrupt_flag::InterruptsOff::new();
    assert_eq!(probe::read_u8(NOWHERE), Err(probe::Faulted));
    drop(interrupts_off);
    assert_eq!(PAGER_CALLS.load(Ordering::Relaxed), 1, "it isn't called where it can't wait");
}

/// A handler's request to the scheduler is handled on the return path, without another
/// interrupt.
#[test_case]
fn way_out_of_an_exception_looks_for_work() {
    dispatch::set_handler(Exception::Breakpoint, |_| {
        preemption::request();
        Outcome::Served
    });
    provoke::provoke(Exception::Breakpoint);
    assert!(!preemption::is_requested(), "the scheduler has looked");
}

/// RFLAGS in the last handler.
static SEEN_FLAGS: AtomicU64 = AtomicU64::new(0);

#[test_case]
fn handlers_begin_with_clear_flags_and_restore_what_was_interrupted() {
    dispatch::set_handler(Exception::Overflow, |_| {
        SEEN_FLAGS.store(rflags::read_raw(), Ordering::Relaxed);
        Outcome::Served
    });
    let flags: u64;
    // SAFETY: AC and DF are only set during the exception, and cleared afterwards.
    unsafe {
        asm!("pushfq", "or qword ptr [rsp], {set}", "popfq", "int 4", "pushfq", "pop {flags}",
            "pushfq", "and qword ptr [rsp], {clear}", "popfq",
            set = const 1 << 18 | 1 << 10, clear = const !(1 << 18 | 1 << 10_i32),
            flags = out(reg) flags);
    }
    let kept = RFlags::from_bits_truncate(flags);
    assert!(kept.contains(RFlags::ALIGNMENT_CHECK | RFlags::DIRECTION_FLAG), "{kept:?}");
    let seen = RFlags::from_bits_truncate(SEEN_FLAGS.load(Ordering::Relaxed));
    assert!(!seen.intersects(RFlags::ALIGNMENT_CHECK | RFlags::DIRECTION_FLAG), "{seen:?}");
}
