//! The text for a panic or an exception that stopped the kernel.

use core::fmt;
use core::panic::PanicInfo;

use super::cpu_state::CpuState;
use super::fault_report::FaultReport;
use super::trace::Trace;
use crate::arch::cpu::machine_check;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::fault::Fault;

/// The cause that has stopped the kernel.
#[derive(Clone, Copy)]
pub(super) enum Failure<'a> {
    /// A panic, and its backtrace.
    Panic(&'a PanicInfo<'a>, Trace),
    /// An exception.
    Fault(&'a Fault<'a>),
}

impl Failure<'_> {
    /// Returns the backtrace.
    pub(super) fn trace(self) -> Trace {
        match self {
            Self::Panic(_, trace) => trace,
            Self::Fault(fault) => {
                Trace { instruction: Some(fault.rip()), callers: fault.backtrace() }
            }
        }
    }

    /// Writes the kind of failure, in one line.
    pub(super) fn write_title(self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self {
            Self::Panic(info, _) => write!(out, "panic: {}", info.message()),
            Self::Fault(fault) => write!(out, "{}", FaultReport(fault).title()),
        }
    }

    /// Writes the place of the failure and the CPU's registers, in several lines.
    pub(super) fn write_details(self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self {
            Self::Panic(info, _) => {
                if let Some(location) = info.location() {
                    writeln!(out, "  where  {location}")?;
                }
                writeln!(out, "{}", CpuState::read())
            }
            Self::Fault(fault) => writeln!(out, "{}", FaultReport(fault).details()),
        }
    }

    /// Unblocks the next non-maskable interrupt or machine check, if the CPU has blocked it.
    pub(super) fn acknowledge(self) {
        if let Self::Fault(fault) = self
            && fault.exception() == Some(Exception::MachineCheck)
        {
            machine_check::clear();
        }
    }

    /// Returns advice for the user.
    pub(super) fn advice(self) -> &'static str {
        use Exception as E;
        let Self::Fault(fault) = self else {
            return "a bug in the kernel: see its place and callers above, and log";
        };
        match fault.exception() {
            Some(E::DoubleFault) => "look in trace for a recursion, and for large locals",
            Some(E::PageFault) => "pt ADDRESS shows the walk, disasm the access itself",
            Some(E::InvalidOpcode) => "disasm: is it code at all, does cpuid have it?",
            Some(E::GeneralProtection) => "disasm; is an address in a register not canonical?",
            Some(E::MachineCheck | E::Nmi) => "the hardware: its memory, power and heat",
            Some(E::InvalidTss | E::SegmentNotPresent | E::StackSegment) => {
                "gdt, idt and tss show the descriptors"
            }
            _ => "disasm shows the instruction, backtrace its callers",
        }
    }
}
