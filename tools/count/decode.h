/* Decodes as much of an instruction as is needed to tell the counted kinds from all others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instructions that take longer than their count says. */
enum costly {
    RDTSC, LOCKED, WRMSR, RDMSR, WRITE_CR3, INVALIDATE, FENCE, INTERRUPT_RETURN, STRING, PORT,
    FPU_STATE, COSTLY_KINDS, NOT_COSTLY = COSTLY_KINDS
};

/* The names of these kinds. */
extern const char *const COSTLY[COSTLY_KINDS];

/* The displacements of the marks, as in bench/programs/mark.h. */
enum { BEGIN = 0x4A460001, END = 0x4A460002 };

enum flow { FLOW_ON, FLOW_CALL, FLOW_RETURN, FLOW_INTERRUPT_RETURN, FLOW_JUMP, FLOW_JUMP_FAR };

struct instruction {
    enum costly costly;
    enum flow flow;
    /* The target of a direct jump; 0 for others. */
    uint64_t target;
    uint32_t mark;
};

/* Reads an instruction at `address`. Source: Intel SDM, volume 2, appendix A, "Opcode Map". */
struct instruction decode(const uint8_t *bytes, size_t size, uint64_t address);
