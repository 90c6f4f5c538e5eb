//! The text for exceptions: the cause, and the registers.
//!
//! It takes no lock and doesn't use the heap.

use core::fmt;

use x86_64::VirtAddr;
use x86_64::registers::control::{Cr0, Cr3, Cr4};
use x86_64::registers::rflags::RFlags;
use x86_64::structures::idt::{DescriptorTable, SelectorErrorCode};

use super::page_fault_report;
use super::stack_name::StackName;
use crate::arch::cpu::machine_check;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::fault::{Detail, Fault};

/// The text for an exception: several lines, the first with its name.
#[derive(Clone, Copy)]
pub(super) struct FaultReport<'a>(pub(super) &'a Fault<'a>);

impl FaultReport<'_> {
    /// Returns the exception's name, as a line.
    pub(super) fn title(&self) -> impl fmt::Display {
        fmt::from_fn(|f| self.write_title(f))
    }

    /// Returns its cause and the registers, in several lines.
    pub(super) fn details(&self) -> impl fmt::Display {
        fmt::from_fn(|f| self.write_details(f))
    }

    fn write_title(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.exception() {
            Some(exception) => write!(
                f,
                "exception {}, {}: {}",
                self.0.frame().vector,
                exception.mnemonic(),
                exception.name()
            ),
            None => write!(f, "exception {}: reserved vector", self.0.frame().vector),
        }
    }

    fn write_cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Exception as E;
        let code = self.0.frame().error_code;
        let Some(exception) = self.0.exception() else {
            return f.write_str("a reserved vector");
        };
        match exception {
            E::DivideError => f.write_str("divided by zero, or the quotient doesn't fit"),
            E::Debug | E::Nmi | E::X87FloatingPoint | E::PageFault => self.write_detail(f),
            E::Breakpoint => f.write_str("INT3 instruction"),
            E::Overflow => f.write_str("INT 4, or INTO with the overflow flag set"),
            E::BoundRange => f.write_str("an index outside of the bounds given to BOUND"),
            E::InvalidOpcode => f.write_str("an instruction that this CPU doesn't have"),
            E::DeviceNotAvailable => {
                f.write_str("a floating-point instruction while CR0.TS or CR0.EM is set")
            }
            E::DoubleFault => self.write_double_fault(f),
            E::CoprocessorSegmentOverrun => f.write_str("an 80387 exceeded a segment"),
            E::InvalidTss | E::SegmentNotPresent => write_selector(f, code),
            E::StackSegment | E::GeneralProtection if code != 0 => write_selector(f, code),
            E::StackSegment => f.write_str("a stack address that isn't canonical"),
            E::GeneralProtection => f.write_str(
                "an address that isn't canonical, a privileged instruction\n         or a reserved bit",
            ),
            E::AlignmentCheck => f.write_str("an address that isn't aligned"),
            E::MachineCheck => write_machine_check(f),
            E::SimdFloatingPoint => {
                f.write_str("an unmasked SSE floating-point exception, see MXCSR")
            }
            E::Virtualization => f.write_str("an EPT violation delivered to the guest"),
            E::ControlProtection => write_control_protection(f, code),
            E::HypervisorInjection => f.write_str("the hypervisor injected an event"),
            E::VmmCommunication => write!(f, "the guest has caused the exit code {code:#x}"),
            E::Security => write!(f, "security exception, code {code:#x}"),
        }
    }

    fn write_detail(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.detail() {
            Detail::PageFault(fault) => page_fault_report::write(f, &fault),
            Detail::DebugStatus(dr6) => write_debug_status(f, dr6),
            Detail::NmiReason(reason) => write_nmi_reason(f, reason),
            Detail::X87Status(status) => write_x87_status(f, status),
            Detail::None => Ok(()),
        }
    }

    /// A stack overflow causes a double fault, because the stack has no room for the frame of the
    /// page fault at its guard.
    fn write_double_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accessed = VirtAddr::new_truncate(self.0.cr2());
        if page_fault_report::write_overflow(f, self.0.frame().rsp, accessed)? {
            return Ok(());
        }
        write!(
            f,
            "an exception was raised while the CPU entered the handler of another;\n         \
             the stack pointer was in the {}",
            StackName(self.0.frame().rsp)
        )
    }

    fn write_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = self.0.frame();
        f.write_str("  cause  ")?;
        self.write_cause(f)?;
        write!(
            f,
            "\n  where  RIP {:#018x}  CS {:#06x} (ring {})  error code {:#x}",
            frame.rip,
            frame.cs,
            frame.cs & 3,
            frame.error_code
        )?;
        write!(
            f,
            "\n  stack  RSP {:#018x}  SS {:#06x}  {}",
            frame.rsp,
            frame.ss,
            StackName(frame.rsp)
        )?;
        write!(f, "\n  flags  {:#010x} ", frame.rflags)?;
        for (name, _) in RFlags::from_bits_truncate(frame.rflags).iter_names() {
            write!(f, " {name}")?;
        }
        let rows = [
            [("RAX", frame.rax), ("RBX", frame.rbx), ("RCX", frame.rcx)],
            [("RDX", frame.rdx), ("RSI", frame.rsi), ("RDI", frame.rdi)],
            [("RBP", frame.rbp), ("R8 ", frame.r8), ("R9 ", frame.r9)],
            [("R10", frame.r10), ("R11", frame.r11), ("R12", frame.r12)],
            [("R13", frame.r13), ("R14", frame.r14), ("R15", frame.r15)],
            [
                ("CR0", Cr0::read_raw()),
                ("CR2", self.0.cr2()),
                ("CR3", Cr3::read_raw().0.start_address().as_u64()),
            ],
        ];
        for row in rows {
            f.write_str("\n ")?;
            for (name, value) in row {
                write!(f, " {name} {value:#018x}")?;
            }
        }
        let here = 0_u8;
        write!(
            f,
            "\n  CR4 {:#018x}  report on the {}",
            Cr4::read_raw(),
            StackName((&raw const here).addr() as u64)
        )
    }
}

impl fmt::Display for FaultReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        write!(f, "{}", self.details())
    }
}

fn write_selector(f: &mut fmt::Formatter<'_>, code: u64) -> fmt::Result {
    let selector = SelectorErrorCode::new_truncate(code);
    let table = match selector.descriptor_table() {
        DescriptorTable::Gdt => "GDT",
        DescriptorTable::Idt => "IDT",
        DescriptorTable::Ldt => "LDT",
    };
    write!(f, "descriptor {} of the {table}", selector.index())?;
    if selector.external() {
        f.write_str(", by an event from outside of the program")?;
    }
    Ok(())
}

fn write_debug_status(f: &mut fmt::Formatter<'_>, dr6: u64) -> fmt::Result {
    let causes = [
        (0, "breakpoint register 0"),
        (1, "breakpoint register 1"),
        (2, "breakpoint register 2"),
        (3, "breakpoint register 3"),
        (13, "an access to a debug register"),
        (14, "a single step"),
        (15, "a task switch"),
    ];
    let mut is_first = true;
    for (_, cause) in causes.iter().filter(|(bit, _)| dr6 & (1 << bit) != 0) {
        f.write_str(if is_first { "" } else { ", " })?;
        f.write_str(cause)?;
        is_first = false;
    }
    if is_first {
        f.write_str("INT1 instruction")?;
    }
    Ok(())
}

fn write_nmi_reason(f: &mut fmt::Formatter<'_>, reason: u8) -> fmt::Result {
    match reason & 0xC0 {
        0x40 => f.write_str("the chipset reports an I/O channel check"),
        0x80 => f.write_str("the chipset reports a memory parity error"),
        0xC0 => f.write_str("the chipset reports a memory parity error and an I/O channel check"),
        _ => f.write_str("no reason from the chipset: a watchdog, a button or an INT 2"),
    }
}

fn write_x87_status(f: &mut fmt::Formatter<'_>, status: u16) -> fmt::Result {
    let names = [
        "invalid operation",
        "denormal operand",
        "division by zero",
        "overflow",
        "underflow",
        "inexact result",
    ];
    write!(f, "x87 status {status:#06x}:")?;
    for (bit, name) in names.iter().enumerate() {
        if status & (1 << bit) != 0 {
            write!(f, " {name}")?;
        }
    }
    Ok(())
}

fn write_machine_check(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(status) = machine_check::status() else {
        return f.write_str("this CPU reports no more");
    };
    write!(f, "MCG_STATUS {status:#x}")?;
    for (bank, status) in machine_check::errors() {
        write!(f, ", bank {bank}: {status:#018x}")?;
    }
    Ok(())
}

/// Source: Intel SDM volume 3A, "Interrupt 21—Control Protection Exception".
fn write_control_protection(f: &mut fmt::Formatter<'_>, code: u64) -> fmt::Result {
    f.write_str(match code & 0x7FFF {
        1 => "near RET to another address than the shadow stack has",
        2 => "far RET or IRET to another address than the shadow stack has",
        3 => "an indirect branch to another instruction than ENDBRANCH",
        4 => "RSTORSSP without a token",
        5 => "SETSSBSY without a token",
        _ => "the error code has no known cause",
    })
}
