//! The kernel's functions for the thread of a program.

use core::any::Any;

use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::PageFault;

/// The result of the work before a return to ring 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The thread continues in ring 3, with the registers in its frame.
    Resume,
    /// The thread ends.
    End,
}

/// The thread of a program, as the entries from ring 3 use it.
///
/// All functions are called on the kernel stack of the thread. The frame holds the registers of the
/// program; the program continues with those that the function leaves there.
pub trait UserThread: Any + Send + Sync {
    /// Handles a system call: the number is in RAX, the arguments are in RDI, RSI, RDX, R10, R8 and
    /// R9; the result goes to RAX. Interrupts are on, and it may wait.
    ///
    /// Source: System V ABI, AMD64 Supplement, "Linux Kernel Conventions".
    fn system_call(&self, frame: &mut TrapFrame);

    /// Handles an exception of the program. Interrupts are on, and it may wait, except for a
    /// non-maskable interrupt.
    fn exception(&self, fault: &mut Fault<'_>) -> Outcome;

    /// Handles a page fault of the kernel in the memory of the program, during a copy from or to
    /// it. Interrupts are on, and it may wait.
    fn serve_kernel_fault(&self, fault: &PageFault) -> Outcome;

    /// Returns whether [`work`](Self::work) has to be called before the return to ring 3.
    /// Interrupts are off.
    fn has_work(&self) -> bool;

    /// Does the work that is due before the return to ring 3, such as the delivery of signals.
    /// Interrupts are on, and it may wait.
    fn work(&self, frame: &mut TrapFrame) -> Next;
}
