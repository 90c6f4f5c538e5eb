//! Patterns in this CPU's registers, for tests of the context switch.

use core::arch::asm;

use x86_64::registers::xcontrol::XCr0Flags;

use farjump::arch::cpu::fpu;
use farjump::arch::cpu::fpu_section::FpuSection;

/// The number of 64-bit words that [`changed_over`] fills: sixteen vectors of 32 bytes,
/// eight x87 registers, and the control words of x87 and SSE.
const WORDS: usize = 16 * 4 + 8 + 1;

/// Moves each vector register to or from its bytes at `at`.
macro_rules! move_vectors {
    ($direction:ident $move:literal $class:literal) => {
        move_vectors!($direction $move $class;
            "0" "0", "1" "32", "2" "64", "3" "96", "4" "128", "5" "160", "6" "192", "7" "224",
            "8" "256", "9" "288", "10" "320", "11" "352", "12" "384", "13" "416", "14" "448",
            "15" "480")
    };
    (from $move:literal $class:literal; $($number:literal $offset:literal),*) => {
        concat!($($move, " ", $class, $number, ", [{at} + ", $offset, "]\n",)*)
    };
    (to $move:literal $class:literal; $($number:literal $offset:literal),*) => {
        concat!($($move, " [{at} + ", $offset, "], ", $class, $number, "\n",)*)
    };
}

/// An instruction for each x87 register, with the offset of its 8 bytes after `at`.
macro_rules! for_x87 {
    ($instruction:literal: $($offset:literal)*) => {
        concat!($($instruction, " qword ptr [{at} + ", $offset, "]\n",)*)
    };
}

/// Returns whether XSAVE saves the AVX registers.
fn has_avx() -> bool {
    fpu::parts() & XCr0Flags::AVX.bits() != 0
}

/// Fills the x87 and SSE registers, the AVX registers if XSAVE saves them, and their
/// control words with patterns that depend on `seed`; runs `pause`; compares. Returns the
/// index of the first word that has changed.
pub fn changed_over(seed: u64, pause: fn()) -> Option<usize> {
    let has_avx = has_avx();
    let mut wanted = [0_u64; WORDS];
    for (index, word) in wanted.iter_mut().enumerate() {
        let mixed = (seed + index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        *word = mixed ^ mixed >> 29;
    }
    // Both control words mask all exceptions, and have a rounding mode that depends on the
    // seed.
    let rounding = seed & 3;
    wanted[WORDS - 1] = (0x1F80 | rounding << 13) << 32 | 0x037F | rounding << 10;
    if !has_avx {
        (0..16).for_each(|vector| wanted[vector * 4 + 2..vector * 4 + 4].fill(0));
    }
    let mut found = [0_u64; WORDS];
    fill_from(&wanted, has_avx);
    pause();
    take_to(&mut found, has_avx);
    (0..WORDS).find(|&index| wanted[index] != found[index])
}

fn fill_from(wanted: &[u64; WORDS], has_avx: bool) {
    let at = wanted.as_ptr();
    // SAFETY: exactly these words are read; the kernel doesn't use the registers.
    unsafe {
        asm!(
            "fninit",
            "fldcw word ptr [{at} + 576]",
            for_x87!("fild": "512" "520" "528" "536" "544" "552" "560" "568"),
            at = in(reg) at,
            options(nostack, readonly),
        );
    }
    fill_vectors_from(wanted, has_avx);
}

/// Fills the vector registers and MXCSR.
fn fill_vectors_from(wanted: &[u64; WORDS], has_avx: bool) {
    let at = wanted.as_ptr();
    // SAFETY: exactly these words are read; the kernel doesn't use the register.
    unsafe {
        asm!("ldmxcsr dword ptr [{at} + 580]", at = in(reg) at, options(nostack, readonly));
    }
    if has_avx {
        // SAFETY: as above; XSAVE saves AVX, as was checked.
        unsafe {
            asm!(move_vectors!(from "vmovdqu" "ymm"), at = in(reg) at, options(nostack, readonly));
        }
    } else {
        // SAFETY: as above.
        unsafe {
            asm!(move_vectors!(from "movdqu" "xmm"), at = in(reg) at, options(nostack, readonly));
        }
    }
}

/// Copies the registers; those of x87 are empty afterwards.
fn take_to(found: &mut [u64; WORDS], has_avx: bool) {
    let at = found.as_mut_ptr();
    // SAFETY: exactly these words are written; the kernel doesn't use the registers.
    unsafe {
        asm!(
            "fnstcw word ptr [{at} + 576]",
            for_x87!("fistp": "568" "560" "552" "544" "536" "528" "520" "512"),
            at = in(reg) at,
            options(nostack),
        );
    }
    take_vectors_to(found, has_avx);
}

/// Copies the vector registers and MXCSR.
fn take_vectors_to(found: &mut [u64; WORDS], has_avx: bool) {
    let at = found.as_mut_ptr();
    // SAFETY: exactly these words are written; the kernel doesn't use the register.
    unsafe { asm!("stmxcsr dword ptr [{at} + 580]", at = in(reg) at, options(nostack)) };
    if has_avx {
        // SAFETY: as above; XSAVE saves AVX, as was checked.
        unsafe { asm!(move_vectors!(to "vmovdqu" "ymm"), at = in(reg) at, options(nostack)) };
    } else {
        // SAFETY: as above.
        unsafe { asm!(move_vectors!(to "movdqu" "xmm"), at = in(reg) at, options(nostack)) };
    }
}

/// Does what [`changed_over`] does, with the registers that a section may change; no exception
/// is masked in MXCSR. Returns the index of MXCSR's word if the section begins with another value
/// than the default.
pub fn changed_in_section(_: &FpuSection, seed: u64, pause: fn()) -> Option<usize> {
    let has_avx = has_avx();
    let mut begin = [0_u64; WORDS];
    take_vectors_to(&mut begin, has_avx);
    if begin[WORDS - 1] >> 32 != 0x1F80 {
        return Some(WORDS - 1);
    }
    let mut wanted = [0_u64; WORDS];
    let values = if has_avx { 0..64 } else { 0..0 };
    values.for_each(|index| wanted[index] = seed << 8 | index as u64);
    (0..64).step_by(4).for_each(|index| wanted[index] = !seed);
    wanted[WORDS - 1] = 0x6000 << 32;
    let mut found = [0_u64; WORDS];
    fill_vectors_from(&wanted, has_avx);
    pause();
    take_vectors_to(&mut found, has_avx);
    (0..WORDS).find(|&index| wanted[index] != found[index])
}

/// Returns the first vector register.
pub fn first_vector() -> [u64; 2] {
    let mut value = [0; 2];
    // SAFETY: the array has the 16 bytes that the instruction writes.
    unsafe { asm!("movdqu [{}], xmm0", in(reg) value.as_mut_ptr(), options(nostack)) };
    value
}

/// Fills the general registers and the flags with `pattern`, runs a loop of `rounds` rounds
/// that only interrupts can leave, and returns 0 if nothing has changed.
pub fn general_changed(pattern: u64, rounds: u64) -> u64 {
    let changed: u64;
    // SAFETY: the code changes only registers that it names, and flags; the direction flag
    // is clear again at the end.
    unsafe {
        asm!(
            "lea r9, [r8 + 1]",
            "lea r10, [r8 + 2]",
            "lea r11, [r8 + 3]",
            "lea r12, [r8 + 4]",
            "lea r13, [r8 + 5]",
            "lea r14, [r8 + 6]",
            "lea r15, [r8 + 7]",
            "lea rsi, [r8 + 8]",
            "lea rdi, [r8 + 9]",
            "lea rdx, [r8 + 10]",
            // DEC doesn't change the carry flag.
            "std",
            "stc",
            "2:",
            "dec rcx",
            "jnz 2b",
            "setnc al",
            "pushfq",
            "cld",
            "pop rcx",
            "movzx eax, al",
            // The direction flag.
            "shr ecx, 10",
            "and ecx, 1",
            "xor ecx, 1",
            "or rax, rcx",
            "sub r9, 1",
            "sub r10, 2",
            "sub r11, 3",
            "sub r12, 4",
            "sub r13, 5",
            "sub r14, 6",
            "sub r15, 7",
            "sub rsi, 8",
            "sub rdi, 9",
            "sub rdx, 10",
            "xor r9, r8",
            "xor r10, r8",
            "xor r11, r8",
            "xor r12, r8",
            "xor r13, r8",
            "xor r14, r8",
            "xor r15, r8",
            "xor rsi, r8",
            "xor rdi, r8",
            "xor rdx, r8",
            "or r9, r10",
            "or r9, r11",
            "or r9, r12",
            "or r9, r13",
            "or r9, r14",
            "or r9, r15",
            "or r9, rsi",
            "or r9, rdi",
            "or r9, rdx",
            "or rax, r9",
            inout("r8") pattern => _,
            out("rax") changed,
            inout("rcx") rounds.max(1) => _,
            out("rdx") _, out("rsi") _, out("rdi") _,
            out("r9") _, out("r10") _, out("r11") _,
            out("r12") _, out("r13") _, out("r14") _, out("r15") _,
        );
    }
    changed
}
