; The computations that are measured in each setting: in a process on Linux and on Farjump, in
; Farjump's kernel, in a UEFI application. The code calls nothing, refers to no address, and keeps
; the calling convention of the System V ABI, so its bytes are the same in each executable.
; tools/bench-compute checks that.
;
; fib and gemv512 are what gcc 12 makes at -O2 -fno-tree-vectorize of the C in the comments.

bits 64
default rel
; Padding is executed where it is in a loop: with as few instructions as possible.
%use smartalign
alignmode p6

ORDER equ 512
ROW_BYTES equ ORDER * 4
; The rows that gemv512_avx2 multiplies at once: each has a sum of its own, so an addition doesn't
; wait for the one before it.
ROWS equ 8

section .text
align 64
code_start:

; uint64_t compute_fib(uint64_t n)
; {
;     return n < 2 ? n : compute_fib(n - 1) + compute_fib(n - 2);    /* two calls */
; }
global compute_fib
compute_fib:
    push rbp
    push rbx
    mov rbx, rdi
    sub rsp, 8
    cmp rdi, 1
    jbe .is_below_two
    lea rdi, [rdi - 1]
    call compute_fib
    mov rbp, rax
    lea rdi, [rbx - 2]
    call compute_fib
    lea rbx, [rax + rbp]
.is_below_two:
    add rsp, 8
    mov rax, rbx
    pop rbx
    pop rbp
    ret

; void compute_gemv512(const float *matrix, const float *vector, float *product)
; {
;     for (int i = 0; i < ORDER; i++) {
;         float sum = 0;
;         for (int j = 0; j < ORDER; j++)
;             sum += matrix[i * ORDER + j] * vector[j];
;         product[i] = sum;
;     }
; }
align 64
global compute_gemv512
compute_gemv512:
    mov rcx, rsi
    mov r8, rdx
    xor esi, esi
    mov rdx, rdi
align 16
.row:
    xor eax, eax
    pxor xmm1, xmm1
align 16
.column:
    movss xmm0, [rdx + rax]
    mulss xmm0, [rcx + rax]
    add rax, 4
    addss xmm1, xmm0
    cmp rax, ROW_BYTES
    jne .column
    movss [r8 + rsi * 4], xmm1
    add rsi, 1
    add rdx, ROW_BYTES
    cmp rsi, ORDER
    jne .row
    ret

; The same by AVX2 and FMA: eight columns and eight rows at once. The vector and the product are
; aligned to 32 bytes. The CPU has AVX2 and FMA, and the operating system keeps YMM0 to YMM8.
;
; void compute_gemv512_avx2(const float *matrix, const float *vector, float *product)
align 64
global compute_gemv512_avx2
compute_gemv512_avx2:
    mov ecx, ORDER / ROWS
align 16
.rows:
%assign row 0
%rep ROWS
    vxorps xmm %+ row, xmm %+ row, xmm %+ row
%assign row row + 1
%endrep
    xor eax, eax
align 64
.columns:
    vmovaps ymm8, [rsi + rax]
%assign row 0
%rep ROWS
    vfmadd231ps ymm %+ row, ymm8, [rdi + rax + row * ROW_BYTES]
%assign row row + 1
%endrep
    add eax, 32
    cmp eax, ROW_BYTES
    jne .columns
    ; Adds the eight parts of each of the eight sums.
    vhaddps ymm0, ymm0, ymm1
    vhaddps ymm2, ymm2, ymm3
    vhaddps ymm4, ymm4, ymm5
    vhaddps ymm6, ymm6, ymm7
    vhaddps ymm0, ymm0, ymm2
    vhaddps ymm4, ymm4, ymm6
    vperm2f128 ymm1, ymm0, ymm4, 0x20
    vperm2f128 ymm2, ymm0, ymm4, 0x31
    vaddps ymm0, ymm1, ymm2
    vmovaps [rdx], ymm0
    add rdi, ROWS * ROW_BYTES
    add rdx, ROWS * 4
    dec ecx
    jnz .rows
    vzeroupper
    ret
code_end:

%ifidn __?OUTPUT_FORMAT?__, elf64
; The code needs no executable stack.
section .note.GNU-stack noalloc noexec nowrite progbits
%endif
