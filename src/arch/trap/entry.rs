//! The kernel's entries for exceptions and interrupts.
//!
//! Every vector has its own entry, which builds a [`TrapFrame`] on the stack and continues in
//! [`enter`] or [`enter_on_own_stack`]. The entries are naked functions of the x86-interrupt type:
//! the IDT's setters check that each has the type for its vector, and the registers are saved
//! before any compiled code can change them.

use core::arch::naked_asm;
use core::mem::offset_of;

use x86_64::structures::idt::{InterruptStackFrame, PageFaultErrorCode};

use crate::arch::cpu::features;
use crate::arch::irq::{self, interrupt_flag, preemption};
use crate::arch::trap::dispatch;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::frame::{TrapFrame, pop_registers, push_registers};
use crate::arch::user::user_state::ENTRY_STACK;
use crate::arch::user::way_out;

/// The base of GS.
const IA32_GS_BASE: u32 = 0xC000_0101;

/// Defines the entry of a type of vector: the code before the push of the vector, the function in
/// which it continues, and the arguments and result that the IDT's setter requires.
macro_rules! define_entry {
    ($(#[$doc:meta])* $name:ident, [$($line:literal)*], $enter:ident,
        ($($argument:ty),*) $(-> $result:ty)?) => {
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
                enter = sym $enter,
            )
        }
    };
}

/// As [`define_entry`], for vectors for which the CPU pushes an error code, except after an INT
/// instruction. The CPU aligns the stack to 16 bytes before it pushes five words, or six with an
/// error code. So the alignment shows whether there is an error code.
macro_rules! define_entry_with_code {
    ($(#[$doc:meta])* $name:ident, $enter:ident, $code:ty $(, $result:ty)?) => {
        define_entry!($(#[$doc])* $name,
            ["test spl, 8" "jz 2f" "push 0" "2:"],
            $enter, (InterruptStackFrame, $code) $(-> $result)?);
    };
}

define_entry!(
    /// No error code.
    entry, ["push 0"], enter, (InterruptStackFrame)
);
define_entry_with_code!(
    /// An error code.
    entry_with_code, enter, u64
);
define_entry_with_code!(
    /// The page fault's own error code.
    entry_page_fault, enter, PageFaultErrorCode
);
define_entry!(
    /// No error code; on a stack of its own.
    entry_ist, ["push 0"], enter_on_own_stack, (InterruptStackFrame)
);
define_entry!(
    /// No error code; on a stack of its own; it doesn't return.
    entry_ist_diverging, ["push 0"], enter_on_own_stack, (InterruptStackFrame) -> !
);
define_entry_with_code!(
    /// An error code; on a stack of its own; it doesn't return.
    entry_ist_code_diverging, enter_on_own_stack, u64, !
);

/// The offset of CS in a frame whose registers aren't pushed yet, in bytes.
const CS: usize = offset_of!(TrapFrame, cs) - offset_of!(TrapFrame, vector);

/// Completes the [`TrapFrame`], calls the dispatcher, and returns to the interrupted code with the
/// registers of the frame.
///
/// The frame's 22 words end at a multiple of 16, as the call requires.
#[unsafe(naked)]
extern "C" fn enter() {
    naked_asm!(
        "test byte ptr [rsp + {cs}], 3",
        "jz 2f",
        "swapgs",
        // Prevents speculation with the wrong GS, on both paths.
        // Source: Intel, "Speculative Behavior of SWAPGS and Segment Registers".
        "2: lfence",
        push_registers!(),
        "jmp {handle}",
        cs = const CS,
        handle = sym handle,
    )
}

/// Handles the interrupt or exception of the frame at RSP, with the kernel's GS.
#[unsafe(naked)]
extern "C" fn handle() {
    naked_asm!(
        "cld",
        // RFLAGS.AC of the interrupted code would allow the kernel to access pages of
        // programs. CPUs without SMAP have no CLAC.
        "cmp byte ptr gs:[{has_smap}], 0",
        "je 2f",
        "clac",
        "2:",
        "mov rdi, rsp",
        "call {dispatch}",
        "test byte ptr [rsp + {cs}], 3",
        "jnz {resume}",
        pop_registers!(),
        // Vector and error code.
        "add rsp, 16",
        "iretq",
        has_smap = sym features::HAS_SMAP,
        cs = const offset_of!(TrapFrame, cs),
        dispatch = sym dispatch,
        resume = sym way_out::resume,
    )
}

/// As [`enter`], on a stack of the interrupt stack table: such an interrupt or exception can come
/// in the kernel's entries and exits, where GS is still, or already, the program's.
///
/// If it comes from ring 3, it is handled on the thread's stack, like all others. If it comes from
/// ring 0, the GS base is saved, then set to the kernel's, which is stored at the top of the stack
/// ([`gdt`](crate::arch::cpu::gdt)), and restored at the end.
#[unsafe(naked)]
extern "C" fn enter_on_own_stack() {
    naked_asm!(
        "test byte ptr [rsp + {cs}], 3",
        push_registers!(),
        "jnz 4f",
        "mov ecx, {gs_base}",
        "rdmsr",
        "mov ebx, edx",
        "shl rbx, 32",
        "or rbx, rax",
        "mov eax, [rsp + {frame_bytes}]",
        "mov edx, [rsp + {frame_bytes} + 4]",
        "wrmsr",
        "cld",
        "cmp byte ptr gs:[{has_smap}], 0",
        "je 2f",
        "clac",
        "2:",
        "mov rdi, rsp",
        "call {dispatch}",
        // Called functions preserve RBX.
        "mov ecx, {gs_base}",
        "mov eax, ebx",
        "mov rdx, rbx",
        "shr rdx, 32",
        "wrmsr",
        pop_registers!(),
        "add rsp, 16",
        "iretq",
        // Moves the frame to the entry area of the thread.
        "4: swapgs",
        "lfence",
        "cld",
        "mov rsi, rsp",
        "mov rsp, gs:[{entry_stack}]",
        "sub rsp, {frame_bytes}",
        "mov rdi, rsp",
        "mov ecx, {frame_bytes} / 8",
        "rep movsq",
        "jmp {handle}",
        cs = const CS,
        gs_base = const IA32_GS_BASE,
        frame_bytes = const size_of::<TrapFrame>(),
        has_smap = sym features::HAS_SMAP,
        entry_stack = sym ENTRY_STACK,
        dispatch = sym dispatch,
        handle = sym handle,
    )
}

extern "C" fn dispatch(frame: &mut TrapFrame) {
    let vector = frame.vector as u8;
    let times = irq::note_entry(vector);
    if vector < dispatch::VECTORS {
        dispatch::handle(frame);
    } else {
        irq::dispatch(vector, times, frame);
    }
    if frame.is_from_user() {
        return way_out::leave_by_iretq(frame);
    }
    // The kernel was interrupted, and its thread may be preempted here, with two exceptions. Code
    // that had interrupts off must not be preempted; exceptions occur there too. This handler must
    // not switch threads on a stack of the interrupt stack table: the next exception of the same
    // kind would overwrite its frame.
    if frame.had_interrupts_on() && !interrupt_flag::are_kept_off() && !has_own_stack(vector) {
        preemption::run_if_due();
    }
}

fn has_own_stack(vector: u8) -> bool {
    Exception::from_vector(vector.into()).is_some_and(Exception::has_own_stack)
}
