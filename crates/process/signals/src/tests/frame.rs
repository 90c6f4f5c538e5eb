//! Frames: layout, round trip, forged ones.

use proptest::prelude::*;

use super::World;
use crate::frame::{
    self, FRAME_BYTES, FrameError, Machine, Registers, USER_END, decode, return_address,
};
use crate::{
    AltStack, Delivery, Handler, Limit, SaFlags, SigAction, SigInfo, Signal, SignalSet, fpu,
};

const STACK_POINTER: u64 = 0x7ffd_1234_5678;

fn delivery(flags: SaFlags) -> Delivery {
    let mut world = World::new();
    world.block(&[Signal::HUP]);
    let action = SigAction {
        handler: Handler::Address(0x40_1000),
        flags: flags | SaFlags::RESTORER,
        restorer: 0x40_2000,
        mask: SignalSet::EMPTY,
    };
    world.dispositions.set(Signal::INT, action).unwrap();
    world.shared.push(SigInfo::from_user(Signal::INT, 7, 1000), Limit::Below).unwrap();
    world.delivered()
}

fn registers() -> Registers {
    Registers {
        r8: 8,
        r9: 9,
        r10: 10,
        r11: 11,
        r12: 12,
        r13: 13,
        r14: 14,
        r15: 15,
        rdi: 0xd1,
        rsi: 0x51,
        rbp: 0xbb,
        rbx: 0xb0,
        rdx: 0xd0,
        rax: 0xa0,
        rcx: 0xc0,
        rsp: STACK_POINTER,
        rip: 0x40_0123,
        rflags: 0x2_0000 | 0x1_0f97,
    }
}

fn machine(fpu_bytes: usize) -> Machine {
    Machine { cs: 0x33, ss: 0x2b, error_code: 6, vector: 14, cr2: 0x1234, fpu_bytes }
}

fn alt_stack(base: u64, size: u64, flags: u32) -> AltStack {
    let mut bytes = [0; crate::STACK_BYTES];
    bytes[..8].copy_from_slice(&base.to_le_bytes());
    bytes[8..12].copy_from_slice(&flags.to_le_bytes());
    bytes[16..].copy_from_slice(&size.to_le_bytes());
    let mut alt = AltStack::NONE;
    alt.set(&bytes, 0, 0).unwrap();
    alt
}

/// A frame with its bytes.
struct Frame {
    address: u64,
    fpu_address: u64,
    bytes: [u8; FRAME_BYTES],
    entry: Registers,
}

fn encode(
    registers: &Registers,
    delivery: &Delivery,
    alt_stack: AltStack,
    machine: &Machine,
) -> Result<Frame, FrameError> {
    let mut bytes = [0; FRAME_BYTES];
    let frame = frame::encode(registers, delivery, alt_stack, machine, &mut bytes)?;
    Ok(Frame { address: frame.address, fpu_address: frame.fpu_address, bytes, entry: frame.entry })
}

fn word(frame: &Frame, offset: usize) -> u64 {
    u64::from_le_bytes(frame.bytes[offset..offset + 8].try_into().unwrap())
}

/// The offsets are those of C programs on Linux, `offsetof(ucontext_t, …)`, and 8 for the
/// restorer's address.
#[test]
fn frame_has_the_layout_of_linux() {
    let alt = alt_stack(0x1000, 8192, 0);
    let frame = encode(&registers(), &delivery(SaFlags::SIGINFO), alt, &machine(832)).unwrap();
    assert_eq!(FRAME_BYTES, 440);
    let in_context = |offset: usize| word(&frame, 8 + offset);
    assert_eq!(word(&frame, 0), 0x40_2000);
    // uc_flags, uc_link, uc_stack.
    assert_eq!((in_context(0), in_context(8)), (7, 0));
    assert_eq!((in_context(16), in_context(24), in_context(32)), (0x1000, 0, 8192));
    // uc_mcontext.gregs: REG_R8 is the first, REG_RSP the 16th, REG_RIP the 17th.
    assert_eq!((in_context(40), in_context(40 + 8 * 13)), (8, 0xa0));
    assert_eq!((in_context(40 + 8 * 15), in_context(40 + 8 * 16)), (STACK_POINTER, 0x40_0123));
    assert_eq!(in_context(40 + 8 * 17), registers().rflags);
    // REG_CSGSFS, REG_ERR, REG_TRAPNO, REG_OLDMASK, REG_CR2.
    assert_eq!(in_context(40 + 8 * 18), 0x2b << 48 | 0x33);
    assert_eq!((in_context(40 + 8 * 19), in_context(40 + 8 * 20)), (6, 14));
    assert_eq!((in_context(40 + 8 * 21), in_context(40 + 8 * 22)), (1, 0x1234));
    // uc_mcontext.fpregs, uc_sigmask, and siginfo after it.
    assert_eq!(in_context(224), frame.fpu_address);
    assert_eq!(in_context(296), 1);
    assert_eq!(frame.bytes[312..], SigInfo::from_user(Signal::INT, 7, 1000).to_bytes());
}

#[test]
fn handler_begins_like_a_function() {
    let frame =
        encode(&registers(), &delivery(SaFlags::empty()), AltStack::NONE, &machine(832)).unwrap();
    let expected = Registers {
        rdi: 2,
        rsi: frame.address + 312,
        rdx: frame.address + 8,
        rax: 0,
        rip: 0x40_1000,
        rsp: frame.address,
        // TF, DF and RF are clear.
        rflags: registers().rflags & !0x1_0500,
        ..registers()
    };
    assert_eq!(frame.entry, expected);
    assert_eq!(frame.address % 16, 8);
    assert_eq!(frame.fpu_address % 64, 0);
    // The red zone is whole, and nothing overlaps.
    assert!(frame.fpu_address + 832 + 4 <= STACK_POINTER - 128);
    assert!(frame.address + FRAME_BYTES as u64 <= frame.fpu_address);
    // The restorer's `ret` takes 8 bytes.
    assert_eq!(return_address(frame.address + 8), frame.address);
}

/// Recorded on Linux 6.18 by a handler that printed its second and third argument, `fpregs`
/// and `REG_RSP`, with a state of 2,432 bytes: on the stack and on an alternate one.
#[test]
fn frame_lies_where_linux_has_put_it() {
    let alt = alt_stack(0x5591_dc79_92a0, 0x10000, 0);
    for (rsp, flags, context, fpu_address) in [
        (0x7ffc_2c7d_dd50, SaFlags::empty(), 0x7ffc_2c7d_d180, 0x7ffc_2c7d_d340),
        (0x7fff_9e81_0190, SaFlags::ONSTACK, 0x5591_dc7a_8740, 0x5591_dc7a_8900),
    ] {
        let registers = Registers { rsp, ..registers() };
        let frame = encode(&registers, &delivery(flags), alt, &machine(2432)).unwrap();
        assert_eq!((frame.entry.rdx, frame.fpu_address), (context, fpu_address));
        assert_eq!(frame.entry.rsi, context + 304);
    }
}

#[test]
fn frame_without_fpu_state_says_so() {
    for (fpu_bytes, flags) in [(0, 6), (512, 6), (576, 7), (2696, 7)] {
        let frame =
            encode(&registers(), &delivery(SaFlags::empty()), AltStack::NONE, &machine(fpu_bytes))
                .unwrap();
        assert_eq!(word(&frame, 8), flags);
        assert_eq!(frame.fpu_address == 0, fpu_bytes == 0);
    }
}

#[test]
fn alternate_stack_is_used_where_asked_for() {
    let alt = alt_stack(0x10000, 0x4000, 0);
    let on = |stack_pointer: u64, flags, alt| {
        let registers = Registers { rsp: stack_pointer, ..registers() };
        encode(&registers, &delivery(flags), alt, &machine(832)).map(|frame| frame.address)
    };
    let within = 0x10000..0x14000;
    assert!(within.contains(&on(STACK_POINTER, SaFlags::ONSTACK, alt).unwrap()));
    assert!(!within.contains(&on(STACK_POINTER, SaFlags::empty(), alt).unwrap()));
    assert!(!within.contains(&on(STACK_POINTER, SaFlags::ONSTACK, AltStack::NONE).unwrap()));
    // The frame of a nested handler is below that of a handler on the alternate stack.
    let nested = on(0x12000, SaFlags::ONSTACK, alt).unwrap();
    assert!(nested < 0x12000 - 128 - 832 && nested > 0x10000);
    // The first frame begins at the top, without a red zone.
    let first = on(STACK_POINTER, SaFlags::ONSTACK, alt).unwrap();
    assert!(first > 0x14000 - 64 - 832 - 4 - 440 - 16 - 8);
    // A frame that doesn't fit is refused, with and without SA_ONSTACK.
    for flags in [SaFlags::ONSTACK, SaFlags::empty()] {
        assert_eq!(on(0x10400, flags, alt), Err(FrameError::AltStackOverflow));
    }
    let small = alt_stack(0x10000, 1000, 0);
    assert_eq!(on(STACK_POINTER, SaFlags::ONSTACK, small), Err(FrameError::AltStackOverflow));
}

#[test]
fn bad_stacks_and_handlers_get_no_frame() {
    let make = |rsp, delivery: &Delivery, alt| {
        encode(&Registers { rsp, ..registers() }, delivery, alt, &machine(832)).map(drop)
    };
    let plain = delivery(SaFlags::empty());
    for rsp in [0, 100, 1000, USER_END + 200, 0x8000_0000_0000_0000, u64::MAX] {
        assert_eq!(make(rsp, &plain, AltStack::NONE), Err(FrameError::NoStack), "{rsp:#x}");
    }
    let on_stack = delivery(SaFlags::ONSTACK);
    let alt = alt_stack(0xffff_8000_0000_0000, 0x10000, 0);
    assert_eq!(make(STACK_POINTER, &on_stack, alt), Err(FrameError::NoStack));
    for handler in [USER_END, 0x8000_0000_0000, 0xffff_8000_0000_0000, u64::MAX] {
        let bad = Delivery { handler, ..plain };
        assert_eq!(
            make(STACK_POINTER, &bad, AltStack::NONE),
            Err(FrameError::BadInstructionPointer)
        );
    }
    let bad = Delivery { flags: SaFlags::empty(), ..plain };
    assert_eq!(make(STACK_POINTER, &bad, AltStack::NONE), Err(FrameError::NoRestorer));
}

#[test]
fn forged_frames_restore_nothing_dangerous() {
    // Of a frame with all bits set, only the flags of programs are taken: IF stays set,
    // IOPL, NT and VM stay clear.
    let mut bytes = [0xff; FRAME_BYTES];
    bytes[8 + 40 + 8 * 16..][..8].copy_from_slice(&0x40_0000_u64.to_le_bytes());
    bytes[8 + 224..][..8].fill(0);
    bytes[8 + 40 + 8 * 18..][..8].copy_from_slice(&[0x33, 0, 0, 0, 0, 0, 0x28, 0]);
    let restored = decode(&bytes, 0x202, &machine(0)).unwrap();
    assert_eq!(restored.registers.rflags, 0x202 | 0x5_0dd5);
    assert_eq!(restored.registers.rflags & 0x1a_7000, 0);
    assert_eq!(restored.blocked, !SignalSet::UNSTOPPABLE);
    assert_eq!(restored.fpu_address, None);
    bytes[8 + 40 + 8 * 17..][..8].fill(0);
    assert_eq!(decode(&bytes, 0x202 | 0x5_0dd5, &machine(0)).unwrap().registers.rflags, 0x202);

    for (offset, selector) in [(0, 0_u16), (0, 0x10), (0, 0x2b), (6, 0), (6, 0x18), (6, 0x33)] {
        let mut bad = bytes;
        bad[8 + 40 + 8 * 18 + offset..][..2].copy_from_slice(&selector.to_le_bytes());
        assert_eq!(decode(&bad, 0x202, &machine(0)), Err(FrameError::BadSelector), "{selector:#x}");
        // Without that flag, the stack's selector is ignored.
        bad[8] &= !4;
        assert_eq!(decode(&bad, 0x202, &machine(0)).is_ok(), offset == 6, "{selector:#x}");
    }
    for rip in [USER_END, 0x8000_0000_0000, 0xffff_7fff_ffff_ffff, 0xffff_8000_0000_0000] {
        let mut bad = bytes;
        bad[8 + 40 + 8 * 16..][..8].copy_from_slice(&rip.to_le_bytes());
        assert_eq!(
            decode(&bad, 0x202, &machine(0)),
            Err(FrameError::BadInstructionPointer),
            "{rip:#x}"
        );
    }
    for pointer in [1, 0x1020, 0xffff_8000_0000_0000, 0x8000_0000_0000] {
        let mut bad = bytes;
        bad[8 + 224..][..8].copy_from_slice(&u64::to_le_bytes(pointer));
        assert_eq!(
            decode(&bad, 0x202, &machine(0)),
            Err(FrameError::BadFpuPointer),
            "{pointer:#x}"
        );
    }
}

proptest! {
    #[test]
    fn frames_restore_what_they_saved(
        words in prop::collection::vec(any::<u64>(), 18),
        blocked: u64,
        rsp in 0x10000..USER_END,
        rip in 0..USER_END,
        fpu_bytes in prop::sample::select(std::vec![0_usize, 512, 576, 832, 2696, 11008]),
    ) {
        let registers = Registers {
            r8: words[0], r9: words[1], r10: words[2], r11: words[3], r12: words[4],
            r13: words[5], r14: words[6], r15: words[7], rdi: words[8], rsi: words[9],
            rbp: words[10], rbx: words[11], rdx: words[12], rax: words[13], rcx: words[14],
            rsp, rip, rflags: 0x202 | words[17] & 0x5_0dd5,
        };
        let saved = SignalSet::from_bits(blocked).without(SignalSet::UNSTOPPABLE);
        let delivery = Delivery { saved, ..delivery(SaFlags::empty()) };
        let frame = encode(&registers, &delivery, AltStack::NONE, &machine(fpu_bytes)).unwrap();
        prop_assert_eq!(frame.address % 16, 8);
        prop_assert!(frame.address + FRAME_BYTES as u64 <= rsp - 128);
        // The thread's flags in the handler have no effect.
        let restored = decode(&frame.bytes, frame.entry.rflags, &machine(0)).unwrap();
        prop_assert_eq!(restored.registers, registers);
        prop_assert_eq!(restored.blocked, saved);
        prop_assert_eq!(restored.fpu_address.unwrap_or(0), frame.fpu_address);
    }

    #[test]
    fn any_bytes_are_decoded_without_harm(
        start in prop::collection::vec(any::<u8>(), FRAME_BYTES),
        rflags: u64,
    ) {
        let bytes: [u8; FRAME_BYTES] = start.try_into().unwrap();
        if let Ok(restored) = decode(&bytes, rflags, &machine(0)) {
            prop_assert!(restored.registers.rip < USER_END);
            prop_assert_eq!((restored.registers.rflags ^ rflags) & !0x5_0dd5, 0);
            prop_assert!((restored.blocked & SignalSet::UNSTOPPABLE).is_empty());
            prop_assert!(restored.fpu_address.is_none_or(|at| at % 64 == 0 && at < USER_END));
        }
    }

    #[test]
    fn frames_lie_where_programs_may_write(rsp: u64, base: u64, size: u64, on_stack: bool) {
        let flags = if on_stack { SaFlags::ONSTACK } else { SaFlags::empty() };
        let alt = alt_stack(base, size, 0);
        let registers = Registers { rsp, ..registers() };
        if let Ok(frame) = encode(&registers, &delivery(flags), alt, &machine(832)) {
            let end = frame.fpu_address + (832 + fpu::MAGIC2_BYTES) as u64;
            prop_assert!(frame.address < frame.fpu_address && end <= USER_END);
        }
    }
}
