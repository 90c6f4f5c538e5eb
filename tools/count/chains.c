#include "chains.h"

#include <inttypes.h>
#include <stdlib.h>

#include "decode.h"

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
static bool is_counting;

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
        /* Chain 0 is not used. */
        if (chain_count == 0)
            chain_count = 1;
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

void follow(struct qemu_plugin_tb *tb, bool is_user)
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
    block->is_user = is_user;
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

static void write_chain(FILE *out, uint32_t of)
{
    if (of == 0)
        return;
    write_chain(out, chains[of].parent);
    fprintf(out, " %" PRIx64, chains[of].function);
}

void forget_chain(void)
{
    chain = 0;
    last = NULL;
    came = CAME_ON;
}

void count_chains(bool is_on)
{
    is_counting = is_on;
}

void write_chains(FILE *out)
{
    bool *is_used = calloc(block_count + 1, sizeof *is_used);
    for (size_t i = 0; is_used && i < counts.capacity; i++) {
        const struct entry *it = &counts.entries[i];
        if (!it->key)
            continue;
        const struct block *block = blocks[it->other];
        is_used[it->other] = true;
        fprintf(out, "stack %" PRIu64 " %" PRIx64 ".%" PRIu32, it->value, block->start, block->index);
        write_chain(out, (uint32_t)(it->key - 1));
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
    free(is_used);
}

void read_functions(const char *path)
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
