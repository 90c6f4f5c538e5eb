//! Whether a CPU runs an interrupt handler, and what that has interrupted.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use crate::arch::trap::frame::TrapFrame;
use crate::per_cpu;

per_cpu! {
    /// The number of interrupt handlers that are running, one within another.
    static HANDLER_DEPTH: AtomicU32 = AtomicU32::new(0);
    /// Whether the running handler has interrupted a program.
    static HAS_INTERRUPTED_PROGRAM: AtomicBool = AtomicBool::new(false);
    /// The registers of the code that the running handler has interrupted.
    static RIP: AtomicU64 = AtomicU64::new(0);
    static RBP: AtomicU64 = AtomicU64::new(0);
    static RSP: AtomicU64 = AtomicU64::new(0);
}

/// The code that an interrupt handler has interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Whether it is a program, in ring 3.
    pub is_program: bool,
    /// The address of its next instruction.
    pub rip: u64,
    /// Its frame pointer, if it is the kernel.
    pub rbp: u64,
    /// Its stack pointer.
    pub rsp: u64,
}

/// Returns whether an interrupt handler runs on this CPU.
#[inline]
pub fn is_in_interrupt() -> bool {
    HANDLER_DEPTH.get() > 0
}

/// Returns whether the running interrupt handler of this CPU has interrupted a program in ring 3.
#[inline]
pub fn has_interrupted_program() -> bool {
    HAS_INTERRUPTED_PROGRAM.get()
}

/// Returns the code that the running interrupt handler of this CPU has interrupted; `None` if no
/// handler runs.
pub fn interrupted() -> Option<Interrupted> {
    is_in_interrupt().then(|| Interrupted {
        is_program: has_interrupted_program(),
        rip: RIP.get(),
        rbp: RBP.get(),
        rsp: RSP.get(),
    })
}

/// Runs `handle` as the handler of the interrupt of `frame`, with interrupts off.
pub(super) fn run(frame: &TrapFrame, handle: impl FnOnce()) {
    HAS_INTERRUPTED_PROGRAM.set(frame.is_from_user());
    RIP.set(frame.rip);
    RBP.set(frame.rbp);
    RSP.set(frame.rsp);
    HANDLER_DEPTH.increment();
    handle();
    HANDLER_DEPTH.decrement();
}
