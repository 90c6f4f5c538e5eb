//! An exception as handlers receive it: the frame of the interrupted code, and details from the
//! CPU's registers.

use x86_64::VirtAddr;
use x86_64::registers::control::Cr2;
use x86_64::registers::debug::Dr6;

use crate::arch::debug::backtrace::Backtrace;
use crate::arch::ports::SYSTEM_CONTROL;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::PageFault;

/// Details of an exception from the CPU's registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// A page fault.
    PageFault(PageFault),
    /// DR6 of a debug exception; the register itself has been cleared.
    DebugStatus(u64),
    /// The system control port at a non-maskable interrupt.
    ///
    /// Source: PC/AT Technical Reference, "System control port B".
    NmiReason(u8),
    /// The x87 status word.
    X87Status(u16),
}

/// The result of a handler of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The exception is handled: the interrupted code continues with the registers in the frame.
    Served,
    /// The handler doesn't handle this exception.
    Unserved,
}

/// An exception.
#[derive(Debug)]
pub struct Fault<'a> {
    frame: &'a mut TrapFrame,
    detail: Detail,
    cr2: u64,
}

impl<'a> Fault<'a> {
    /// Reads the details from the registers. Called before anything changes them.
    pub(in crate::arch) fn new(frame: &'a mut TrapFrame) -> Self {
        let cr2 = Cr2::read_raw();
        let detail = match Exception::from_vector(frame.vector) {
            Some(Exception::PageFault) => {
                Detail::PageFault(PageFault::new(VirtAddr::new_truncate(cr2), frame.error_code))
            }
            Some(Exception::Debug) => Detail::DebugStatus(take_debug_status()),
            Some(Exception::Nmi) => Detail::NmiReason(SYSTEM_CONTROL.read()),
            Some(Exception::X87FloatingPoint) => Detail::X87Status(x87_status()),
            _ => Detail::None,
        };
        Self { frame, detail, cr2 }
    }

    /// Returns the exception; `None` if its vector is reserved.
    pub fn exception(&self) -> Option<Exception> {
        Exception::from_vector(self.frame.vector)
    }

    /// Returns the details.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// Returns the page fault, if it is one.
    pub fn page_fault(&self) -> Option<PageFault> {
        match self.detail {
            Detail::PageFault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Returns CR2: the address of the last page fault on this CPU.
    pub fn cr2(&self) -> u64 {
        self.cr2
    }

    /// Returns whether a program in ring 3 caused it.
    pub fn is_from_user(&self) -> bool {
        self.frame.is_from_user()
    }

    /// Returns the frame of the interrupted code.
    pub fn frame(&self) -> &TrapFrame {
        self.frame
    }

    /// Returns the frame of the interrupted code for writing: the code continues with these
    /// registers.
    pub fn frame_mut(&mut self) -> &mut TrapFrame {
        self.frame
    }

    /// Returns the address of the instruction that caused it, or, for a trap, of the next
    /// instruction.
    pub fn rip(&self) -> VirtAddr {
        VirtAddr::new_truncate(self.frame.rip)
    }

    /// Returns the backtrace of the interrupted code.
    pub fn backtrace(&self) -> Backtrace {
        Backtrace::new(self.frame.rbp)
    }
}

/// Returns DR6 and clears it; the CPU never clears it.
fn take_debug_status() -> u64 {
    let status = Dr6::read_raw();
    // SAFETY: the four reserved-to-one bits stay set, the causes are cleared.
    unsafe { core::arch::asm!("mov dr6, {}", in(reg) 0xFFFF_0FF0_u64, options(nomem, nostack)) };
    status
}

fn x87_status() -> u16 {
    let status: u16;
    // SAFETY: FNSTSW reads the status word and raises nothing.
    unsafe { core::arch::asm!("fnstsw ax", out("ax") status, options(nomem, nostack)) };
    status
}
