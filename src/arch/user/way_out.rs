//! The return to ring 3: one for interrupts, exceptions, system calls and new programs.

use alloc::sync::Arc;
use core::arch::{asm, naked_asm};
use core::mem::offset_of;

use spin::Once;
use x86_64::VirtAddr;
use x86_64::registers::rflags::RFlags;

use crate::arch::cpu::gdt;
use crate::arch::irq::{interrupt_flag, preemption};
use crate::arch::trap::exception::Exception;
use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::{TrapFrame, pop_registers};
use crate::arch::user::user_state::ENTRY_STACK;
use crate::arch::user::user_thread::{Next, UserThread};
use crate::arch::user::{ENTRY_AREA_BYTES, USER_END};

/// Ends the running thread.
pub type EndHook = fn() -> !;

static END_HOOK: Once<EndHook> = Once::new();

/// Registers the function that ends a thread.
pub fn set_end_hook(hook: EndHook) {
    END_HOOK.call_once(|| hook);
}

/// The flags that a program may change.
///
/// Source: Intel SDM volume 1, "EFLAGS Register".
const PROGRAM_FLAGS: u64 = RFlags::CARRY_FLAG.bits()
    | RFlags::PARITY_FLAG.bits()
    | RFlags::AUXILIARY_CARRY_FLAG.bits()
    | RFlags::ZERO_FLAG.bits()
    | RFlags::SIGN_FLAG.bits()
    | RFlags::TRAP_FLAG.bits()
    | RFlags::DIRECTION_FLAG.bits()
    | RFlags::OVERFLOW_FLAG.bits()
    | RFlags::NESTED_TASK.bits()
    | RFlags::RESUME_FLAG.bits()
    | RFlags::ALIGNMENT_CHECK.bits()
    | RFlags::ID.bits();

/// The flags that are always set in ring 3: interrupts are on, and bit 1 is always 1.
const FIXED_FLAGS: u64 = RFlags::INTERRUPT_FLAG.bits() | 1 << 1;

/// The entry area at the top of a thread's kernel stack. All zeros means that there is no program.
#[repr(C)]
struct EntryArea {
    frame: TrapFrame,
    /// It comes from an [`Arc`], which [`end`] restores.
    thread: Option<&'static dyn UserThread>,
}

const _: () = assert!(size_of::<EntryArea>() as u64 == ENTRY_AREA_BYTES);
const _: () = assert!(offset_of!(EntryArea, frame) == 0);

/// Returns the thread whose program was interrupted with the registers in `frame`: the thread at
/// the top of the running thread's stack.
#[inline]
pub(in crate::arch) fn thread_of(frame: &TrapFrame) -> &'static dyn UserThread {
    debug_assert!(frame.is_from_user());
    let thread = core::ptr::from_ref(frame).wrapping_add(1).cast::<Option<&dyn UserThread>>();
    // SAFETY: frames of ring 3 lie in the entry area of the thread that runs (invariant 1 of
    // `arch::user`), which `enter` has filled; only `end` changes it, and no call with this
    // reference returns after that.
    let thread = unsafe { *thread };
    thread.expect("a program runs as a thread")
}

/// Passes a page fault of the kernel in the memory of a program, during a copy, to the running
/// thread.
pub(in crate::arch) fn kernel_fault(fault: &mut Fault<'_>) -> Outcome {
    let Some(page_fault) = fault.page_fault().filter(|it| it.address.as_u64() < USER_END) else {
        return Outcome::Unserved;
    };
    running().map_or(Outcome::Unserved, |thread| thread.serve_kernel_fault(&page_fault))
}

/// Calls `access` with the running thread, if it has entered a program. Not for interrupt handlers.
pub fn with_running<R>(access: impl FnOnce(&dyn UserThread) -> R) -> Option<R> {
    running().map(access)
}

/// Returns the running thread, if it has entered a program.
fn running() -> Option<&'static dyn UserThread> {
    // The reference is the running thread's own, even if the thread moves to another CPU.
    let pointer: *const Option<&dyn UserThread> =
        core::ptr::with_exposed_provenance(ENTRY_STACK.get() as usize);
    // SAFETY: it is null, or in the entry area (invariant 1 of `arch::user`), which
    // `Context::prepare` has filled with zeros and `enter` with a thread. That lives until the
    // running thread ends, which is after this call.
    unsafe { pointer.as_ref() }.copied().flatten()
}

/// Enters ring 3 for the first time in the running thread, with the registers in `registers`.
/// Called on the thread's stack, whose top is `stack_top`. The switch to the thread has set that
/// stack as the one for entries ([`user_state`](super::user_state)).
///
/// # Safety
/// `stack_top` is that of the running thread, and its entry area is used for nothing else.
pub(in crate::arch) unsafe fn enter(
    thread: Arc<dyn UserThread>,
    registers: &TrapFrame,
    stack_top: VirtAddr,
) -> ! {
    interrupt_flag::disable_here();
    let area: *mut EntryArea = (stack_top - ENTRY_AREA_BYTES).as_mut_ptr();
    area.expose_provenance();
    let mut frame = *registers;
    frame.cs = u64::from(gdt::USER_CODE);
    frame.ss = u64::from(gdt::USER_DATA);
    // SAFETY: it comes from an `Arc`, which keeps it until `end` takes it back.
    let thread = unsafe { &*Arc::into_raw(thread) };
    // SAFETY: the caller's promise.
    unsafe { area.write(EntryArea { frame, thread: Some(thread) }) };
    // SAFETY: there is no other reference to it.
    leave_by_iretq(unsafe { &mut *area.cast::<TrapFrame>() });
    // SAFETY: it is a frame of ring 3 in the thread's entry area, and `leave` has checked it.
    unsafe { asm!("mov rsp, {}", "jmp {}", in(reg) area, sym resume, options(noreturn)) }
}

/// Does what [`leave`] does, for a return by IRETQ: that loads the segments too.
#[inline]
pub(in crate::arch) fn leave_by_iretq(frame: &mut TrapFrame) {
    leave(frame);
    set_segments(frame);
}

/// Sets the segments to those of programs, whatever a system call has changed.
#[inline]
pub(in crate::arch) fn set_segments(frame: &mut TrapFrame) {
    frame.cs = u64::from(gdt::USER_CODE);
    frame.ss = u64::from(gdt::USER_DATA);
}

/// Does the work that is due before a return to ring 3, and ensures that the registers in `frame`
/// that SYSRET loads are those of a program. Interrupts are off, and off again on return.
#[inline]
pub(in crate::arch) fn leave(frame: &mut TrapFrame) {
    loop {
        preemption::run_if_due();
        if thread_of(frame).has_work() {
            work(frame);
        } else if frame.rip >= USER_END {
            refuse_address(frame);
        } else {
            break;
        }
    }
    frame.rflags = frame.rflags & PROGRAM_FLAGS | FIXED_FLAGS;
}

#[cold]
fn work(frame: &mut TrapFrame) {
    set_segments(frame);
    let next = interrupt_flag::with_interrupts_on(|| thread_of(frame).work(frame));
    if next == Next::End {
        end(frame);
    }
}

/// Handles a return to an address outside of programs as a general protection fault of the program.
/// For a non-canonical address, IRETQ would raise the fault in the kernel.
#[cold]
fn refuse_address(frame: &mut TrapFrame) {
    frame.vector = Exception::GeneralProtection as u64;
    frame.error_code = 0;
    interrupt_flag::with_interrupts_on(|| exception(&mut Fault::new(frame)));
}

/// Ends the thread whose program was interrupted with the registers in `frame`.
#[cold]
fn end(frame: &mut TrapFrame) -> ! {
    interrupt_flag::enable_here();
    let area = core::ptr::from_mut(frame).cast::<EntryArea>();
    // SAFETY: frames of ring 3 lie in an entry area.
    if let Some(thread) = unsafe { &mut *area }.thread.take() {
        // SAFETY: the reference is the one that `enter` has made, and the thread doesn't return to
        // ring 3, so nothing refers to the handler of its system calls.
        drop(unsafe { Arc::from_raw(thread) });
    }
    END_HOOK.get().expect("threads can end before one is a program's")()
}

/// Passes an exception of a program to its thread. Interrupts are on if the exception has no stack
/// of its own.
pub(in crate::arch) fn exception(fault: &mut Fault<'_>) -> Outcome {
    thread_of(fault.frame()).exception(fault)
}

/// Returns to ring 3 with the registers in the frame at RSP.
#[unsafe(naked)]
pub(in crate::arch) extern "C" fn resume() {
    naked_asm!(
        pop_registers!(),
        // Vector and error code.
        "add rsp, 16",
        "swapgs",
        "iretq",
    )
}
