; Where the stub's way ends: in the kernel's part of the address space, on the boot stack.
;
; A file of its own: NASM describes one section of code a file to debuggers, and gdb
; complains at every step about what is in another.

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
