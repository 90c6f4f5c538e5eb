; The smallest program to execute: it ends at once with status 0.
global _start
section .text
_start:
    mov eax, 231            ; exit_group
    xor edi, edi
    syscall
