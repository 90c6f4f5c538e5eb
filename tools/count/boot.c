#include "boot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chains.h"

enum { PLACES = 8, TEXT_MAX = 64 };

/* A place in the kernel, and the number of instructions before its execution. */
struct place {
    uint64_t address, count;
    bool was_reached;
};

bool is_boot;
static struct place places[PLACES];
static size_t place_count;
static const char *serial_path, *prompt;
static FILE *lines;
static uint64_t (*executed)(void);
static void (*restart)(void), (*at_end)(void);
static bool is_in_upper_half, has_program, has_ended;

bool boot_argument(const char *argument)
{
    if (!strncmp(argument, "from=", 5) || !strncmp(argument, "watch=", 6)) {
        bool is_first = *argument == 'f';
        if (place_count == PLACES || is_first != (place_count == 0))
            return false;
        is_boot = true;
        places[place_count++].address = strtoull(strchr(argument, '=') + 1, NULL, 16);
    } else if (!strncmp(argument, "serial=", 7)) {
        serial_path = strdup(argument + 7);
    } else if (!strncmp(argument, "prompt=", 7)) {
        prompt = strdup(argument + 7);
    } else {
        return false;
    }
    return true;
}

void boot_start(FILE *file, uint64_t (*counter)(void), void (*begin)(void), void (*finish)(void))
{
    lines = file;
    executed = counter;
    restart = begin;
    at_end = finish;
}

static void end(void)
{
    has_ended = true;
    at_end();
    fputs("end\n", lines);
    fflush(lines);
}

/* The loader may have had code of its own at these addresses: the last execution before the upper
 * half of the addresses counts. */
static void reach(unsigned cpu, void *data)
{
    (void)cpu;
    struct place *place = data;
    if (is_in_upper_half)
        return;
    if (place == places) {
        for (size_t i = 0; i < place_count; i++)
            places[i].was_reached = false;
        forget_chain();
        restart();
    }
    place->was_reached = true;
    place->count = executed();
}

static void reach_program(unsigned cpu, void *data)
{
    (void)cpu;
    if (has_program || !is_in_upper_half)
        return;
    has_program = true;
    for (size_t i = 0; i < place_count; i++)
        if (places[i].was_reached)
            fprintf(lines, "reached %" PRIx64 " %" PRIu64 "\n", places[i].address, places[i].count);
    fprintf(lines, "program %" PRIx64 " %" PRIu64 "\n", *(const uint64_t *)data, executed());
    if (!prompt)
        end();
}

/* Whether the output on the serial line ends with the prompt. */
static bool is_prompt_shown(void)
{
    char text[TEXT_MAX];
    size_t length = strlen(prompt);
    FILE *file = fopen(serial_path, "rb");
    bool is_shown = file && length <= TEXT_MAX && !fseek(file, -(long)length, SEEK_END) &&
                    fread(text, 1, length, file) == length && !memcmp(text, prompt, length);
    if (file)
        fclose(file);
    return is_shown;
}

static void halt(unsigned cpu, void *data)
{
    (void)cpu, (void)data;
    if (has_ended || !is_in_upper_half || !is_prompt_shown())
        return;
    fprintf(lines, "prompt %" PRIu64 "\n", executed());
    end();
}

bool boot_watch(struct qemu_plugin_tb *tb)
{
    uint64_t start = qemu_plugin_tb_vaddr(tb);
    bool is_upper = start >> 63;
    is_in_upper_half |= is_upper && places[0].was_reached;
    if (!is_upper && !has_program) {
        uint64_t *address = malloc(sizeof *address);
        if (!address)
            abort();
        *address = start;
        qemu_plugin_register_vcpu_tb_exec_cb(tb, reach_program, NO_REGISTERS, address);
    }
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        for (size_t place = 0; place < place_count; place++)
            if (qemu_plugin_insn_vaddr(insn) == places[place].address)
                qemu_plugin_register_vcpu_insn_exec_cb(insn, reach, NO_REGISTERS, &places[place]);
        bool is_halt = *(const uint8_t *)qemu_plugin_insn_data(insn) == 0xF4;
        if (is_halt && prompt && serial_path)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, halt, NO_REGISTERS, NULL);
    }
    return !is_upper && is_in_upper_half;
}
