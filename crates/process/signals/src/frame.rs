//! The frame of a signal on a program's stack: its address, its contents, and the part that
//! rt_sigreturn may restore.
//!
//! From the stack pointer downwards there are the red zone of 128 bytes (not on an alternate
//! stack), the FPU state at a multiple of 64, and the frame itself. The frame begins with the
//! restorer's address, in the place of a return address. Its address is therefore 8 less than
//! a multiple of 16, as after a call.
//!
//! Source: Linux UAPI, asm/sigcontext.h and asm/ucontext.h of x86; System V ABI for AMD64,
//! "The Stack Frame".

use crate::action::SaFlags;
use crate::alt_stack::{AltStack, STACK_BYTES};
use crate::bytes::{Writer, array, u16_at, u64_at};
use crate::deliver::Delivery;
use crate::fpu::MAGIC2_BYTES;
use crate::info::SIGINFO_BYTES;
use crate::set::SignalSet;

/// The size of a frame, without the FPU state.
pub const FRAME_BYTES: usize = INFO + SIGINFO_BYTES;

/// The first address after those that a program may have.
pub const USER_END: u64 = 0x0000_7fff_ffff_f000;

/// The number of bytes below the stack pointer that a function may use without moving it.
const RED_ZONE_BYTES: u64 = 128;

// Offsets in the frame.
const CONTEXT: usize = 8;
const STACK: usize = CONTEXT + 16;
const REGISTERS: usize = STACK + STACK_BYTES;
const SELECTORS: usize = REGISTERS + 18 * 8;
const FAULT: usize = SELECTORS + 8;
const FPU_POINTER: usize = FAULT + 4 * 8;
const MASK: usize = FPU_POINTER + 9 * 8;
const INFO: usize = MASK + 8;

// Flags of the context.
/// There is extended FPU state.
const UC_FP_XSTATE: u64 = 1;
/// The stack segment's selector is saved.
const UC_SIGCONTEXT_SS: u64 = 2;
/// The stack segment's selector is restored as it is.
const UC_STRICT_RESTORE_SS: u64 = 4;

/// The flags of RFLAGS that a program may change: CF, PF, AF, ZF, SF, TF, DF, OF, RF, AC.
/// IOPL, NT, IF and the rest stay as they are.
const USER_FLAGS: u64 = 0x0005_0dd5;
/// The flags that are clear when a handler begins: TF, DF, RF.
const HANDLER_CLEARS: u64 = 0x0001_0500;

/// The general registers, RIP and RFLAGS of a thread in user mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the CPU's names")]
pub struct Registers {
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rdi: u64,
    pub rsi: u64,
    pub rbp: u64,
    pub rbx: u64,
    pub rdx: u64,
    pub rax: u64,
    pub rcx: u64,
    pub rsp: u64,
    pub rip: u64,
    pub rflags: u64,
}

/// The contents of a frame besides the registers and the signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The selector of the code segment of programs. A frame with another one isn't restored.
    pub cs: u16,
    /// The selector of the stack segment of programs. A frame with another one and
    /// UC_STRICT_RESTORE_SS isn't restored.
    pub ss: u16,
    /// The error code of the thread's last exception.
    pub error_code: u64,
    /// The vector of the thread's last exception.
    pub vector: u64,
    /// The address of the thread's last page fault.
    pub cr2: u64,
    /// The size of the FPU state in the frame, in bytes; 0 for none. It is 512 without XSAVE.
    pub fpu_bytes: usize,
}

/// Why a frame can't be made or restored. The caller sends the thread SIGSEGV by
/// [`force`](crate::force); if the frame was for SIGSEGV, it resets the action of SIGSEGV
/// before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The frame would be outside of the addresses of programs.
    NoStack,
    /// The alternate stack has no room for the frame.
    AltStackOverflow,
    /// A selector isn't that of the code or the stack of programs.
    BadSelector,
    /// The action has no restorer.
    NoRestorer,
    /// The handler, or the instruction pointer to restore, isn't an address of a program.
    BadInstructionPointer,
    /// The FPU state isn't at a multiple of 64, or is outside of the addresses of programs.
    BadFpuPointer,
}

/// A frame to be written to a program's stack, without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The address of the frame.
    pub address: u64,
    /// The address of the FPU state; 0 if there is none. The state has `fpu_bytes` and then
    /// [`MAGIC2_BYTES`].
    pub fpu_address: u64,
    /// The registers with which the handler begins.
    pub entry: Registers,
}

/// The state that a frame restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The registers. RFLAGS has only changes that a program may make.
    pub registers: Registers,
    /// The blocked signals.
    pub blocked: SignalSet,
    /// The alternate stack, for [`AltStack::set`], whose errors are ignored.
    pub alt_stack: [u8; STACK_BYTES],
    /// The address of the FPU state; without one the thread gets the initial state.
    pub fpu_address: Option<u64>,
}

/// Returns how many bytes a stack needs for a frame with `fpu_bytes` of FPU state, whatever the
/// stack pointer is: AT_MINSIGSTKSZ of getauxval(3).
pub const fn stack_bytes_min(fpu_bytes: usize) -> u64 {
    /// The most bytes that the alignment of the FPU state and of the frame needs.
    const ALIGNMENT_BYTES: usize = 63 + 15 + 8;
    let bytes = FRAME_BYTES + fpu_bytes + MAGIC2_BYTES + ALIGNMENT_BYTES;
    (bytes as u64 + RED_ZONE_BYTES).next_multiple_of(16)
}

/// Makes the frame of a handler, and writes its bytes to `bytes`, which are 0. After the caller has
/// written them to the stack, it calls [`AltStack::disarm`].
///
/// # Errors
///
/// See [`FrameError`].
pub fn encode(
    registers: &Registers,
    delivery: &Delivery,
    alt_stack: AltStack,
    machine: &Machine,
    bytes: &mut [u8; FRAME_BYTES],
) -> Result<Frame, FrameError> {
    if !delivery.flags.contains(SaFlags::RESTORER) {
        return Err(FrameError::NoRestorer);
    }
    if delivery.handler >= USER_END {
        return Err(FrameError::BadInstructionPointer);
    }
    let (address, fpu_address) = place(registers.rsp, delivery.flags, alt_stack, machine)?;

    let (context, info) = bytes.split_at_mut(INFO);
    delivery.info.write(info.first_chunk_mut().expect("the information is the last part"));
    let mut writer = Writer(context);
    writer.u64(0, delivery.restorer);
    let extended = if machine.fpu_bytes > crate::fpu::LEGACY_BYTES { UC_FP_XSTATE } else { 0 };
    writer.u64(CONTEXT, extended | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS);
    writer.put(STACK, &alt_stack.to_bytes(registers.rsp));
    for (position, value) in registers.in_frame().into_iter().enumerate() {
        writer.u64(REGISTERS + 8 * position, value);
    }
    writer.u16(SELECTORS, machine.cs);
    writer.u16(SELECTORS + 6, machine.ss);
    writer.u64(FAULT, machine.error_code);
    writer.u64(FAULT + 8, machine.vector);
    writer.u64(FAULT + 16, delivery.saved.bits());
    writer.u64(FAULT + 24, machine.cr2);
    writer.u64(FPU_POINTER, fpu_address);
    writer.u64(MASK, delivery.saved.bits());

    let entry = Registers {
        rdi: u64::from(delivery.info.signal.number()),
        rsi: address + INFO as u64,
        rdx: address + CONTEXT as u64,
        rax: 0,
        rip: delivery.handler,
        rsp: address,
        rflags: registers.rflags & !HANDLER_CLEARS,
        ..*registers
    };
    Ok(Frame { address, fpu_address, entry })
}

/// Returns the address of the frame that rt_sigreturn restores: 8 bytes below the stack
/// pointer, since the handler's `ret` has popped the restorer's address.
pub fn return_address(stack_pointer: u64) -> u64 {
    stack_pointer.wrapping_sub(8)
}

/// Reads a frame. A program may have forged it, so all values that the kernel relies on are
/// checked. `machine` has the selectors of programs, and `rflags` are the thread's present
/// flags.
///
/// # Errors
///
/// See [`FrameError`].
pub fn decode(
    bytes: &[u8; FRAME_BYTES],
    rflags: u64,
    machine: &Machine,
) -> Result<Restored, FrameError> {
    // As on Linux, a program may leave out the privilege level of a selector.
    let is_of_programs = |offset, selector| u16_at(bytes, SELECTORS + offset) | 3 == selector;
    let is_strict = u64_at(bytes, CONTEXT) & UC_STRICT_RESTORE_SS != 0;
    if !is_of_programs(0, machine.cs) || (is_strict && !is_of_programs(6, machine.ss)) {
        return Err(FrameError::BadSelector);
    }
    let mut registers = Registers::from_frame(|position| u64_at(bytes, REGISTERS + 8 * position));
    if registers.rip >= USER_END {
        return Err(FrameError::BadInstructionPointer);
    }
    registers.rflags = (rflags & !USER_FLAGS) | (registers.rflags & USER_FLAGS);
    let fpu_address = match u64_at(bytes, FPU_POINTER) {
        0 => None,
        address if !address.is_multiple_of(64) || address >= USER_END => {
            return Err(FrameError::BadFpuPointer);
        }
        address => Some(address),
    };
    Ok(Restored {
        registers,
        blocked: SignalSet::from_bits(u64_at(bytes, MASK)).without(SignalSet::UNSTOPPABLE),
        alt_stack: array(bytes, STACK),
        fpu_address,
    })
}

/// Returns the addresses of the frame and of the FPU state.
fn place(
    stack_pointer: u64,
    flags: SaFlags,
    alt_stack: AltStack,
    machine: &Machine,
) -> Result<(u64, u64), FrameError> {
    let nested = alt_stack.is_in_use(stack_pointer);
    let enters = flags.contains(SaFlags::ONSTACK) && alt_stack.is_set() && !nested;
    let top =
        if enters { Some(alt_stack.top()) } else { stack_pointer.checked_sub(RED_ZONE_BYTES) };
    let top = top.filter(|top| *top <= USER_END).ok_or(FrameError::NoStack)?;
    let below =
        |address: u64, bytes: usize| address.checked_sub(bytes as u64).ok_or(FrameError::NoStack);
    let (fpu_address, top) = if machine.fpu_bytes == 0 {
        (0, top)
    } else {
        let address = below(top, machine.fpu_bytes + MAGIC2_BYTES)? & !63;
        (address, address)
    };
    let address = below(below(top, FRAME_BYTES)? & !15, 8)?;
    if (nested || enters) && !alt_stack.contains(address) {
        return Err(FrameError::AltStackOverflow);
    }
    Ok((address, fpu_address))
}

impl Registers {
    /// Returns the registers in the order of the frame.
    fn in_frame(&self) -> [u64; 18] {
        [
            self.r8,
            self.r9,
            self.r10,
            self.r11,
            self.r12,
            self.r13,
            self.r14,
            self.r15,
            self.rdi,
            self.rsi,
            self.rbp,
            self.rbx,
            self.rdx,
            self.rax,
            self.rcx,
            self.rsp,
            self.rip,
            self.rflags,
        ]
    }

    /// Reads the registers in the order of the frame.
    fn from_frame(at: impl Fn(usize) -> u64) -> Self {
        Self {
            r8: at(0),
            r9: at(1),
            r10: at(2),
            r11: at(3),
            r12: at(4),
            r13: at(5),
            r14: at(6),
            r15: at(7),
            rdi: at(8),
            rsi: at(9),
            rbp: at(10),
            rbx: at(11),
            rdx: at(12),
            rax: at(13),
            rcx: at(14),
            rsp: at(15),
            rip: at(16),
            rflags: at(17),
        }
    }
}
