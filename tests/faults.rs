//! Exceptions reach what serves them, in their order, and their way out looks for work.
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
use farjump::arch::irq::interrupt_flag;
use farjump::arch::trap::dispatch::{self, Outcome};
use farjump::arch::trap::exception::Exception;
use farjump::arch::trap::page_fault::Access;
use farjump::sync::WaitQueue;
use farjump::task::{self, Builder, ProcessorSet};
use run_queue::{Policy, RealTimePriority};
use x86_64::VirtAddr;
use x86_64::registers::rflags::{self, RFlags};

farjump::test_kernel!(test_main);

/// Where nothing is mapped.
const NOWHERE: VirtAddr = VirtAddr::new(0x40_0000);

/// What the pager of this test has seen: the address, and whether interrupts were on.
static SEEN_ADDRESS: AtomicU64 = AtomicU64::new(0);
static SEEN_INTERRUPTS_ON: AtomicBool = AtomicBool::new(false);

#[test_case]
fn pager_comes_before_the_exception_table_and_learns_the_address() {
    dispatch::set_handler(Exception::PageFault, |fault| {
        let page_fault = fault.page_fault().expect("it is a page fault");
        assert_eq!((page_fault.access, page_fault.is_from_user), (Access::Read, false));
        SEEN_ADDRESS.store(page_fault.address.as_u64(), Ordering::Relaxed);
        SEEN_INTERRUPTS_ON.store(interrupt_flag::are_enabled(), Ordering::Relaxed);
        Outcome::Unserved
    });
    // The pager leaves it alone, so the table says where to go on.
    assert_eq!(probe::read_u8(NOWHERE + 5_u64), Err(probe::Faulted));
    assert_eq!(SEEN_ADDRESS.load(Ordering::Relaxed), NOWHERE.as_u64() + 5);
    assert!(SEEN_INTERRUPTS_ON.load(Ordering::Relaxed), "it may wait");
    let interrupts_off = interrupt_flag::InterruptsOff::new();
    assert_eq!(probe::read_u8(NOWHERE), Err(probe::Faulted));
    assert!(!SEEN_INTERRUPTS_ON.load(Ordering::Relaxed), "it was interrupted with them off");
    drop(interrupts_off);
}

static WOKEN: AtomicU32 = AtomicU32::new(0);
static HAS_RUN: AtomicBool = AtomicBool::new(false);
static QUEUE: WaitQueue = WaitQueue::new();

/// A handler that wakes a more urgent thread needs no interrupt for that thread to run.
#[test_case]
fn way_out_of_an_exception_looks_for_work() {
    dispatch::set_handler(Exception::Breakpoint, |_| {
        WOKEN.store(1, Ordering::Relaxed);
        QUEUE.wake_all();
        Outcome::Served
    });
    let mut here = ProcessorSet::new();
    here.try_insert(0).expect("there is a first CPU");
    let urgent = Builder::new("urgent")
        .policy(Policy::RealTime(RealTimePriority::MAX))
        .allowed(here)
        .spawn(|| {
            QUEUE.wait_until(|| WOKEN.load(Ordering::Relaxed) != 0);
            HAS_RUN.store(true, Ordering::Relaxed);
        })
        .expect("there is memory");
    // It is more urgent, so it waits by now.
    task::yield_now();
    assert!(!HAS_RUN.load(Ordering::Relaxed));
    provoke::provoke(Exception::Breakpoint);
    let has_run = HAS_RUN.load(Ordering::Relaxed);
    urgent.join();
    assert!(has_run, "it runs on the way out of the exception");
}

/// RFLAGS of the last handler.
static SEEN_FLAGS: AtomicU64 = AtomicU64::new(0);

#[test_case]
fn handlers_begin_with_clear_flags_and_restore_what_was_interrupted() {
    dispatch::set_handler(Exception::Overflow, |_| {
        SEEN_FLAGS.store(rflags::read_raw(), Ordering::Relaxed);
        Outcome::Served
    });
    let flags: u64;
    // SAFETY: AC and DF are set for the time of the exception, and cleared afterwards.
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
