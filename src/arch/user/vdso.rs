//! The code of the vDSO: system calls that need no entry into the kernel.
//!
//! The code is position-independent, and runs only in ring 3. The page before the image has the
//! data of the clock ([`vdso_image::ClockData`]). If the time can't be computed from the time stamp
//! counter, or another clock is requested, the code makes the system call.
//!
//! Source: Linux, vdso(7); System V ABI, AMD64 Supplement, "Linux Kernel Conventions".

use core::arch::global_asm;

use vdso_image::{CODE_OFFSET, Function, offset};

use crate::arch::cpu::gdt;

/// The distance from the data to the code, in bytes. The data are a page before the image.
const DATA_DISTANCE: usize = CODE_OFFSET + 0x1000;

global_asm!(
    ".pushsection .rodata.vdso, \"a\"",
    ".balign 16",
    ".globl vdso_code_start",
    "vdso_code_start:",
    // Returns the time in RAX: since the start of the kernel's clock, or the time of day if R9
    // isn't 0. Sets the carry flag if it can't. Changes RCX, RDX, R8, R10 and R11.
    "vdso_now:",
    "lea r8, [rip + vdso_code_start - {data_distance}]",
    "2: mov r11d, [r8 + {sequence}]",
    "test r11d, 1",
    "jnz 6f",
    "cmp dword ptr [r8 + {is_usable}], 0",
    "je 7f",
    // Keeps RDTSC in order: LFENCE also waits for the load of the sequence.
    "lfence",
    "rdtsc",
    "shl rdx, 32",
    "or rax, rdx",
    "sub rax, [r8 + {base_tsc}]",
    "jae 3f",
    "xor eax, eax",
    "3: mul qword ptr [r8 + {mantissa}]",
    "mov ecx, [r8 + {shift}]",
    "cmp ecx, 64",
    "jae 4f",
    "shrd rax, rdx, cl",
    "jmp 5f",
    // A shift takes its count modulo 64.
    "4: mov rax, rdx",
    "shr rax, cl",
    "5: add rax, [r8 + {base_ns}]",
    "mov r10, [r8 + {real_time_start_ns}]",
    "test r9d, r9d",
    "cmovz r10, r9",
    "add rax, r10",
    "cmp r11d, [r8 + {sequence}]",
    "jne 2b",
    "clc",
    "ret",
    "6: pause",
    "jmp 2b",
    "7: stc",
    "ret",
    ".globl vdso_clock_gettime",
    "vdso_clock_gettime:",
    "cmp edi, 7",
    "ja 3f",
    "mov ecx, edi",
    "mov eax, 1",
    "shl eax, cl",
    // CLOCK_REALTIME, CLOCK_REALTIME_COARSE.
    "mov r9d, eax",
    "and r9d, 0x21",
    "jnz 2f",
    // CLOCK_MONOTONIC, its RAW and COARSE kinds, CLOCK_BOOTTIME.
    "test eax, 0xD2",
    "jz 3f",
    "2: call vdso_now",
    "jc 3f",
    "xor edx, edx",
    "mov ecx, 1000000000",
    "div rcx",
    "mov [rsi], rax",
    "mov [rsi + 8], rdx",
    "xor eax, eax",
    "ret",
    "3: mov eax, 228",
    "syscall",
    "ret",
    ".globl vdso_gettimeofday",
    "vdso_gettimeofday:",
    "test rdi, rdi",
    "jz 2f",
    "mov r9d, 1",
    "call vdso_now",
    "jc 4f",
    "xor edx, edx",
    "mov ecx, 1000000000",
    "div rcx",
    "mov [rdi], rax",
    "mov eax, edx",
    "xor edx, edx",
    "mov ecx, 1000",
    "div ecx",
    "mov [rdi + 8], rax",
    // There is no time zone: it is set to 0.
    "2: test rsi, rsi",
    "jz 3f",
    "mov qword ptr [rsi], 0",
    "3: xor eax, eax",
    "ret",
    "4: mov eax, 96",
    "syscall",
    "ret",
    ".globl vdso_time",
    "vdso_time:",
    "mov r9d, 1",
    "call vdso_now",
    "jc 3f",
    "xor edx, edx",
    "mov ecx, 1000000000",
    "div rcx",
    "test rdi, rdi",
    "jz 2f",
    "mov [rdi], rax",
    "2: ret",
    "3: mov eax, 201",
    "syscall",
    "ret",
    ".globl vdso_clock_getres",
    "vdso_clock_getres:",
    "mov eax, 229",
    "syscall",
    "ret",
    ".globl vdso_getcpu",
    "vdso_getcpu:",
    // The limit of a segment has the number of the CPU in its lower 12 bits, above them that of the
    // node.
    "mov ecx, {cpu_number}",
    "lsl eax, ecx",
    "test rdi, rdi",
    "jz 2f",
    "mov ecx, eax",
    "and ecx, 0xFFF",
    "mov [rdi], ecx",
    "2: test rsi, rsi",
    "jz 3f",
    "shr eax, 12",
    "mov [rsi], eax",
    "3: xor eax, eax",
    "ret",
    ".globl vdso_code_end",
    "vdso_code_end:",
    ".popsection",
    data_distance = const DATA_DISTANCE,
    sequence = const offset::SEQUENCE,
    is_usable = const offset::IS_USABLE,
    base_tsc = const offset::BASE_TSC,
    base_ns = const offset::BASE_NS,
    mantissa = const offset::MANTISSA,
    shift = const offset::SHIFT,
    real_time_start_ns = const offset::REAL_TIME_START_NS,
    cpu_number = const gdt::CPU_NUMBER,
);

unsafe extern "C" {
    static vdso_code_start: u8;
    static vdso_clock_gettime: u8;
    static vdso_gettimeofday: u8;
    static vdso_time: u8;
    static vdso_clock_getres: u8;
    static vdso_getcpu: u8;
    static vdso_code_end: u8;
}

/// Returns the code.
pub fn code() -> &'static [u8] {
    let start = &raw const vdso_code_start;
    let len = (&raw const vdso_code_end).addr() - start.addr();
    // SAFETY: the assembler has placed the code between the two symbols, among the constants.
    unsafe { core::slice::from_raw_parts(start, len) }
}

/// Returns the offsets of the functions.
pub fn functions() -> [Function<'static>; 5] {
    let starts = [
        ("__vdso_clock_gettime", &raw const vdso_clock_gettime),
        ("__vdso_gettimeofday", &raw const vdso_gettimeofday),
        ("__vdso_time", &raw const vdso_time),
        ("__vdso_clock_getres", &raw const vdso_clock_getres),
        ("__vdso_getcpu", &raw const vdso_getcpu),
    ];
    let code_start = (&raw const vdso_code_start).addr();
    core::array::from_fn(|index| {
        let (name, start) = starts[index];
        let end = starts.get(index + 1).map_or(&raw const vdso_code_end, |(_, next)| *next);
        let offset = start.addr() - code_start;
        Function { name, offset, len_bytes: end.addr() - start.addr() }
    })
}
