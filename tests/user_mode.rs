//! Ring 3: system calls, exceptions and interrupts of programs, and attacks on the kernel that have
//! to fail.
//!
//! QEMU: -cpu max -smp 1
//! QEMU: -cpu max -smp 4
//! QEMU: -cpu qemu64 -smp 2

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]

extern crate alloc;

#[path = "user_mode/copies.rs"]
mod copies;
#[path = "user_mode/programs.rs"]
mod programs;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use farjump::arch::cpu::percpu;
use farjump::arch::smp::stop;
use farjump::arch::trap::exception::Exception;
use farjump::arch::trap::fault::{Fault, Outcome};
use farjump::arch::trap::frame::TrapFrame;
use farjump::arch::trap::page_fault::PageFault;
use farjump::arch::user::user_state::{Base, has_fsgsbase};
use farjump::arch::user::user_thread::{Next, UserThread};
use farjump::mm::kernel::frames::{AllocatedFrames, Purpose};
use farjump::mm::kernel::layout;
use farjump::mm::user::address_space::AddressSpace;
use farjump::sync::{IrqMutex, Rank};
use farjump::task::{self, Builder, ProgramStart, ProgramState};
use farjump::testing::wait_until;
use paging::MappingFlags;
use programs::*;
use x86_64::VirtAddr;
use x86_64::registers::rflags::RFlags;

farjump::test_kernel!(test_main);

/// The addresses of a program's code and data, and of the end of its stack.
const CODE: u64 = 0x40_0000;
const DATA: u64 = 0x50_0000;
const STACK_END: u64 = 0x60_1000;
/// The last page of programs.
const LAST_PAGE: u64 = 0x7FFF_FFFF_E000;

/// The system calls of these tests.
const END: u64 = 0;
const NOTE: u64 = 1;
const YIELD: u64 = 2;
const SET_FS: u64 = 3;
const RETURN_TO: u64 = 4;
const SUM: u64 = 5;
const USE_VECTORS: u64 = 6;

/// The test's record of its program.
struct Program {
    /// The values that the program has passed to NOTE.
    notes: IrqMutex<Vec<u64>>,
    /// The exception that has ended the program, and the address of a page fault.
    exception: IrqMutex<Option<(Exception, u64)>>,
    is_ending: AtomicBool,
    has_ended: Arc<AtomicBool>,
    calls: AtomicU64,
}

impl Drop for Program {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Release);
    }
}

impl UserThread for Program {
    fn system_call(&self, frame: &mut TrapFrame) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match frame.rax {
            END => self.is_ending.store(true, Ordering::Relaxed),
            NOTE => {
                self.notes.lock().push(frame.rdi);
                frame.rax = 0;
            }
            YIELD => task::yield_now(),
            SET_FS => task::set_segment_base(Base::Fs, frame.rdi).expect("it is a program's"),
            RETURN_TO => frame.rip = frame.rdi,
            SUM => {
                frame.rax = [frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9]
                    .into_iter()
                    .sum();
            }
            USE_VECTORS => task::with_fpu(|fpu| {
                assert!(fpu.has_saved());
                // SAFETY: a section may change these registers.
                unsafe {
                    core::arch::asm!(
                        "movq xmm0, rsp",
                        "movq xmm15, rsp",
                        "pxor xmm7, xmm7",
                        options(nomem, nostack, preserves_flags)
                    );
                }
            }),
            number => panic!("there is no system call {number}"),
        }
    }

    fn exception(&self, fault: &mut Fault<'_>) -> Outcome {
        let address = fault.page_fault().map_or(0, |fault| fault.address.as_u64());
        *self.exception.lock() = fault.exception().map(|exception| (exception, address));
        self.is_ending.store(true, Ordering::Relaxed);
        Outcome::Served
    }

    fn serve_kernel_fault(&self, _fault: &PageFault) -> Outcome {
        Outcome::Unserved
    }

    fn has_work(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    fn work(&self, _frame: &mut TrapFrame) -> Next {
        Next::End
    }
}

/// The end of a program.
struct Ended {
    notes: Vec<u64>,
    exception: Option<(Exception, u64)>,
}

/// A running program.
struct Running {
    program: Arc<Program>,
    has_ended: Arc<AtomicBool>,
}

impl Running {
    fn wait(self) -> Ended {
        wait_until(|| self.program.is_ending.load(Ordering::Relaxed));
        let notes = core::mem::take(&mut *self.program.notes.lock());
        let exception = self.program.exception.lock().take();
        drop(self.program);
        wait_until(|| self.has_ended.load(Ordering::Acquire));
        Ended { notes, exception }
    }
}

const USER: MappingFlags = MappingFlags::READ.union(MappingFlags::USER);

fn add_page(space: &AddressSpace, page: u64, content: &[u8], flags: MappingFlags) {
    let frame = AllocatedFrames::try_new(Purpose::User).expect("there is memory");
    let to: *mut u8 = layout::direct(frame.start()).as_mut_ptr();
    // SAFETY: the frame is new, and the direct map contains it.
    let to = unsafe { core::slice::from_raw_parts_mut(to, 4096) };
    to.fill(0);
    to[..content.len()].copy_from_slice(content);
    space.map(VirtAddr::new(page), frame, flags).expect("nothing is there");
}

/// Starts `code` with `argument` in RDI.
fn start(code: &[u8], argument: u64) -> Running {
    let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
    add_page(&space, CODE, code, USER | MappingFlags::EXECUTE);
    add_page(&space, DATA, b"data", USER | MappingFlags::WRITE);
    add_page(&space, STACK_END - 0x1000, &[], USER | MappingFlags::WRITE);
    // SYSCALL at the end of the last page of programs.
    let mut last = [0x90_u8; 4096];
    last[4094..].copy_from_slice(&[0x0F, 0x05]);
    add_page(&space, LAST_PAGE, &last, USER | MappingFlags::EXECUTE);
    start_in(space, CODE, argument)
}

fn start_in(space: Arc<AddressSpace>, rip: u64, argument: u64) -> Running {
    let has_ended = Arc::new(AtomicBool::new(false));
    let program = Arc::new(Program {
        notes: IrqMutex::new(Rank::Thread, Vec::with_capacity(64)),
        exception: IrqMutex::new(Rank::Thread, None),
        is_ending: AtomicBool::new(false),
        has_ended: has_ended.clone(),
        calls: AtomicU64::new(0),
    });
    let registers = TrapFrame { rdi: argument, ..TrapFrame::of_program(rip, STACK_END) };
    let state = ProgramState::try_new().expect("there is memory");
    Builder::new("program")
        .address_space(space)
        .spawn_program(ProgramStart { thread: program.clone(), registers, state }, drop)
        .expect("there is memory");
    Running { program, has_ended }
}

fn run(code: &[u8], argument: u64) -> Ended {
    start(code, argument).wait()
}

#[test_case]
fn system_call_returns_its_result_and_keeps_the_registers() {
    let ended = run(registers(), 0);
    let sum = 0x10 + 0x20 + 0x30 + 0x40 + 0x50;
    let kept = 0x1111 + 0x2222 + 0x3333 + 0x4444 + 0x5555 + 0x6666 + sum;
    assert_eq!(ended.notes, [sum + 0x60 + kept, STACK_END]);
    assert_eq!(ended.exception, None);
}

#[test_case]
fn program_starts_with_empty_registers() {
    assert_eq!(run(vectors_at_start(), 0).notes, [0]);
}

#[test_case]
fn flags_of_a_program_do_not_reach_the_kernel_and_come_back() {
    // AC, NT, DF, and all flags of results.
    let all = RFlags::ALIGNMENT_CHECK
        | RFlags::NESTED_TASK
        | RFlags::DIRECTION_FLAG
        | RFlags::CARRY_FLAG
        | RFlags::ZERO_FLAG
        | RFlags::SIGN_FLAG
        | RFlags::OVERFLOW_FLAG;
    let fixed = RFlags::INTERRUPT_FLAG.bits() | 2;
    let ended = run(flags(), all.bits() | 2);
    assert_eq!(ended.notes, [all.bits() | fixed]);
    // IOPL and IF can't be changed in ring 3.
    let ended = run(flags(), RFlags::IOPL_LOW.bits() | RFlags::IOPL_HIGH.bits() | 2);
    assert_eq!(ended.notes, [fixed]);
    // A single step ends the program at its first instruction, or after the call.
    let ended = run(flags(), RFlags::TRAP_FLAG.bits() | 2);
    assert_eq!(ended.exception, Some((Exception::Debug, 0)));
    let ended = run(delayed_step(), 0);
    assert_eq!(ended.exception, None, "the call has ended it");
}

/// Addresses outside of programs: the kernel's, non-canonical ones, null.
const FOREIGN: [u64; 8] = [
    0,
    0xFFF8,
    0x7FFF_FFFF_F000,
    0x8000_0000_0000,
    0xFFFF_7FFF_FFFF_FFF8,
    0xFFFF_8000_0000_0000,
    0xFFFF_FFFF_8000_0000,
    0xFFFF_FFFF_FFFF_FFF8,
];

fn is_fault_at(ended: &Ended, address: u64) -> bool {
    let is_canonical = VirtAddr::try_new(address).is_ok();
    match ended.exception {
        Some((Exception::PageFault, at)) => is_canonical && at & !7 == address,
        Some((Exception::GeneralProtection | Exception::StackSegment, _)) => !is_canonical,
        _ => false,
    }
}

#[test_case]
fn memory_that_is_not_the_programs_can_not_be_used() {
    for address in FOREIGN {
        for code in [read(), write(), jump()] {
            let ended = run(code, address);
            let is_jump_to_end = code == jump() && address == 0x7FFF_FFFF_F000;
            assert!(
                is_fault_at(&ended, address) || is_jump_to_end,
                "{address:#x}: {:?}",
                ended.exception
            );
            assert!(ended.exception.is_some());
        }
        let ended = run(push(), address.wrapping_add(8));
        assert!(ended.exception.is_some(), "{address:#x}");
    }
    // The program's own code can't be written, and its data can't be executed.
    assert_eq!(run(write(), CODE).exception, Some((Exception::PageFault, CODE)));
    assert_eq!(run(jump(), DATA).exception, Some((Exception::PageFault, DATA)));
}

#[test_case]
fn return_to_an_address_of_no_program_is_its_fault() {
    for address in FOREIGN {
        let ended = run(return_to(), address);
        assert!(ended.notes.is_empty());
        match ended.exception {
            Some((Exception::GeneralProtection | Exception::PageFault, _)) => {}
            other => panic!("{address:#x}: {other:?}"),
        }
    }
    // The call at the end of the last page returns to the page after it.
    let ended = run(jump(), LAST_PAGE + 0xFF0);
    assert!(ended.exception.is_none(), "its number was that of END");
}

#[test_case]
fn exceptions_of_a_program_are_its_own() {
    for (code, exception) in [
        (divide(), Exception::DivideError),
        (undefined(), Exception::InvalidOpcode),
        (breakpoint(), Exception::Breakpoint),
    ] {
        assert_eq!(run(code, 0).exception, Some((exception, 0)));
    }
}

#[test_case]
fn privileged_instructions_are_refused() {
    let privileged = [
        vector_80(),
        vector_page_fault(),
        halt(),
        interrupts_off(),
        port_out(),
        port_in(),
        read_msr(),
        write_msr(),
        read_cr0(),
        write_cr3(),
        load_gdt(),
        load_idt(),
        load_tr(),
        swap_gs(),
        sysret(),
        clear_ts(),
        invalidate(),
        write_back(),
        kernel_segment(),
    ];
    for (index, code) in privileged.into_iter().enumerate() {
        let ended = run(code, CODE);
        let exception = ended.exception.map(|(exception, _)| exception);
        assert_eq!(exception, Some(Exception::GeneralProtection), "{index}");
    }
    // QEMU reads the stack as the kernel does, which SMAP forbids.
    for code in [return_to_kernel(), far_return()] {
        let ended = run(code, CODE);
        let exception = ended.exception.map(|(exception, _)| exception);
        let refused = [Exception::GeneralProtection, Exception::PageFault].map(Some);
        assert!(refused.contains(&exception), "{exception:?}");
    }
}

#[test_case]
fn interrupts_do_not_use_the_stack_of_a_program() {
    for address in FOREIGN {
        assert_eq!(run(spin_with_bad_stack(), address).notes, [1], "{address:#x}");
    }
}

#[test_case]
fn programs_keep_their_bases_and_vectors_over_switches() {
    let running: Vec<_> = (1..=8).map(|index| start(keep_state(), index * 0x10)).collect();
    for program in running {
        assert_eq!(program.wait().notes, [1]);
    }
}

#[test_case]
fn programs_keep_their_vectors_over_a_section_of_the_kernel() {
    for argument in [0x1234_5678, 0x8765_4321_0FED_CBA9] {
        assert_eq!(run(keep_vectors(), argument).notes, [argument; 3]);
    }
}

#[test_case]
fn bases_set_by_instructions_are_kept_even_if_they_look_like_the_kernels() {
    if !has_fsgsbase() {
        return;
    }
    let bases = [0, DATA, 0xFFFF_8000_0000_0000, 0xFFFF_FFFF_8000_0000, 0xFFFF_FFFF_FFFF_F000];
    let running: Vec<_> = bases.into_iter().map(|base| start(fs_and_gs(), base)).collect();
    for program in running {
        assert_eq!(program.wait().exception, Some((Exception::Breakpoint, 0)));
    }
}

/// Non-maskable interrupts arrive at any instruction of the entries.
#[test_case]
fn non_maskable_interrupts_at_any_instruction_of_the_entry_are_harmless() {
    let programs: Vec<_> = (0..2).map(|_| start(many_calls(), 0)).collect();
    let mut asked = 0;
    while programs.iter().any(|it| !it.program.is_ending.load(Ordering::Relaxed)) {
        for cpu in percpu::all().filter(|cpu| !cpu.is_current()) {
            asked += u64::from(stop::current_instruction(cpu).is_some());
        }
        task::yield_now();
    }
    for program in programs {
        assert_eq!(program.wait().notes, [1]);
    }
    assert!(asked > 0 || percpu::all().count() == 1);
}
