#include "decode.h"

#include <string.h>

const char *const COSTLY[COSTLY_KINDS] = {
    "rdtsc", "locked", "wrmsr", "rdmsr", "cr3", "invalidate", "fence", "iret", "string", "port",
    "fpu_state",
};

static int32_t signed_at(const uint8_t *bytes)
{
    int32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static enum costly costly_of_0f(const uint8_t *op, bool has_modrm)
{
    uint8_t modrm = has_modrm ? op[2] : 0, field = modrm >> 3 & 7;
    bool is_memory = has_modrm && modrm >> 6 != 3;
    switch (op[1]) {
    case 0x31: return RDTSC;
    case 0x30: return WRMSR;
    case 0x32: return RDMSR;
    case 0x22: return field == 3 ? WRITE_CR3 : NOT_COSTLY;
    case 0x01:
        if (modrm == 0xF9)
            return RDTSC;
        return is_memory && field == 7 ? INVALIDATE : NOT_COSTLY;
    case 0x38: return has_modrm && op[2] == 0x82 ? INVALIDATE : NOT_COSTLY;
    case 0xAE: return is_memory ? field <= 1 || (field >= 4 && field <= 6) ? FPU_STATE : NOT_COSTLY
                                : field >= 5 ? FENCE : NOT_COSTLY;
    case 0xC7: return is_memory && (field == 3 || field == 4 || field == 5) ? FPU_STATE : NOT_COSTLY;
    default: return NOT_COSTLY;
    }
}

struct instruction decode(const uint8_t *bytes, size_t size, uint64_t address)
{
    struct instruction it = { .costly = NOT_COSTLY, .flow = FLOW_ON };
    const uint8_t *op = bytes, *end = bytes + size;
    bool is_locked = false, is_repeated = false;
    for (; op < end - 1; op++) {
        if (*op == 0xF0)
            is_locked = true;
        else if (*op == 0xF3 || *op == 0xF2)
            is_repeated = true;
        else if (*op != 0x66 && *op != 0x67 && *op != 0x2E && *op != 0x36 && *op != 0x3E &&
                 *op != 0x26 && *op != 0x64 && *op != 0x65 && (*op & 0xF0) != 0x40)
            break;
    }
    size_t left = (size_t)(end - op);
    uint8_t field = left > 1 ? op[1] >> 3 & 7 : 0;
    switch (*op) {
    case 0x0F:
        if (left < 2)
            break;
        it.costly = costly_of_0f(op, left > 2);
        if ((op[1] & 0xF0) == 0x80) {
            it.flow = FLOW_JUMP;
            it.target = address + size + (int64_t)signed_at(end - 4);
        } else if (op[1] == 0x1F && left == 7 && op[2] == 0x80) {
            it.mark = (uint32_t)signed_at(op + 3);
        }
        break;
    case 0xE8: it.flow = FLOW_CALL; break;
    case 0xC3: case 0xC2: it.flow = FLOW_RETURN; break;
    case 0xCF: it.flow = FLOW_INTERRUPT_RETURN; it.costly = INTERRUPT_RETURN; break;
    case 0xE9: it.flow = FLOW_JUMP; it.target = address + size + (int64_t)signed_at(end - 4); break;
    case 0xEB: it.flow = FLOW_JUMP; it.target = address + size + (int64_t)(int8_t)end[-1]; break;
    case 0xFF:
        if (field == 2)
            it.flow = FLOW_CALL;
        else if (field == 4)
            it.flow = FLOW_JUMP_FAR;
        break;
    case 0x86: case 0x87:
        /* XCHG with memory locks by itself. */
        is_locked |= left > 1 && op[1] >> 6 != 3;
        break;
    case 0xA4: case 0xA5: case 0xA6: case 0xA7: case 0xAA: case 0xAB: case 0xAE: case 0xAF:
        it.costly = is_repeated ? STRING : NOT_COSTLY;
        break;
    case 0xE4: case 0xE5: case 0xE6: case 0xE7: case 0xEC: case 0xED: case 0xEE: case 0xEF:
        it.costly = PORT;
        break;
    default:
        if ((*op & 0xF0) == 0x70) {
            it.flow = FLOW_JUMP;
            it.target = address + size + (int64_t)(int8_t)end[-1];
        }
    }
    if (is_locked)
        it.costly = LOCKED;
    return it;
}
