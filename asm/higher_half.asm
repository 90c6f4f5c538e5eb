; The last part of the stub. It runs in the kernel's half of the address space, on the boot stack.
;
; It is a separate file, because NASM's debug information describes only one code section per file;
; gdb warns at every step in other sections.

bits 64

section .text
global higher_half
higher_half:
    xor ebp, ebp                        ; the end of every chain of frames
extern boot_magic, boot_information
    mov edi, [boot_magic]
    mov esi, [boot_information]
extern rust_main
    call rust_main
.halt:
    cli
    hlt
    jmp .halt
