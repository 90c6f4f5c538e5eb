//! The functions of a thread of a process that the entries from ring 3 call.

use signals::{Code, SigInfo, Signal};
use spin::Once;

use super::exit;
use super::out_of_memory;
use super::signal_delivery::{self, Delivered};
use super::signal_sending;
use super::stop;
use super::thread::ProcessThread;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::PageFault;
use crate::arch::user::USER_END;
use crate::arch::user::user_thread::{Next, UserThread};
use crate::mm::user::fault::FaultError;
use crate::task::signal_fpu::{self, Unit};

/// Handles the system call whose registers are in the frame.
pub type SystemCalls = fn(&ProcessThread, &mut TrapFrame);

/// The bit of a page fault's error code for a present page. As on Linux, programs see it set for
/// all addresses of the kernel, so that they can't find out which are mapped.
const PAGE_IS_THERE: u64 = 1;

static SYSTEM_CALLS: Once<SystemCalls> = Once::new();

/// Registers the handler of system calls.
pub(super) fn set_system_calls(system_calls: SystemCalls) {
    SYSTEM_CALLS.call_once(|| system_calls);
}

/// Sends the signal of an exception that the program has caused.
fn fail(thread: &ProcessThread, fault: &Fault<'_>, signal: Signal, code: Code, address: u64) {
    let frame = fault.frame();
    let mut error_code = frame.error_code;
    if is_of_kernel_address(fault) {
        error_code |= PAGE_IS_THERE;
    }
    thread.set_last_fault((frame.vector, error_code, fault.cr2()));
    signal_sending::force(thread, SigInfo::fault(signal, code, address));
}

/// Returns whether the program has accessed an address in the kernel's half.
fn is_of_kernel_address(fault: &Fault<'_>) -> bool {
    fault.page_fault().is_some_and(|fault| fault.address.as_u64() >= USER_END)
}

/// Returns the reason why a unit has raised a floating-point exception, in Linux's order of
/// precedence; `None` if the reason no longer exists.
fn float_code(unit: Unit) -> Option<Code> {
    // Source: Intel SDM volume 1, "MXCSR Control and Status Register".
    const REASONS: [(u32, Code); 5] = [
        (0x01, Code::FLOAT_INVALID),
        (0x04, Code::FLOAT_DIVISION),
        (0x08, Code::FLOAT_OVERFLOW),
        (0x12, Code::FLOAT_UNDERFLOW),
        (0x20, Code::FLOAT_INEXACT),
    ];
    let exceptions = signal_fpu::unmasked_exceptions(unit);
    REASONS.into_iter().find(|(bits, _)| exceptions & bits != 0).map(|(_, code)| code)
}

impl UserThread for ProcessThread {
    fn system_call(&self, frame: &mut TrapFrame) {
        SYSTEM_CALLS.get().expect("processes start after the system calls")(self, frame);
    }

    fn exception(&self, fault: &mut Fault<'_>) -> Outcome {
        let Some(exception) = fault.exception() else {
            return Outcome::Unserved;
        };
        let rip = fault.frame().rip;
        let (signal, code, address) = match exception {
            Exception::PageFault => {
                let page_fault = fault.page_fault().expect("it is one");
                let (signal, code) = match self.serve_page_fault(&page_fault) {
                    Ok(()) => return Outcome::Served,
                    Err(FaultError::NotMapped) => (Signal::SEGV, Code::NOT_MAPPED),
                    Err(FaultError::NotAllowed) => (Signal::SEGV, Code::NOT_ALLOWED),
                    Err(FaultError::BeyondEnd) => (Signal::BUS, Code::NO_MEMORY_THERE),
                    Err(FaultError::NoMemory) => {
                        out_of_memory::make_room(self);
                        return Outcome::Served;
                    }
                };
                (signal, code, page_fault.address.as_u64())
            }
            Exception::DivideError => (Signal::FPE, Code::INTEGER_DIVISION, rip),
            Exception::Debug => (Signal::TRAP, Code::SINGLE_STEP, rip),
            Exception::Breakpoint => (Signal::TRAP, Code::KERNEL, 0),
            Exception::Overflow => (Signal::SEGV, Code::KERNEL, 0),
            Exception::InvalidOpcode => (Signal::ILL, Code::ILLEGAL_OPERAND, rip),
            Exception::X87FloatingPoint | Exception::SimdFloatingPoint => {
                let unit = match exception {
                    Exception::X87FloatingPoint => Unit::X87,
                    _ => Unit::Sse,
                };
                let Some(code) = float_code(unit) else {
                    return Outcome::Served;
                };
                (Signal::FPE, code, rip)
            }
            Exception::AlignmentCheck => (Signal::BUS, Code::NOT_ALIGNED, 0),
            Exception::StackSegment | Exception::SegmentNotPresent => {
                (Signal::BUS, Code::KERNEL, 0)
            }
            _ => (Signal::SEGV, Code::KERNEL, 0),
        };
        fail(self, fault, signal, code, address);
        Outcome::Served
    }

    fn serve_kernel_fault(&self, fault: &PageFault) -> Outcome {
        match self.serve_page_fault(fault) {
            Ok(()) => Outcome::Served,
            Err(_) => Outcome::Unserved,
        }
    }

    #[inline]
    fn has_work(&self) -> bool {
        self.attention().has_work(|| self.rseq.is_switched())
    }

    fn work(&self, frame: &mut TrapFrame) -> Next {
        loop {
            self.attention().take();
            if let Some(ending) = self.attention().ending() {
                exit::finish(self, ending);
                return Next::End;
            }
            if stop::stop_here(self) {
                continue;
            }
            match signal_delivery::deliver(self, frame) {
                Delivered::Done if self.rseq.update(frame, false).is_ok() => return Next::Resume,
                // As on Linux, a sequence that can't be read is a fault.
                Delivered::Done => {
                    signal_sending::force(self, SigInfo::from_kernel(Signal::SEGV));
                }
                Delivered::Again => {}
            }
        }
    }
}
