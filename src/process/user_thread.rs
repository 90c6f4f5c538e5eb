//! A thread of a process, as the entries from ring 3 see it.

use signals::{Code, SigInfo, Signal};
use spin::Once;

use super::attention::Ending;
use super::exit;
use super::exit_status::ExitStatus;
use super::signal_delivery::{self, Delivered};
use super::signal_sending;
use super::thread::ProcessThread;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::PageFault;
use crate::arch::user::user_thread::{Next, UserThread};
use crate::mm::user::fault::FaultError;

/// Handles the system call of the registers in the frame.
pub type SystemCalls = fn(&ProcessThread, &mut TrapFrame);

static SYSTEM_CALLS: Once<SystemCalls> = Once::new();

/// Registers what handles system calls.
pub(super) fn set_system_calls(system_calls: SystemCalls) {
    SYSTEM_CALLS.call_once(|| system_calls);
}

/// Sends the signal of an exception that the program has caused.
fn fail(thread: &ProcessThread, fault: &Fault<'_>, signal: Signal, code: Code, address: u64) {
    let frame = fault.frame();
    thread.set_last_fault((frame.vector, frame.error_code, fault.cr2()));
    signal_sending::force(thread.process(), SigInfo::fault(signal, code, address));
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
                        log::warn!(
                            "no memory is left for a page of process {} ({}): it is killed",
                            self.process().pid(),
                            self.process().name()
                        );
                        self.attention().end(Ending::Process(ExitStatus::Killed {
                            signal: Signal::KILL,
                            core: false,
                        }));
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
                (Signal::FPE, Code::FLOAT_INVALID, rip)
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
        self.attention().is_requested()
    }

    fn work(&self, frame: &mut TrapFrame) -> Next {
        loop {
            self.attention().take();
            if let Some(ending) = self.attention().ending() {
                exit::finish(self, ending);
                return Next::End;
            }
            match signal_delivery::deliver(self, frame) {
                Delivered::Done => return Next::Resume,
                Delivered::Again => {}
            }
        }
    }
}
