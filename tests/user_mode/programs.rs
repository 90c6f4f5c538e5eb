//! The programs of these tests, in machine code.

/// Returns the bytes between the labels of a program.
macro_rules! between {
    ($name:ident) => {{
        let (start, end): (*const u8, usize);
        // SAFETY: the code only loads two addresses.
        unsafe {
            core::arch::asm!(
                concat!("lea {0}, [rip + start_", stringify!($name), "]"),
                concat!("lea {1}, [rip + end_", stringify!($name), "]"),
                out(reg) start, out(reg) end, options(nomem, nostack, preserves_flags),
            );
        }
        // SAFETY: the bytes are constants in `.rodata`.
        unsafe { core::slice::from_raw_parts(start, end - start.addr()) }
    }};
}

/// Defines programs: their machine code, from one label to the next.
macro_rules! programs {
    ($($name:ident: $($line:literal)*;)*) => {
        $(
            core::arch::global_asm!(
                ".pushsection .rodata",
                concat!("start_", stringify!($name), ":"),
                $($line,)*
                // Each program that reaches its end ends by system call 0.
                "xor eax, eax",
                "syscall",
                "ud2",
                concat!("end_", stringify!($name), ":"),
                ".popsection",
            );

            pub fn $name() -> &'static [u8] {
                between!($name)
            }
        )*
    };
}

programs! {
    registers:
        "mov rbx, 0x1111" "mov rbp, 0x2222" "mov r12, 0x3333" "mov r13, 0x4444"
        "mov r14, 0x5555" "mov r15, 0x6666" "mov r8, 0x10" "mov r9, 0x20" "mov r10, 0x30"
        "mov rsi, 0x40" "mov rdx, 0x50" "mov edi, 0x60" "mov eax, 5" "syscall"
        // The sum of the result and of all registers that the call keeps.
        "mov rdi, rax" "add rdi, rbx" "add rdi, rbp" "add rdi, r12" "add rdi, r13"
        "add rdi, r14" "add rdi, r15" "add rdi, r8" "add rdi, r9" "add rdi, r10"
        "add rdi, rsi" "add rdi, rdx" "mov eax, 1" "syscall"
        "mov rdi, rsp" "mov eax, 1" "syscall";
    // Sets the flags in RDI, makes a call, and passes the flags after it to NOTE.
    flags:
        "push rdi" "popf" "mov eax, 2" "syscall" "pushf" "pop rdi" "push 0x2" "popf"
        "mov eax, 1" "syscall";
    // MOV to SS delays the single step until after the SYSCALL.
    delayed_step:
        "mov ecx, ss" "xor eax, eax" "pushf" "or dword ptr [rsp], 0x100" "popf"
        "mov ss, cx" "syscall";
    return_to: "mov eax, 4" "syscall" "mov edi, 1" "mov eax, 1" "syscall";
    jump: "jmp rdi";
    read: "mov al, [rdi]";
    write: "mov byte ptr [rdi], 1";
    push: "mov rsp, rdi" "push rax";
    divide: "xor edx, edx" "xor eax, eax" "div edx";
    undefined: "ud2";
    breakpoint: "int3";
    vector_80: "int 0x80";
    vector_page_fault: "int 14";
    halt: "hlt";
    interrupts_off: "cli";
    port_out: "mov dx, 0x604" "mov ax, 0x2000" "out dx, ax";
    port_in: "in al, 0x64";
    read_msr: "mov ecx, 0xC0000080" "rdmsr";
    write_msr: "mov ecx, 0xC0000082" "xor eax, eax" "xor edx, edx" "wrmsr";
    read_cr0: "mov rax, cr0";
    write_cr3: "mov rax, 0" "mov cr3, rax";
    load_gdt: "lgdt [rsp]";
    load_idt: "lidt [rsp]";
    load_tr: "mov ax, 0x28" "ltr ax";
    swap_gs: "swapgs";
    return_to_kernel: "push 0x10" "push rsp" "pushf" "push 0x8" "push rdi" "iretq";
    far_return: "push 0x8" "push rdi" "retfq";
    sysret: "sysretq";
    clear_ts: "clts";
    invalidate: "invlpg [rdi]";
    write_back: "wbinvd";
    kernel_segment: "mov eax, 0x10" "mov ds, ax" "mov ss, ax";
    spin_with_bad_stack:
        // A bad stack under interrupts, for a while.
        "mov rsp, rdi" "mov ecx, 30000000" "7:" "dec ecx" "jnz 7b"
        "mov edi, 1" "mov eax, 1" "syscall";
    // Keeps RDI in FS's base and in XMM7 over 200 calls of the scheduler.
    keep_state:
        "mov r12, rdi" "movq xmm7, rdi" "lea rdi, [rdi + 0x500000]" "mov eax, 3" "syscall"
        "mov r13d, 200" "7:"
        "mov eax, 2" "syscall"
        "movq rax, xmm7" "cmp rax, r12" "jne 8f"
        // The first word of DATA, relative to the base of FS, which differs from DATA by
        // the argument.
        "neg rax" "mov eax, fs:[rax]" "cmp eax, 0x61746164" "jne 8f"
        "dec r13d" "jnz 7b"
        "mov edi, 1" "mov eax, 1" "syscall"
        "8:";
    // Keeps RDI in three vector registers over a call that uses these registers.
    keep_vectors:
        "movq xmm0, rdi" "movq xmm7, rdi" "movq xmm15, rdi" "mov eax, 6" "syscall"
        "movq rdi, xmm0" "mov eax, 1" "syscall" "movq rdi, xmm7" "mov eax, 1" "syscall"
        "movq rdi, xmm15" "mov eax, 1" "syscall";
    fs_and_gs:
        "wrfsbase rdi" "wrgsbase rdi" "mov r13d, 100" "7:"
        "mov eax, 2" "syscall"
        "rdfsbase rax" "cmp rax, rdi" "jne 8f" "rdgsbase rax" "cmp rax, rdi" "jne 8f"
        "dec r13d" "jnz 7b"
        // INT3 reports that both bases were kept.
        "int3" "8:";
    many_calls: "mov r13d, 200000" "7:" "mov eax, 5" "syscall" "dec r13d" "jnz 7b"
        "mov edi, 1" "mov eax, 1" "syscall";
    vectors_at_start:
        "xor edi, edi" "movq rax, xmm0" "or rdi, rax" "movq rax, xmm15" "or rdi, rax"
        "or rdi, rbx" "or rdi, rbp" "or rdi, r8" "or rdi, r15" "mov eax, 1" "syscall";
    one_call: "mov eax, 1" "syscall";
}
