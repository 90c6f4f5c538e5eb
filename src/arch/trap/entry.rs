//! The way into the kernel for exceptions and interrupts.
//!
//! Every vector has an entry of its own that builds a [`TrapFrame`] on the stack and continues in
//! [`enter`]. The entries are naked functions of the x86-interrupt type: the IDT's setters check
//! that each fits its vector, and the registers are saved before any compiled code can change them.

use core::arch::naked_asm;

use x86_64::structures::idt::{InterruptStackFrame, PageFaultErrorCode};

use crate::arch::cpu::features;
use crate::arch::irq::{self, interrupt_flag, preemption};
use crate::arch::trap::dispatch;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::frame::TrapFrame;

/// Defines the entry of a type of vector: the code that comes before the vector
/// is pushed, then the arguments and the result that the IDT's setter asks for.
macro_rules! define_entry {
    ($(#[$doc:meta])* $name:ident, [$($line:literal)*], ($($argument:ty),*) $(-> $result:ty)?) => {
        $(#[$doc])*
        #[unsafe(naked)]
        pub(in crate::arch) extern "x86-interrupt" fn $name<const VECTOR: u8>(
            $(_: $argument),*
        ) $(-> $result)? {
            naked_asm!(
                $($line,)*
                "push {vector}",
                "jmp {enter}",
                vector = const VECTOR,
                enter = sym enter,
            )
        }
    };
}

/// As [`define_entry`], for vectors for which the CPU pushes an error code, except when an INT
/// instruction names them. The CPU aligns the stack to 16 bytes before it pushes five words, or six
/// with an error code, so the alignment shows whether an error code is there.
macro_rules! define_entry_with_code {
    ($(#[$doc:meta])* $name:ident, $code:ty $(, $result:ty)?) => {
        define_entry!($(#[$doc])* $name,
            ["test spl, 8" "jz 2f" "push 0" "2:"],
            (InterruptStackFrame, $code) $(-> $result)?);
    };
}

define_entry!(
    /// No error code.
    entry, ["push 0"], (InterruptStackFrame)
);
define_entry!(
    /// No error code; it doesn't return.
    entry_diverging, ["push 0"], (InterruptStackFrame) -> !
);
define_entry_with_code!(
    /// An error code.
    entry_with_code, u64
);
define_entry_with_code!(
    /// An error code; it doesn't return.
    entry_with_code_diverging, u64, !
);
define_entry_with_code!(
    /// The page fault's own error code.
    entry_page_fault, PageFaultErrorCode
);

/// Completes the [`TrapFrame`], calls the dispatcher, and returns to the interrupted code with the
/// registers of the frame.
///
/// The frame's 22 words end on a multiple of 16, as the call needs it.
#[unsafe(naked)]
extern "C" fn enter() {
    naked_asm!(
        "push rax",
        "push rbx",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push rbp",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "cld",
        // The interrupted code may have set RFLAGS.AC, which would let the kernel access pages of
        // programs. Without SMAP there is no CLAC.
        "cmp byte ptr gs:[{has_smap}], 0",
        "je 2f",
        "clac",
        "2:",
        "mov rdi, rsp",
        "call {dispatch}",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rbp",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "pop rbx",
        "pop rax",
        // Vector and error code.
        "add rsp, 16",
        "iretq",
        has_smap = sym features::HAS_SMAP,
        dispatch = sym dispatch,
    )
}

extern "C" fn dispatch(frame: &mut TrapFrame) {
    let vector = frame.vector as u8;
    let times = irq::note_entry(vector);
    if vector < dispatch::VECTORS {
        dispatch::handle(frame);
    } else {
        irq::dispatch(vector, times);
    }
    // The way out of interrupts and exceptions. Code with interrupts off can still be interrupted
    // by an exception, and must not be preempted then; neither may a handler on a stack of the
    // interrupt stack table, which the next such exception reuses.
    if frame.had_interrupts_on() && !interrupt_flag::are_kept_off() && !has_own_stack(vector) {
        preemption::run_if_due();
    }
}

fn has_own_stack(vector: u8) -> bool {
    Exception::from_vector(vector.into()).is_some_and(Exception::has_own_stack)
}
