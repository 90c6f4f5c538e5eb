//! A report of an exception: what the processor said, in words.

use core::fmt;

use spin::Once;
use x86_64::VirtAddr;
use x86_64::registers::control::{Cr0, Cr2, Cr3, Cr4};
use x86_64::registers::debug::Dr6;
use x86_64::registers::model_specific::Msr;
use x86_64::registers::rflags::RFlags;
use x86_64::structures::idt::{DescriptorTable, SelectorErrorCode};

use crate::arch::debug::backtrace::Backtrace;
use crate::arch::ports::SYSTEM_CONTROL;
use crate::arch::trap::exception::Exception;
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::PageFault;

/// Machine check banks that are looked at: more than processors have.
const MACHINE_CHECK_BANKS_MAX: u64 = 32;

/// Whose lowest byte is the number of banks.
const MCG_CAP: u32 = 0x179;
/// Whose bit 2, "machine check in progress", makes the next one shut the processor down.
const MCG_STATUS: u32 = 0x17A;
/// In a bank's status: it tells of an error.
const VALID: u64 = 1 << 63;

/// What a higher room knows of addresses. It is asked in reports, so it takes no
/// lock, and it can't fail but as the formatter does.
pub trait AddressGuide: Sync {
    /// Writes the name of the kernel stack in whose place `address` is; returns
    /// whether there is one.
    fn write_stack(
        &self,
        f: &mut fmt::Formatter<'_>,
        address: VirtAddr,
    ) -> Result<bool, fmt::Error>;

    /// Writes that the stack in whose place `stack_pointer` is ran over, if
    /// `accessed` is in the guard below it; returns whether it did.
    fn write_overflow(
        &self,
        f: &mut fmt::Formatter<'_>,
        stack_pointer: VirtAddr,
        accessed: VirtAddr,
    ) -> Result<bool, fmt::Error>;

    /// Writes why `fault` came, and in further lines, each of them indented, what
    /// lies there.
    fn write_page_fault(&self, f: &mut fmt::Formatter<'_>, fault: &PageFault) -> fmt::Result;
}

static GUIDE: Once<&'static dyn AddressGuide> = Once::new();

/// Registers who knows of addresses.
pub fn set_guide(guide: &'static dyn AddressGuide) {
    GUIDE.call_once(|| guide);
}

/// An exception with what the processor's registers held then. Shows itself in
/// several lines; the first is the exception's name.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    frame: &'a TrapFrame,
    cr2: u64,
    detail: u64,
}

impl<'a> Report<'a> {
    /// Gathers what only the registers know, before something changes them.
    pub(in crate::arch) fn new(frame: &'a TrapFrame) -> Self {
        let detail = match Exception::from_vector(frame.vector) {
            Some(Exception::Debug) => take_debug_status(),
            Some(Exception::Nmi) => nmi_reason(),
            Some(Exception::X87FloatingPoint) => x87_status(),
            _ => 0,
        };
        Self { frame, cr2: Cr2::read_raw(), detail }
    }

    /// Returns the exception, or `None` if its vector is reserved.
    pub fn exception(&self) -> Option<Exception> {
        Exception::from_vector(self.frame.vector)
    }

    /// Lets the next machine check come, if this is one: until then it would reset the
    /// machine instead.
    ///
    /// Source: Intel SDM volume 3B, "Machine-Check Handler".
    pub fn acknowledge(&self) {
        if self.exception() == Some(Exception::MachineCheck) && has_machine_check_registers() {
            machine_check_banks().filter(|bank| bank.1 & VALID != 0).for_each(|(bank, _)| {
                // SAFETY: the register exists, and takes a 0; what it told is told.
                unsafe { Msr::new(bank_status(bank)).write(0) };
            });
            // SAFETY: as above.
            unsafe { Msr::new(MCG_STATUS).write(0) };
        }
    }

    /// Returns where it happened.
    pub fn rip(&self) -> VirtAddr {
        VirtAddr::new_truncate(self.frame.rip)
    }

    /// Returns the chain of frames that led there.
    pub fn backtrace(&self) -> Backtrace {
        Backtrace::new(self.frame.rbp)
    }

    /// Returns the exception's name, in a line.
    pub fn title(&self) -> impl fmt::Display {
        fmt::from_fn(|f| self.write_title(f))
    }

    /// Returns what caused it and what the registers hold, in lines.
    pub fn details(&self) -> impl fmt::Display {
        fmt::from_fn(|f| self.write_details(f))
    }

    fn write_title(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exception() {
            Some(exception) => write!(
                f,
                "exception {}, {}: {}",
                self.frame.vector,
                exception.mnemonic(),
                exception.name()
            ),
            None => write!(f, "exception {}: reserved vector", self.frame.vector),
        }
    }

    fn write_cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Exception as E;
        let code = self.frame.error_code;
        let Some(exception) = self.exception() else {
            return f.write_str("a vector that has no meaning yet");
        };
        match exception {
            E::DivideError => f.write_str("divided by zero, or the quotient doesn't fit"),
            E::Debug => write_debug_status(f, self.detail),
            E::Nmi => write_nmi_reason(f, self.detail),
            E::Breakpoint => f.write_str("INT3 instruction"),
            E::Overflow => f.write_str("INT 4, or INTO with the overflow flag set"),
            E::BoundRange => f.write_str("an index outside of the bounds given to BOUND"),
            E::InvalidOpcode => f.write_str("an instruction that this processor doesn't have"),
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
            E::PageFault => self.write_page_fault(f),
            E::X87FloatingPoint => write_x87_status(f, self.detail),
            E::AlignmentCheck => f.write_str("an address that isn't aligned"),
            E::MachineCheck => write_machine_check(f),
            E::SimdFloatingPoint => {
                f.write_str("an unmasked SSE floating-point exception, see MXCSR")
            }
            E::Virtualization => f.write_str("an EPT violation handed to the guest"),
            E::ControlProtection => write_control_protection(f, code),
            E::HypervisorInjection => f.write_str("the hypervisor injected an event"),
            E::VmmCommunication => write!(f, "the guest did what ends in exit code {code:#x}"),
            E::Security => write!(f, "security exception, code {code:#x}"),
        }
    }

    fn write_page_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = PageFault::new(VirtAddr::new_truncate(self.cr2), self.frame.error_code);
        match GUIDE.get() {
            Some(guide) => guide.write_page_fault(f, &fault),
            None => write!(f, "{fault}"),
        }
    }

    /// A stack that runs over ends here: the page fault at its guard finds no room
    /// for its frame.
    fn write_double_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stack_pointer = VirtAddr::new_truncate(self.frame.rsp);
        let accessed = VirtAddr::new_truncate(self.cr2);
        if let Some(guide) = GUIDE.get()
            && guide.write_overflow(f, stack_pointer, accessed)?
        {
            return Ok(());
        }
        write!(
            f,
            "an exception came while the processor entered the handler of another;\n         \
             the stack pointer was in the {}",
            Stack(self.frame.rsp)
        )
    }

    fn write_details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = self.frame;
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
            Stack(frame.rsp)
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
                ("CR2", self.cr2),
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
            Stack((&raw const here).addr() as u64)
        )
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        write!(f, "{}", self.details())
    }
}

/// The name of the stack that a stack pointer is in.
pub struct Stack(pub u64);

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The stack pointer of an empty stack is just above it.
        if let Ok(address) = VirtAddr::try_new(self.0.wrapping_sub(1))
            && let Some(guide) = GUIDE.get()
            && guide.write_stack(f, address)?
        {
            return Ok(());
        }
        f.write_str("middle of nowhere: no kernel stack")
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

/// Returns DR6 and clears it, as the processor never does.
fn take_debug_status() -> u64 {
    let status = Dr6::read_raw();
    // SAFETY: the four reserved-to-one bits stay set, the causes are cleared.
    unsafe { core::arch::asm!("mov dr6, {}", in(reg) 0xFFFF_0FF0_u64, options(nomem, nostack)) };
    status
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

/// Returns what the system control port says about a non-maskable interrupt.
///
/// Source: PC/AT Technical Reference, "System control port B".
fn nmi_reason() -> u64 {
    u64::from(SYSTEM_CONTROL.read())
}

fn write_nmi_reason(f: &mut fmt::Formatter<'_>, reason: u64) -> fmt::Result {
    match reason & 0xC0 {
        0x40 => f.write_str("the chipset tells of an I/O channel check"),
        0x80 => f.write_str("the chipset tells of a memory parity error"),
        0xC0 => f.write_str("the chipset tells of a memory parity error and an I/O channel check"),
        _ => f.write_str("no reason from the chipset: a watchdog, a button or an INT 2"),
    }
}

fn x87_status() -> u64 {
    let status: u16;
    // SAFETY: FNSTSW reads the status word and raises nothing.
    unsafe { core::arch::asm!("fnstsw ax", out("ax") status, options(nomem, nostack)) };
    u64::from(status)
}

fn write_x87_status(f: &mut fmt::Formatter<'_>, status: u64) -> fmt::Result {
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

/// Source: Intel SDM volume 3B, "Machine-Check Architecture".
fn write_machine_check(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !has_machine_check_registers() {
        return f.write_str("this processor tells no more");
    }
    write!(f, "MCG_STATUS {:#x}", read_msr(MCG_STATUS))?;
    for (bank, status) in machine_check_banks().filter(|bank| bank.1 & VALID != 0) {
        write!(f, ", bank {bank}: {status:#018x}")?;
    }
    Ok(())
}

/// Returns each bank's number and status; the caller has seen that there are some.
fn machine_check_banks() -> impl Iterator<Item = (u32, u64)> {
    let banks = read_msr(MCG_CAP) & 0xFF;
    let banks = 0..banks.min(MACHINE_CHECK_BANKS_MAX) as u32;
    banks.map(|bank| (bank, read_msr(bank_status(bank))))
}

/// Returns the number of a bank's status register.
fn bank_status(bank: u32) -> u32 {
    0x401 + 4 * bank
}

fn has_machine_check_registers() -> bool {
    let features = raw_cpuid::CpuId::new().get_feature_info();
    features.is_some_and(|features| features.has_mca())
}

/// Reads a machine check register; the caller has seen that there are some.
fn read_msr(number: u32) -> u64 {
    // SAFETY: reading a machine check register changes nothing; CPUID's MCA bit
    // and MCG_CAP's bank count say that it exists.
    unsafe { Msr::new(number).read() }
}

/// Source: Intel SDM volume 3A, "Interrupt 21—Control Protection Exception".
fn write_control_protection(f: &mut fmt::Formatter<'_>, code: u64) -> fmt::Result {
    f.write_str(match code & 0x7FFF {
        1 => "near RET to another address than the shadow stack has",
        2 => "far RET or IRET to another address than the shadow stack has",
        3 => "an indirect branch to no ENDBRANCH",
        4 => "RSTORSSP without a token",
        5 => "SETSSBSY without a token",
        _ => "no cause told",
    })
}
