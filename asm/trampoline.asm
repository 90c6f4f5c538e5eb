; The entry of a CPU that another CPU starts: from 16-bit mode to 64-bit mode.
;
; The kernel copies this to a page of the first MiB and fills the words after `parameters`
; (arch/smp/mod.rs has the same layout). The page tables in the parameters map the whole kernel, and
; this page at its physical address. Until a stack is set, only the memory of this page is used.
;
; Sources: Intel SDM volume 3A, "Multiple-Processor (MP) Initialization" and "Initializing
; IA-32e Mode".

CR0_PE          equ 1 << 0
CR4_PAE         equ 1 << 5
MSR_EFER        equ 0xC0000080

; The offset of a label in the page.
%define offset_of(label) (label - trampoline_start)

section .rodata progbits alloc noexec nowrite align=16

global trampoline_start, trampoline_parameters, trampoline_end
trampoline_start:
bits 16
    cli
    cld
    mov ax, cs
    mov ds, ax
    ; EBX: the address of the page.
    xor ebx, ebx
    mov bx, ax
    shl ebx, 4
    ; Relocates the addresses that depend on the page.
    lea eax, [ebx + offset_of(gdt)]
    mov [offset_of(gdt_pointer) + 2], eax
    lea eax, [ebx + offset_of(protected_mode)]
    mov [offset_of(far_32)], eax
    lea eax, [ebx + offset_of(long_mode)]
    mov [offset_of(far_64)], eax

    o32 lgdt [offset_of(gdt_pointer)]
    mov eax, cr0
    or eax, CR0_PE
    mov cr0, eax
    jmp dword far [offset_of(far_32)]

bits 32
protected_mode:
    mov ax, gdt_data - gdt
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, [ebx + offset_of(parameters.cr3)]
    mov cr3, eax
    mov ecx, MSR_EFER
    xor edx, edx
    mov eax, [ebx + offset_of(parameters.efer)]
    wrmsr
    ; Turns on paging, and with it long mode, as on the boot CPU.
    mov eax, [ebx + offset_of(parameters.cr0)]
    mov cr0, eax
    jmp far [ebx + offset_of(far_64)]

bits 64
long_mode:
    xor eax, eax
    mov ss, ax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov rsp, [rbx + offset_of(parameters.stack)]
    mov rax, [rbx + offset_of(parameters.entry)]
    xor ebp, ebp                        ; the end of every chain of frames
    call rax
.halt:
    cli
    hlt
    jmp .halt

align 8
gdt:
    dq 0
gdt_code_32:                            ; 32-bit code, ring 0, all of memory
    dq 0x00CF9A000000FFFF
gdt_data:                               ; data, ring 0, all of memory
    dq 0x00CF92000000FFFF
gdt_code_64:                            ; 64-bit code, ring 0
    dq (1 << 53) | (1 << 47) | (1 << 44) | (1 << 43)
gdt_end:
gdt_pointer:
    dw gdt_end - gdt - 1
    dd 0
align 4
far_32:
    dd 0
    dw gdt_code_32 - gdt
align 4
far_64:
    dd 0
    dw gdt_code_64 - gdt

align 8
trampoline_parameters:
parameters:
.cr3:      dd 0
.cr0:      dd 0
.efer:     dd 0
           dd 0
.stack:    dq 0
.entry:    dq 0
trampoline_end:
