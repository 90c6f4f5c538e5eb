; The boot stub: from GRUB's entry in 32-bit mode to rust_main in 64-bit mode.
;
; The order of the steps is fixed; docs/boot.md has the same numbers and shows the memory and the
; tables. If the command line has the word trace-boot, each step from 4 on writes 0xA0 + its number
; to port 0x80 and the CMOS, so that after a reset in the middle the next boot can report the step.
;
; Sources: Multiboot2 Specification 2.0, "Machine state" and "Header layout";
; Intel SDM volume 3A, "Initializing IA-32e Mode"; CMOS and POST port: PC/AT
; Technical Reference; UART: PC16550D datasheet.

; The same values are in mm/kernel/layout.rs.
KERNEL_BASE     equ 0xFFFFFFFF80000000
STACKS_START    equ 0xFFFFFFFFC0000000
STACK_SLOT      equ 64 * 1024
BOOT_STACK      equ 60 * 1024
IST_STACK       equ 24 * 1024
IST_STACKS      equ 4

MULTIBOOT_MAGIC equ 0x36D76289

CMOS_INDEX      equ 0x70
CMOS_DATA       equ 0x71
POST_PORT       equ 0x80
; In the extended half of the CMOS: a stage's number and its complement. Some BIOSes keep a checksum
; of the bytes from CMOS_SUMMED on in the same two bytes; in that case the stub doesn't write there.
CMOS_SUMMED     equ 0x48
CMOS_STAGE   equ 0x7E
CMOS_COMPLEMENT equ 0x7F
STAGE_STUB   equ 0xA0

; Bits of `boot_trace`; the same values are in arch/boot_stage.rs.
TRACE_PORT      equ 1 << 0
TRACE_CMOS      equ 1 << 1

; The largest size of the loader's structure (a larger one is ignored), and the tags that
; the stub reads.
INFORMATION_MAX equ 16 << 20
TAG_END         equ 0
TAG_COMMAND_LINE equ 1

COM1            equ 0x3F8
VGA_TEXT        equ 0xB8000
VGA_COLUMNS     equ 80
WHITE_ON_RED    equ 0x4F

CR0_PE          equ 1 << 0
CR0_MP          equ 1 << 1
CR0_ET          equ 1 << 4
CR0_NE          equ 1 << 5
CR0_WP          equ 1 << 16
CR0_PG          equ 1 << 31
CR4_PAE         equ 1 << 5
MSR_EFER        equ 0xC0000080
EFER_LME        equ 1 << 8
EFER_NXE        equ 1 << 11
EFLAGS_ID       equ 1 << 21
CPUID_LM        equ 1 << 29
CPUID_NX        equ 1 << 20

PAGE_PRESENT    equ 1 << 0
PAGE_WRITABLE   equ 1 << 1
PAGE_HUGE       equ 1 << 7

; Writes step number %1 to the destinations in `boot_trace`. Clobbers AL. Works in 32-bit and 64-bit
; code.
%macro stage 1
%if __BITS__ == 64
%define TRACE_FLAGS boot_trace
%else
%define TRACE_FLAGS boot_trace - KERNEL_BASE
%endif
    test byte [TRACE_FLAGS], TRACE_PORT
    jz %%cmos
    mov al, STAGE_STUB + %1
    out POST_PORT, al
%%cmos:
    test byte [TRACE_FLAGS], TRACE_CMOS
    jz %%done
    mov al, CMOS_STAGE
    out CMOS_INDEX, al
    mov al, STAGE_STUB + %1
    out CMOS_DATA, al
    mov al, CMOS_COMPLEMENT
    out CMOS_INDEX, al
    mov al, 0xFF - (STAGE_STUB + %1)
    out CMOS_DATA, al
%%done:
%endmacro

; Maps the stack of %2 bytes at the end of slot %1 to the frames from EAX on. Afterwards EAX is the
; address after them. Clobbers EDI.
%macro map_stack 2
    mov edi, p1_stacks + ((%1 + 1) * STACK_SLOT - %2) / 4096 * 8
%%next:
    mov [edi], eax
    add eax, 4096
    add edi, 8
    cmp edi, p1_stacks + (%1 + 1) * STACK_SLOT / 4096 * 8
    jne %%next
%endmacro

; -------------------------------------------------------------------------- The Multiboot2
; header, which GRUB searches for in the first 32 KiB of the file.

section .multiboot_header progbits alloc noexec nowrite align=8
header_start:
    dd 0xE85250D6                       ; magic
    dd 0                                ; architecture: i386, protected mode
    dd header_end - header_start
    dd 0x100000000 - (0xE85250D6 + (header_end - header_start))

    align 8, db 0                       ; console flags: optional; EGA text is
    dw 4, 1                             ; supported
    dd 12
    dd 1 << 1

    align 8, db 0                       ; framebuffer: optional, any size, any
    dw 5, 1                             ; depth
    dd 20
    dd 0, 0, 0

    align 8, db 0                       ; modules on page boundaries
    dw 6, 0
    dd 8

    align 8, db 0                       ; end
    dw 0, 0
    dd 8
header_end:

; --------------------------------------------------------------------------
; 32 bits, paging off.

section .boot.text progbits alloc exec nowrite align=16
bits 32

global _start
_start:
    cli
    cld

; Step 1. There is no stack before this step, so no function is called before it.
set_stack_pointer:
    mov esp, stack_frames + BOOT_STACK

; Step 2. CPUID clobbers EBX, so both of GRUB's values are stored in memory. The record of the last
; traced boot is read from the CMOS before this boot overwrites it.
keep_information:
    mov [boot_magic - KERNEL_BASE], eax
    mov [boot_information - KERNEL_BASE], ebx
    mov al, CMOS_COMPLEMENT
    call read_cmos
    mov ah, al
    not ah
    mov al, CMOS_STAGE
    call read_cmos
    cmp al, ah
    jne .no_record
    mov [last_stage - KERNEL_BASE], al
.no_record:

    call check_multiboot                ; step 3
    call find_trace_option              ; step 3
    call check_cpuid                    ; step 4
    call check_long_mode                ; step 5
    call setup_page_tables              ; step 6
    call enable_pae                     ; step 7
    call load_cr3                       ; step 8
    call enable_long_mode               ; step 9
    call enable_paging                  ; step 10
    call load_gdt                       ; step 11

; Step 12. Loads CS with the code segment whose descriptor has the L bit.
global far_jump
far_jump:
    stage 12
    jmp gdt_code - gdt:long_mode_start

; Step 3. A Multiboot2 loader passes its magic number in EAX.
check_multiboot:
    cmp dword [boot_magic - KERNEL_BASE], MULTIBOOT_MAGIC
    jne .error
    ret
.error:
    mov al, '0'
    mov esi, message_multiboot
    jmp fail

; Step 3. Searches the command line for the word trace-boot. Every size in the structure is checked,
; so that the search ends even if the structure is damaged.
find_trace_option:
    mov esi, [boot_information - KERNEL_BASE]
    mov edx, [esi]
    cmp edx, INFORMATION_MAX
    ja .done
    add edx, esi                        ; EDX: the end of the structure
    jc .done
    add esi, 8
.next_tag:
    lea eax, [esi + 8]
    cmp eax, edx
    ja .done
    mov eax, [esi]                      ; EAX: the tag's type, ECX: its size
    mov ecx, [esi + 4]
    cmp eax, TAG_END
    je .done
    cmp ecx, 8
    jb .done
    cmp ecx, INFORMATION_MAX
    ja .done
    cmp eax, TAG_COMMAND_LINE
    je .command_line
    add ecx, 7
    and ecx, ~7
    add esi, ecx
    jnc .next_tag
.done:
    ret
.command_line:
    add ecx, esi
    jc .done
    cmp ecx, edx
    ja .done
    mov edx, ecx                        ; EDX: the end of the text
    add esi, 8
.next_word:
    ; Compares the word, and the blank or the zero after it.
    lea eax, [esi + trace_word_end - trace_word + 1]
    cmp eax, edx
    ja .done
    push esi
    mov edi, trace_word
    mov ecx, trace_word_end - trace_word
    repe cmpsb
    mov al, [esi]
    pop esi
    jne .skip_word
    test al, al
    jz check_cmos
    cmp al, ' '
    je check_cmos
.skip_word:
    cmp esi, edx
    jae .done
    lodsb
    cmp al, ' '
    jne .skip_word
    jmp .next_word

; Turns the trace on for port 0x80, and for the CMOS unless the firmware keeps a checksum in the
; record's bytes. A checksum over bytes that are all zero is ignored.
check_cmos:
    mov byte [boot_trace - KERNEL_BASE], TRACE_PORT
    xor ebx, ebx                        ; BX: the sum, DL: the OR of all bytes
    xor edx, edx
    mov cl, CMOS_SUMMED
.next_byte:
    mov al, cl
    call read_cmos
    movzx eax, al
    add ebx, eax
    or dl, al
    inc cl
    cmp cl, CMOS_STAGE
    jne .next_byte
    mov al, CMOS_STAGE
    call read_cmos
    mov ah, al
    mov al, CMOS_COMPLEMENT
    call read_cmos
    test dl, dl
    jz .free
    cmp ax, bx
    je .summed
    xchg al, ah
    cmp ax, bx
    je .summed
.free:
    or byte [boot_trace - KERNEL_BASE], TRACE_CMOS
.summed:
    ret

; Reads byte AL of the CMOS into AL.
read_cmos:
    out CMOS_INDEX, al
    in al, CMOS_DATA
    ret

; Step 4. A CPU has CPUID if EFLAGS.ID can be changed.
check_cpuid:
    stage 4
    pushfd
    pop eax
    mov ecx, eax
    xor eax, EFLAGS_ID
    push eax
    popfd
    pushfd
    pop eax
    push ecx                            ; as it was
    popfd
    xor eax, ecx
global cpuid_verdict
cpuid_verdict:
    test eax, EFLAGS_ID
    jz .error
    ret
.error:
    mov al, '1'
    mov esi, message_cpuid
    jmp fail

; Step 5. Long mode is bit 29 of CPUID 0x80000001 EDX, if that leaf exists. A CPU with long mode
; also has the time stamp counter; the kernel's clock starts here.
check_long_mode:
    stage 5
    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb .error
    mov eax, 0x80000001
    cpuid
    test edx, CPUID_LM
    jz .error
    mov [extended_features], edx
    rdtsc
    mov [boot_tsc - KERNEL_BASE], eax
    mov [boot_tsc + 4 - KERNEL_BASE], edx
    ret
.error:
    mov al, '2'
    mov esi, message_long_mode
    jmp fail

; Step 6. Maps the first GiB by 512 pages of 2 MiB at 0, at DIRECT_MAP and at KERNEL_BASE. There are
; two third-level tables, because a single one would map the GiB at further addresses. Maps the boot
; CPU's stacks by pages of 4 KiB at their final addresses: each at the end of its slot, with nothing
; mapped below it.
setup_page_tables:
    stage 6
    mov edi, page_tables
    mov ecx, (page_tables_end - page_tables) / 4
    xor eax, eax
    rep stosd

    mov dword [p4], p3_low + (PAGE_PRESENT | PAGE_WRITABLE)
    mov dword [p4 + 256 * 8], p3_low + (PAGE_PRESENT | PAGE_WRITABLE)
    mov dword [p4 + 511 * 8], p3_high + (PAGE_PRESENT | PAGE_WRITABLE)
    mov dword [p3_low], p2 + (PAGE_PRESENT | PAGE_WRITABLE)
    mov dword [p3_high + 510 * 8], p2 + (PAGE_PRESENT | PAGE_WRITABLE)
    mov dword [p3_high + 511 * 8], p2_stacks + (PAGE_PRESENT | PAGE_WRITABLE)
    mov dword [p2_stacks], p1_stacks + (PAGE_PRESENT | PAGE_WRITABLE)

    mov eax, PAGE_PRESENT | PAGE_WRITABLE | PAGE_HUGE
    xor ecx, ecx
.next_page:
    mov [p2 + ecx * 8], eax
    add eax, 2 << 20
    inc ecx
    cmp ecx, 512
    jne .next_page

    mov eax, stack_frames + (PAGE_PRESENT | PAGE_WRITABLE)
    map_stack 0, BOOT_STACK
%assign slot 1
%rep IST_STACKS
    map_stack slot, IST_STACK
%assign slot slot + 1
%endrep
    ret

; Step 7. All of CR4 is written, so no bit of the firmware's value remains. The bit LA57 selects the
; number of page table levels and can only be changed while paging is off. GRUB leaves it set if the
; firmware used 5 levels.
enable_pae:
    stage 7
    mov eax, CR4_PAE
    mov cr4, eax
    ret

; Step 8. The first line on the serial port is the address of the tables. It is sent before they are
; used, because with wrong tables nothing could be sent any more.
load_cr3:
    stage 8
    call serial_init
    mov esi, message_p4
    call serial_write
    mov eax, p4
    call serial_write_hex
    mov esi, message_newline
    call serial_write
    mov eax, p4
    mov cr3, eax
    ret

; Step 9. NXE is only set if the CPU has no-execute pages, because otherwise setting it raises a
; general protection fault. All other bits are cleared.
enable_long_mode:
    stage 9
    mov ecx, MSR_EFER
    xor edx, edx
    mov eax, EFER_LME
    test dword [extended_features], CPUID_NX
    jz .write
    or eax, EFER_NXE
.write:
    wrmsr
    ret

; Step 10. WP makes read-only pages read-only for the kernel, too. All of CR0 is written, so caches
; are on and alignment checks are off.
enable_paging:
    stage 10
    mov eax, CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE
    mov cr0, eax
    ret

; Step 11. Loads the GDT.
load_gdt:
    stage 11
    lgdt [gdt_pointer]
    ret

; Shows error AL with the message at ESI on the VGA text screen and on COM1, and halts.
fail:
    mov [message_error.number], al
    mov ebx, esi
    call serial_init
    mov esi, message_error
    call serial_write
    mov esi, ebx
    call serial_write
    mov esi, message_newline
    call serial_write

    mov edi, VGA_TEXT
    mov ecx, VGA_COLUMNS
    mov ax, (WHITE_ON_RED << 8) | ' '
    rep stosw
    mov edi, VGA_TEXT
    mov esi, message_error
    call vga_write
    mov esi, ebx
    call vga_write
.halt:
    cli
    hlt
    jmp .halt

; Writes the string at ESI to the text cells at EDI.
vga_write:
    mov ah, WHITE_ON_RED
.next:
    lodsb
    test al, al
    jz .done
    stosw
    jmp .next
.done:
    ret

; Sets COM1 to 115,200 baud, 8N1, FIFOs on, no interrupts.
serial_init:
    mov ebp, serial_settings
.next:
    movzx edx, byte [ebp]
    add edx, COM1
    mov al, [ebp + 1]
    out dx, al
    add ebp, 2
    cmp ebp, serial_settings_end
    jne .next
    ret

; Sends the string at ESI.
serial_write:
    lodsb
    test al, al
    jz .done
    call serial_send
    jmp serial_write
.done:
    ret

; Sends EAX as eight hexadecimal digits.
serial_write_hex:
    mov ebp, eax
    mov ecx, 8
.next:
    rol ebp, 4
    mov eax, ebp
    and eax, 0xF
    mov al, [hex_digits + eax]
    call serial_send
    loop .next
    ret

; Sends AL. Waits until the transmitter has room, with a limit, because there may be no UART.
serial_send:
    push ecx
    mov ah, al
    mov ecx, 0x10000
.wait:
    mov dx, COM1 + 5
    in al, dx
    test al, 1 << 5                     ; transmitter holding register empty
    loopz .wait
    mov al, ah
    mov dx, COM1
    out dx, al
    pop ecx
    ret

section .boot.rodata progbits alloc noexec nowrite align=8
; The descriptors for the far jump; the kernel's own are in arch/cpu/gdt.rs.
gdt:
    dq 0
gdt_code:                               ; 64-bit code, ring 0: L, P, S, executable
    dq (1 << 53) | (1 << 47) | (1 << 44) | (1 << 43)
gdt_end:
gdt_pointer:
    dw gdt_end - gdt - 1
    dd gdt

serial_settings:                        ; register, value
    db 1, 0x00                          ; no interrupts
    db 3, 0x80                          ; divisor latch on
    db 0, 0x01                          ; 115,200 baud
    db 1, 0x00
    db 3, 0x03                          ; divisor latch off, 8N1
    db 2, 0x07                          ; FIFOs on and empty
    db 4, 0x03                          ; DTR, RTS
serial_settings_end:

trace_word:        db "trace-boot"
trace_word_end:
hex_digits:        db "0123456789abcdef"
message_p4:        db "[    0.000000] stub: page tables built, P4 at 0x", 0
message_newline:   db 13, 10, 0
message_multiboot: db "not loaded by Multiboot2; use the command multiboot2 of GRUB", 0
message_cpuid:     db "this CPU has no CPUID; a 64-bit one is needed", 0
message_long_mode: db "this CPU has no long mode; a 64-bit one is needed", 0

section .boot.data progbits alloc noexec write align=8
message_error:     db "ERR: "
.number:           db "?: ", 0

extended_features: dd 0

section .boot.bss nobits alloc noexec write align=4096
global page_tables, page_tables_end
page_tables:
p4:      resb 4096
p3_low:  resb 4096
p3_high: resb 4096
p2:      resb 4096
p2_stacks: resb 4096
p1_stacks: resb 4096
page_tables_end:

; The frames of the boot CPU's stacks, which remain in use, unlike the rest of the stub.
section .boot.stacks nobits alloc noexec write align=4096
stack_frames:
    resb BOOT_STACK + IST_STACKS * IST_STACK

; --------------------------------------------------------------------------
; 64 bits.

section .boot.text
bits 64

; Step 13. 64-bit code doesn't use the data segments; with a zero selector, any use faults.
global long_mode_start
long_mode_start:
    stage 13
    xor eax, eax
    mov ss, ax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    mov rsp, STACKS_START + STACK_SLOT
extern higher_half
    mov rax, higher_half
    jmp rax

; The values that the stub leaves for the kernel; arch/stub_values.rs reads the last three.
section .data
align 8
global boot_magic, boot_information
boot_magic:        dd 0
boot_information:  dd 0
global boot_tsc, last_stage, boot_trace
boot_tsc:          dq 0
last_stage:     db 0
boot_trace:        db 0
