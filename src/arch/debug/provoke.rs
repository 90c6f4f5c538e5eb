//! Provokes exceptions, to show and test their reports.
//!
//! Each exception is raised by a real cause if the CPU allows that in ring 0, otherwise by an INT
//! instruction with the exception's vector.

use core::arch::asm;

use x86_64::VirtAddr;
use x86_64::registers::control::{Cr0, Cr0Flags};

use crate::arch::cpu::{fpu, gdt};
use crate::arch::trap::exception::Exception;
use crate::arch::trap::fault::Fault;
use crate::arch::trap::page_fault::Access;

/// A canonical address at which nothing is ever mapped: far above any program and far
/// below the kernel.
const UNMAPPED: u64 = 0x0000_7FFF_FFFF_F000;
const NOT_CANONICAL: u64 = 0x8000_0000_0000_0000;

/// Runs instructions, of which the one at label 2 may fault; after a fault the kernel continues at
/// label 3, after all of them. They change only their operands, or state that is restored
/// afterwards.
macro_rules! provoke {
    ($($line:literal),+ ; $($operands:tt)*) => {
        // SAFETY: each use changes only its operands, and state that the kernel doesn't
        // use: FS, the x87 registers. A faulting instruction has no effect.
        unsafe {
            asm!(
                $($line,)+
                "3:",
                ".pushsection .provoked, \"a\"",
                ".quad 2b, 3b",
                ".popsection",
                $($operands)*
            )
        }
    };
}

/// Raises a vector by an INT instruction.
macro_rules! interrupt {
    ($vector:literal) => {
        provoke!("int {vector}", "2: nop"; vector = const $vector)
    };
}

/// Raises `exception`. Returns if it is a trap ([`Exception::is_trap`]). Never inlined, so that
/// traces show this function.
#[inline(never)]
pub fn provoke(exception: Exception) {
    use Exception as E;
    let gdt = gdt::current();
    match exception {
        E::DivideError => provoke!("2: div {divisor:e}";
            divisor = in(reg) 0, inout("eax") 1 => _, inout("edx") 0 => _),
        // The handler clears the trap flag.
        E::Debug => provoke!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "2: nop";),
        E::Nmi => interrupt!(2),
        E::Breakpoint => provoke!("int3", "2: nop";),
        E::Overflow => interrupt!(4),
        E::BoundRange => interrupt!(5),
        E::InvalidOpcode => provoke!("2: ud2";),
        E::DeviceNotAvailable => provoke_device_not_available(),
        E::DoubleFault => provoke!(
            "mov {kept}, rsp", "mov rsp, {unmapped}", "2: push rax", "mov rsp, {kept}";
            kept = out(reg) _, unmapped = in(reg) UNMAPPED),
        E::CoprocessorSegmentOverrun => interrupt!(9),
        // The NMI's gate then uses a stack beyond the shorter TSS's limit.
        E::InvalidTss => provoke!("ltr {short:x}", "2: int 2"; short = in(reg) gdt.short_tss.0),
        E::SegmentNotPresent => provoke!("2: mov fs, {selector:x}";
            selector = in(reg) gdt.not_present.0),
        E::StackSegment => provoke!("2: mov ss, {selector:x}";
            selector = in(reg) gdt.not_present.0),
        E::GeneralProtection => provoke!("2: mov {address}, [{address}]";
            address = inout(reg) NOT_CANONICAL => _),
        E::PageFault => provoke!("2: mov {address}, [{address}]";
            address = inout(reg) UNMAPPED => _),
        E::X87FloatingPoint => provoke_x87(),
        E::AlignmentCheck => interrupt!(17),
        E::MachineCheck => interrupt!(18),
        E::SimdFloatingPoint => interrupt!(19),
        E::Virtualization => interrupt!(20),
        E::ControlProtection => interrupt!(21),
        E::HypervisorInjection => interrupt!(28),
        E::VmmCommunication => interrupt!(29),
        E::Security => interrupt!(30),
    }
}

/// An instruction that faults on purpose, and the address at which to continue.
#[repr(C)]
struct Provoked {
    instruction: u64,
    landing: u64,
}

unsafe extern "C" {
    static __provoked_start: [Provoked; 0];
    static __provoked_end: [Provoked; 0];
}

/// Makes the interrupted code continue after the faulting instruction, if `fault` was provoked here
/// and the code can continue. Returns whether it does.
pub fn skip(fault: &mut Fault<'_>) -> bool {
    let start = (&raw const __provoked_start).cast::<Provoked>();
    let len_bytes = (&raw const __provoked_end).addr() - start.addr();
    // SAFETY: the linker script puts the symbols around a read-only array, aligned to 8
    // bytes.
    let all = unsafe { core::slice::from_raw_parts(start, len_bytes / size_of::<Provoked>()) };
    let rip = fault.frame().rip;
    let landing = all.iter().find(|it| it.instruction == rip).map(|it| it.landing);
    if let Some(landing) = landing {
        fault.frame_mut().rip = landing;
    }
    landing.is_some()
}

/// Reads, writes or executes at `address`; the access must fault.
///
/// # Safety
/// The page isn't present or doesn't allow the access.
pub unsafe fn access(access: Access, address: VirtAddr) {
    match access {
        Access::Read => provoke!("2: mov {value}, [{address}]";
            value = out(reg_byte) _, address = in(reg) address.as_u64()),
        Access::Write => provoke!("2: mov [{address}], {value}";
            value = in(reg_byte) 0_u8, address = in(reg) address.as_u64()),
        // The CPU faults at the address itself, not at the jump, so the code can't continue.
        Access::Execute => provoke!("2: jmp {address}"; address = in(reg) address.as_u64()),
    }
}

/// Calls itself until the stack overflows.
#[expect(unconditional_recursion, reason = "it ends at the stack's guard")]
#[inline(never)]
pub fn overflow_stack() -> u64 {
    let local = core::hint::black_box([1_u64; 64]);
    // The addition comes after the call, so the compiler can't turn the recursion into a
    // loop.
    overflow_stack() + core::hint::black_box(local)[0]
}

/// Raises a reserved vector, which has no gate.
pub fn provoke_reserved_vector() {
    provoke!("2: int 15";);
}

fn provoke_device_not_available() {
    while_fpu(fpu::lock, || provoke!("2: fnop";));
}

/// Divides one by zero, with that exception unmasked.
fn provoke_x87() {
    let control_word: u16 = 0x037B;
    while_fpu(fpu::unlock, || {
        provoke!("fninit", "fldcw [{control_word}]", "fld1", "fldz", "fdivp st(1), st", "2: fwait"; control_word = in(reg) &raw const control_word);
        // Clears pending exceptions.
        provoke!("2: fninit";);
    });
}

/// Calls `change`, which forbids or allows floating point, runs `action`, then restores the state.
fn while_fpu(change: fn(), action: impl FnOnce()) {
    let was_locked = Cr0::read().contains(Cr0Flags::TASK_SWITCHED);
    change();
    action();
    if was_locked { fpu::lock() } else { fpu::unlock() }
}
