//! What the kernel does for the thread of a program.

use core::any::Any;

use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::PageFault;

/// What happens to a thread of a program after the work before its return to ring 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It continues in ring 3, with the registers in its frame.
    Resume,
    /// It ends.
    End,
}

/// The thread of a program, as the entries from ring 3 see it.
///
/// All functions are called on the kernel stack of the thread. The frame holds the registers of the
/// program, which continues with what they are then.
pub trait UserThread: Any + Send + Sync {
    /// Handles a system call: the number is in RAX, the arguments are in RDI, RSI, RDX, R10, R8 and
    /// R9; the result goes to RAX. Interrupts are on, and it may wait.
    ///
    /// Source: System V ABI, AMD64 Supplement, "Linux Kernel Conventions".
    fn system_call(&self, frame: &mut TrapFrame);

    /// Handles an exception of the program. Interrupts are on, and it may wait, except for a
    /// non-maskable interrupt.
    fn exception(&self, fault: &mut Fault<'_>) -> Outcome;

    /// Serves a page fault of the kernel in the memory of the program, during a copy from or to it.
    /// Interrupts are on, and it may wait.
    fn serve_kernel_fault(&self, fault: &PageFault) -> Outcome;

    /// Returns whether [`work`](Self::work) is to be called before the return to ring 3. Interrupts
    /// are off.
    fn has_work(&self) -> bool;

    /// Does what is due before the return to ring 3, such as the delivery of signals. Interrupts
    /// are on, and it may wait.
    fn work(&self, frame: &mut TrapFrame) -> Next;
}
