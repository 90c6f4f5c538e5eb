/* A plugin of QEMU that counts the instructions of the guest between marks, exactly.
 *
 * A program marks its operations by two instructions that do nothing on any kernel, `nopl
 * BEGIN(%rax)` and `nopl END(%rax)` (bench/programs/mark.h). At each END the plugin writes one line:
 *   mark KERNEL USER NAME=COUNT…
 * the instructions in the upper half of the addresses and in the lower one, and how many of those
 * in the kernel are of a kind whose cost an instruction count hides (COSTLY below).
 *
 * With `stacks=on` it also follows calls and returns in the kernel, and at its end writes
 *   stack COUNT BLOCK FUNCTION…
 *   block START ADDRESS…
 * the instructions that ran in each block of code, below each chain of functions, outermost first,
 * and the addresses of a block's instructions. A call is known by the address of the stack slot
 * that its return address goes to, so that a chain stays whole over a switch to another stack.
 *
 * Arguments: out=FILE, stacks=on, functions=FILE (the kernel's function addresses in rising order,
 * hexadecimal, a line each). The machine has one thread of execution (-icount, or thread=single).
 *
 * Source: QEMU, docs/devel/tcg-plugins.rst, API version 1. Debian doesn't package the header.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of qemu-plugin.h, API version 1, that is used here. */
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint32_t qemu_plugin_meminfo_t;
enum { NO_REGISTERS = 0 };
enum { MEMORY_READ = 1, MEMORY_WRITE = 2 };
enum { INLINE_ADD_U64 = 0 };
typedef void (*run_hook)(unsigned cpu, void *data);
typedef void (*memory_hook)(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data);
typedef void (*translate_hook)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*exit_hook)(qemu_plugin_id_t id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translate_hook callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, run_hook callback, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, run_hook callback,
                                            int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation,
                                                void *counter, uint64_t value);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_hook callback, int flags,
                                      int access, void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_hook callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/* The displacements of the marks, as in bench/programs/mark.h. */
enum { BEGIN = 0x4A460001, END = 0x4A460002 };

/* Instructions that take longer than their count says. */
enum costly {
    RDTSC, LOCKED, WRMSR, RDMSR, WRITE_CR3, INVALIDATE, FENCE, INTERRUPT_RETURN, STRING, PORT,
    FPU_STATE, COSTLY_KINDS, NOT_COSTLY = COSTLY_KINDS
};
static const char *const COSTLY[COSTLY_KINDS] = {
    "rdtsc", "locked", "wrmsr", "rdmsr", "cr3", "invalidate", "fence", "iret", "string", "port",
    "fpu_state",
};

/* Counted since the program's BEGIN. */
static uint64_t kernel, user, costly[COSTLY_KINDS];
static bool is_counting;
static FILE *out;

/* ---- Decoding: as much as is needed to tell these instructions from all others. */

enum flow { FLOW_ON, FLOW_CALL, FLOW_RETURN, FLOW_INTERRUPT_RETURN, FLOW_JUMP, FLOW_JUMP_FAR };

struct instruction {
    enum costly costly;
    enum flow flow;
    /* The target of a direct jump; 0 for others. */
    uint64_t target;
    uint32_t mark;
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

/* Reads an instruction at `address`. Source: Intel SDM, volume 2, appendix A, "Opcode Map". */
static struct instruction decode(const uint8_t *bytes, size_t size, uint64_t address)
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

/* ---- Call chains. */

/* The functions of the kernel, by rising address. */
static uint64_t *functions;
static size_t function_count;

struct block {
    uint64_t start, end, function, target;
    enum flow flow;
    bool is_user;
    uint32_t index, length;
    uint64_t *addresses;
};

/* A chain of functions: this one, called in `parent`. Chain 0 is empty. */
struct chain {
    uint64_t function;
    uint32_t parent;
};

/* A hash table from pairs to a number, with open addressing. */
struct entry {
    uint64_t key, other, value;
};
struct table {
    struct entry *entries;
    size_t capacity, used;
};

static struct chain *chains;
static size_t chain_count, chain_capacity;
static struct table chain_table, slots, counts;
static struct block **blocks;
static size_t block_count, block_capacity;

static uint32_t chain;
static const struct block *last;
static enum { CAME_ON, CAME_BY_CALL, CAME_BY_RETURN } came;
static bool wants_frame, wants_return;
static bool has_stacks;

static void *grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 1024;
    array = realloc(array, *capacity * size);
    if (!array)
        abort();
    return array;
}

static struct entry *find(struct table *table, uint64_t key, uint64_t other)
{
    if (table->used * 2 >= table->capacity) {
        struct table bigger = { .capacity = table->capacity ? table->capacity * 2 : 1 << 16 };
        bigger.entries = calloc(bigger.capacity, sizeof *bigger.entries);
        if (!bigger.entries)
            abort();
        for (size_t i = 0; i < table->capacity; i++)
            if (table->entries[i].key)
                *find(&bigger, table->entries[i].key, table->entries[i].other) = table->entries[i];
        bigger.used = table->used;
        free(table->entries);
        *table = bigger;
    }
    uint64_t hash = (key ^ other * 0xC2B2AE3D27D4EB4F) * 0x9E3779B97F4A7C15;
    size_t at = hash >> 20 & (table->capacity - 1);
    while (table->entries[at].key &&
           (table->entries[at].key != key || table->entries[at].other != other))
        at = (at + 1) & (table->capacity - 1);
    return &table->entries[at];
}

static struct entry *entry(struct table *table, uint64_t key, uint64_t other)
{
    struct entry *it = find(table, key, other);
    if (!it->key) {
        it->key = key;
        it->other = other;
        table->used++;
    }
    return it;
}

static uint32_t chain_of(uint32_t parent, uint64_t function)
{
    struct entry *it = entry(&chain_table, function, parent);
    if (!it->value) {
        chains = grow(chains, chain_count, &chain_capacity, sizeof *chains);
        chains[chain_count] = (struct chain){ .function = function, .parent = parent };
        it->value = chain_count++;
    }
    return (uint32_t)it->value;
}

static uint64_t function_at(uint64_t address)
{
    size_t low = 0, high = function_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (functions[middle] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? functions[low - 1] : address;
}

/* Returns the chain of the caller that a return goes to, for one whose read of the stack wasn't
 * reported: QEMU leaves some out. */
static uint32_t caller(uint64_t function)
{
    uint32_t found = chain;
    while (found && chains[found].function != function)
        found = chains[found].parent;
    return found ? found : chain_of(chain ? chains[chain].parent : 0, function);
}

/* Whether the last block was left by an exception or an interrupt. */
static bool is_interrupted(const struct block *block)
{
    if (!last || last->is_user || came != CAME_ON)
        return false;
    if (last->flow == FLOW_JUMP)
        return block->start != last->target && block->start != last->end;
    if (last->flow == FLOW_JUMP_FAR)
        return false;
    return block->start != last->end;
}

static void run_block(unsigned cpu, void *data)
{
    (void)cpu;
    const struct block *block = data;
    wants_frame = wants_return = false;
    if (block->is_user) {
        chain = 0;
    } else if (!last || last->is_user) {
        chain = 0;
        wants_frame = true;
    } else if (block->function == block->start && is_interrupted(block)) {
        /* The entry of an exception or interrupt: the interrupted chain goes on at its end. */
        wants_frame = true;
    } else if (came == CAME_BY_CALL) {
        chain = chain_of(chain, block->function);
    } else if (came == CAME_ON && last->flow == FLOW_RETURN) {
        chain = caller(block->function);
    } else if (chain == 0 || chains[chain].function != block->function) {
        /* A jump to another function. */
        chain = chain_of(chain ? chains[chain].parent : 0, block->function);
    }
    came = CAME_ON;
    wants_return = block->flow == FLOW_RETURN || block->flow == FLOW_INTERRUPT_RETURN;
    last = block;
    if (is_counting && !wants_frame && !block->is_user)
        entry(&counts, (uint64_t)chain + 1, block->index)->value += block->length;
}

/* The first access of a block that begins an interrupt or exception: the frame is above it. */
static void saw_first_push(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu, (void)info;
    const struct block *block = data;
    if (!wants_frame)
        return;
    wants_frame = false;
    uint32_t interrupted = chain;
    /* With an error code the frame is 8 bytes higher. */
    entry(&slots, address + 8, 0)->value = (uint64_t)interrupted + 1;
    entry(&slots, address + 16, 0)->value = (uint64_t)interrupted + 1;
    chain = chain_of(interrupted, block->function);
    if (is_counting)
        entry(&counts, (uint64_t)chain + 1, block->index)->value += block->length;
}

static void saw_call(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu, (void)info, (void)data;
    entry(&slots, address, 0)->value = (uint64_t)chain + 1;
    came = CAME_BY_CALL;
}

static void saw_return(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu, (void)info, (void)data;
    if (!wants_return)
        return;
    wants_return = false;
    uint64_t value = find(&slots, address, 0)->value;
    chain = value ? (uint32_t)(value - 1) : 0;
    came = CAME_BY_RETURN;
}

static void follow(struct qemu_plugin_tb *tb)
{
    size_t length = qemu_plugin_tb_n_insns(tb);
    struct block *block = calloc(1, sizeof *block);
    if (!block || !(block->addresses = malloc(length * sizeof *block->addresses)))
        abort();
    blocks = grow(blocks, block_count, &block_capacity, sizeof(void *));
    blocks[block_count] = block;
    block->index = (uint32_t)block_count++;
    block->start = qemu_plugin_tb_vaddr(tb);
    block->length = (uint32_t)length;
    block->is_user = block->start >> 63 == 0;
    block->function = function_at(block->start);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, run_block, NO_REGISTERS, block);
    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        block->addresses[i] = qemu_plugin_insn_vaddr(insn);
        block->end = block->addresses[i] + qemu_plugin_insn_size(insn);
        if (block->is_user)
            continue;
        struct instruction it = decode(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn),
                                       block->addresses[i]);
        block->flow = it.flow;
        block->target = it.target;
        if (block->start == block->function)
            qemu_plugin_register_vcpu_mem_cb(insn, saw_first_push, NO_REGISTERS, MEMORY_WRITE,
                                             block);
        if (it.flow == FLOW_CALL)
            qemu_plugin_register_vcpu_mem_cb(insn, saw_call, NO_REGISTERS, MEMORY_WRITE, NULL);
        if (it.flow == FLOW_RETURN || it.flow == FLOW_INTERRUPT_RETURN)
            qemu_plugin_register_vcpu_mem_cb(insn, saw_return, NO_REGISTERS, MEMORY_READ, NULL);
    }
}

/* ---- Counting. */

static void begin(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    kernel = user = 0;
    memset(costly, 0, sizeof costly);
    is_counting = true;
}

static void end(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    if (!is_counting)
        return;
    is_counting = false;
    /* This instruction is counted by then. */
    fprintf(out, "mark %" PRIu64 " %" PRIu64, kernel, user - 1);
    for (int kind = 0; kind < COSTLY_KINDS; kind++)
        if (costly[kind])
            fprintf(out, " %s=%" PRIu64, COSTLY[kind], costly[kind]);
    fputc('\n', out);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    bool is_user = qemu_plugin_tb_vaddr(tb) >> 63 == 0;
    size_t length = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        struct instruction it = decode(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn),
                                       qemu_plugin_insn_vaddr(insn));
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, is_user ? &user : &kernel,
                                                   1);
        if (!is_user && it.costly != NOT_COSTLY)
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64, &costly[it.costly], 1);
        if (is_user && it.mark == BEGIN)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, NULL);
        if (is_user && it.mark == END)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
    }
    if (has_stacks)
        follow(tb);
}

static void write_chain(uint32_t of)
{
    if (of == 0)
        return;
    write_chain(chains[of].parent);
    fprintf(out, " %" PRIx64, chains[of].function);
}

static void finish(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    bool *is_used = calloc(block_count + 1, sizeof *is_used);
    for (size_t i = 0; is_used && i < counts.capacity; i++) {
        const struct entry *it = &counts.entries[i];
        if (!it->key)
            continue;
        const struct block *block = blocks[it->other];
        is_used[it->other] = true;
        fprintf(out, "stack %" PRIu64 " %" PRIx64 ".%" PRIu32, it->value, block->start, block->index);
        write_chain((uint32_t)(it->key - 1));
        fputc('\n', out);
    }
    for (size_t i = 0; is_used && i < block_count; i++) {
        if (!is_used[i])
            continue;
        fprintf(out, "block %" PRIx64 ".%" PRIu32, blocks[i]->start, blocks[i]->index);
        for (uint32_t k = 0; k < blocks[i]->length; k++)
            fprintf(out, " %" PRIx64, blocks[i]->addresses[k]);
        fputc('\n', out);
    }
    fclose(out);
}

static void read_functions(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t capacity = 0;
    uint64_t address;
    while (file && fscanf(file, "%" SCNx64, &address) == 1) {
        functions = grow(functions, function_count, &capacity, sizeof *functions);
        functions[function_count++] = address;
    }
    if (file)
        fclose(file);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "out=", 4))
            out = fopen(argv[i] + 4, "w");
        else if (!strncmp(argv[i], "functions=", 10))
            read_functions(argv[i] + 10);
        else if (!strcmp(argv[i], "stacks=on"))
            has_stacks = true;
        else
            return fprintf(stderr, "count: unknown argument %s\n", argv[i]), 1;
    }
    if (!out)
        return fputs("count: out=FILE is missing or can't be written\n", stderr), 1;
    setvbuf(out, NULL, _IOLBF, 0);
    chain_count = 1;
    chains = grow(chains, 0, &chain_capacity, sizeof *chains);
    chains[0] = (struct chain){ 0 };
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
